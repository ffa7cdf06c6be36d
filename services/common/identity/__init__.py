"""Callers, their authentication and their permissions."""
