"""Alembic's entry into the migrations of the analytics service."""

from alembic import context

import services.analytics.invoicing.profiles.tables
import services.analytics.invoicing.tables
import services.analytics.margin.tables
import services.analytics.spend.tables
import services.analytics.usage.tables  # noqa: F401  declares its tables, as each part does
from services.analytics.tables import metadata
from services.common.db.migrations import run_environment

run_environment(context.config, metadata)
