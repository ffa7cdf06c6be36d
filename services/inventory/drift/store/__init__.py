"""All SQL of drift, by aggregate. A page costs a constant number of statements."""
