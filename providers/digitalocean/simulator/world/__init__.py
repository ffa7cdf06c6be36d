"""The initial account of the simulator: declared plans, converted to API documents."""
