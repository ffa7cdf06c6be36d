"""Proofs: the inputs of a quote as canonical JSON, by which anybody can recompute it."""
