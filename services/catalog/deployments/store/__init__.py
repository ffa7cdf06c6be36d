"""The SQL of deployments."""
