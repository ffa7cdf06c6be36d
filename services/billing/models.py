"""The tables of the billing service."""

from sqlalchemy import MetaData

__all__ = ["metadata"]

metadata = MetaData()
