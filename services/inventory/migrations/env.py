"""Alembic's entry into the migrations of the inventory service."""

from alembic import context

from services.common.db.migrations import run_environment
from services.inventory.drift.tables import metadata

run_environment(context.config, metadata)
