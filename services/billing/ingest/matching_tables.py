"""The tables of matching: what the inventory knew of those whom a set of lines may bill."""

from sqlalchemy import (
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from services.billing.ingest.tables import metadata
from services.common.db import columns

__all__ = [
    "cloud_match_candidates",
    "cloud_match_names",
    "cloud_match_owners",
    "cloud_match_runs",
]

cloud_match_runs = Table(
    "cloud_match_runs",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    columns.instant("prepared_at"),
    PrimaryKeyConstraint("scope_id", name="cloud_match_runs_pkey"),
    prefixes=["UNLOGGED"],
)

cloud_match_candidates = Table(
    "cloud_match_candidates",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    *columns.names("kind", "provider_id"),
    Column("project_id", Uuid),
    *columns.names("project_name"),
    columns.instant("lived_from"),
    columns.instant("lived_to", nullable=True),
    columns.words("region"),
    PrimaryKeyConstraint("scope_id", "resource_id", name="cloud_match_candidates_pkey"),
    Index("cloud_match_candidates_id_idx", "scope_id", "provider_id", "kind"),
    prefixes=["UNLOGGED"],
)

cloud_match_names = Table(
    "cloud_match_names",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    *columns.names("kind", "name_key"),
    columns.instant("valid_from"),
    columns.instant("valid_to", nullable=True),
    PrimaryKeyConstraint("scope_id", "resource_id", "valid_from", name="cloud_match_names_pkey"),
    Index("cloud_match_names_name_idx", "scope_id", "name_key", "kind"),
    prefixes=["UNLOGGED"],
)

cloud_match_owners = Table(
    "cloud_match_owners",
    metadata,
    Column("scope_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    Column("tenant_id", Text),
    Column("deployment_id", Text),
    columns.instant("valid_from"),
    PrimaryKeyConstraint("scope_id", "resource_id", "valid_from", name="cloud_match_owners_pkey"),
    prefixes=["UNLOGGED"],
)
