"""Alembic's entry into the migrations of the catalog service."""

from alembic import context

import services.catalog.quote_models  # declares its table
import services.catalog.tenant_models  # noqa: F401  declares its tables
from services.catalog.models import metadata
from services.common.migrations import run_environment

run_environment(context.config, metadata)
