import os

# Otherwise gRPC runs its fork handlers in every child before exec, which deadlocks the child if a
# probe is running. Read when gRPC is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
