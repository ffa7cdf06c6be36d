"""The audit log: who wrote what, over which RPC, with the rows before and after."""
