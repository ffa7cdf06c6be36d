"""All SQL of costs, accrual and margin."""
