import os

# gRPC would run code of its own in every child, between its birth and its program. While a
# probe is under way that leaves the child hanging for good. Read when gRPC is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
