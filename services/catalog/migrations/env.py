"""Alembic's entry into the migrations of the catalog service."""

from alembic import context

import services.catalog.deployments.tables
import services.catalog.keys.tables
import services.catalog.limits.tables
import services.catalog.list_prices.tables
import services.catalog.meters.tables
import services.catalog.migrating.tables
import services.catalog.plans.tables
import services.catalog.quotes.tables
import services.catalog.rebilling.tables
import services.catalog.revocations.tables  # noqa: F401  declares its tables, as each part does
from services.catalog.tables import metadata
from services.common.db.migrations import run_environment

run_environment(context.config, metadata)
