"""The account that the simulator starts with: declared plans, made into API documents."""
