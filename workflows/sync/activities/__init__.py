"""The I/O of the sync workflows: DigitalOcean and the services."""
