"""Coverage: what became of the costs and the usage of a month."""
