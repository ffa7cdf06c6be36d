"""The account's billing: exact invoices and daily estimates from resources' lifespans."""
