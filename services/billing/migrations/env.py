"""Alembic's entry into the migrations of the billing service."""

from alembic import context

import services.billing.cost_models  # declares its tables
import services.billing.matching_models  # noqa: F401  declares its tables
from services.billing.models import metadata
from services.common.migrations import run_environment

run_environment(context.config, metadata)
