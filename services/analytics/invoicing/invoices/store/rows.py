"""What the stores answer, named for those who write no SQL."""

from typing import Any

from sqlalchemy import Row

__all__ = ["Stored"]

Stored = Row[Any]
"""A row with the columns of its query."""
