"""Alembic's entry into the migrations of the analytics service."""

from alembic import context

import services.analytics.invoicing.models
import services.analytics.invoicing.profile_models
import services.analytics.margin.models
import services.analytics.spend.models
import services.analytics.usage.models  # noqa: F401  declares its tables, as each part does
from services.analytics.models import metadata
from services.common.migrations import run_environment

run_environment(context.config, metadata)
