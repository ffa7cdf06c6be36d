"""All SQL of the catalog, a module by aggregate."""
