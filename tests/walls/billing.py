"""Billing shows nothing to tenants: everything is the operator's, or internal."""

from services.common.settings import Service
from tests.walls.wall import Wall

__all__ = ["WALL"]

WALL = Wall(Service.BILLING)
