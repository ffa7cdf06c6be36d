"""Billing shows nothing to tenants: all of it is the operator's, or internal."""

from services.common.settings import Service
from tests.walls.wall import Wall

__all__ = ["WALL"]

WALL = Wall(Service.BILLING)
