"""The SQL of resources.

Writers are serialized per kind: every change of rows of a kind first takes the kind's advisory lock
(`locks.py`). So two sweeps that report the same new droplet discover it once, and batches in
different orders cannot deadlock. The lock is held for the milliseconds of a batch.

Times come from the database's clock, which all replicas share.
"""
