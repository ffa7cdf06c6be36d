"""A served catalog for the tests of the audit log."""

from tests.catalog.conftest import shop

__all__ = ["shop"]
