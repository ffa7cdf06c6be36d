"""Rebilling: usage priced from the provider's list prices."""
