"""The SQL of costs, accruals and margins."""
