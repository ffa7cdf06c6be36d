"""Alembic's entry into the migrations of the analytics service."""

from alembic import context

from services.analytics.models import metadata
from services.common.migrations import run_environment

run_environment(context.config, metadata)
