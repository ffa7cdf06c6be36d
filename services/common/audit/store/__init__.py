"""The SQL of the audit log."""
