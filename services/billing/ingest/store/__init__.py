"""All SQL of the billing service, by aggregate."""
