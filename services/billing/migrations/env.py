"""Alembic's entry into the migrations of the billing service."""

from alembic import context

import services.billing.costs.tables  # declares its tables
import services.billing.ingest.tables  # noqa: F401  declares its tables
from services.billing.tables import metadata
from services.common.db.migrations import run_environment

run_environment(context.config, metadata)
