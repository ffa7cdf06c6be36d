"""Engine 1, frozen: what it proved is verified by it, and its months are priced again by it.

It summed the usage of a month and spread it evenly over the billed days. Nothing here changes
any more: a rule that changes is a matter of the engine beside it.
"""
