"""The SQL of drift. A page needs a constant number of statements."""
