"""The tables of the analytics service."""

from sqlalchemy import MetaData

__all__ = ["metadata"]

metadata = MetaData()
