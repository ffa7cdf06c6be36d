"""The account's money: lifespans of resources made into exact invoices and daily estimates."""
