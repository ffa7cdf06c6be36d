"""The API's routes, a module per area; `control` is the simulator's own."""
