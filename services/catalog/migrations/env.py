"""Alembic's entry into the migrations of the catalog service."""

from alembic import context

from services.catalog.plans.tables import metadata
from services.common.db.migrations import run_environment

run_environment(context.config, metadata)
