"""The SQL of usage."""
