"""The SQL of roll-ups."""
