"""The API's routes, one module per area; `control` is the simulator's own."""
