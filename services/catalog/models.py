"""The tables of the catalog service."""

from sqlalchemy import MetaData

__all__ = ["metadata"]

metadata = MetaData()
