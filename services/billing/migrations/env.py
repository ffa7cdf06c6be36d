"""Alembic's entry into the migrations of the billing service."""

from alembic import context

from services.billing.models import metadata
from services.common.migrations import run_environment

run_environment(context.config, metadata)
