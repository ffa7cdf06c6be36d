"""The audit log: who wrote what, by which RPC, with the rows before and after."""
