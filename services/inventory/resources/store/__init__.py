"""All SQL of the inventory, by aggregate.

One writer per kind at a time: whatever changes rows of a kind first takes that kind's
advisory lock (`locks.py`). So two sweeps that report the same new droplet discover it
once, and batches in different orders cannot deadlock. The lock is held for the
milliseconds of a batch.

Instants come from the database's clock, the only one that all replicas share.
"""
