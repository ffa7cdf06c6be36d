"""The I/O of the workflows: DigitalOcean on one side, the services' stubs on the other."""
