"""The tables of the inventory service.

The migrations create them, with what these definitions cannot express: row-level security,
privileges, partitions and the triggers of the append-only history.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.common.audit.tables import audit_tables_in
from services.common.db import columns
from services.common.db.idempotency import keys_in
from services.inventory.resources.rules.ownership import OwnershipSource
from services.inventory.vocabulary import Classification, EventType, Outcome

__all__ = [
    "cloud_deployment_names",
    "cloud_projects",
    "cloud_resource_assignments",
    "cloud_resource_events",
    "cloud_resources",
    "cloud_sweep_sightings",
    "cloud_sweep_unreadable",
    "cloud_sweeps",
    "cloud_sync_claims",
    "idempotency_keys",
    "metadata",
]

metadata = MetaData()

LIVING = text("deleted_at IS NULL")


cloud_projects = Table(
    "cloud_projects",
    metadata,
    columns.identifier(),
    Column("provider", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    columns.words("name"),
    columns.words("description"),
    columns.words("purpose"),
    columns.words("environment"),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    Column("tenant_id", Text),
    Column("classification", Text, nullable=False, server_default="unclassified"),
    columns.instant("first_seen_at"),
    columns.instant("last_seen_at"),
    Column("stale_strike_count", SmallInteger, nullable=False, server_default=text("0")),
    Column("last_strike_sweep_id", Uuid),
    columns.instant("deleted_at", nullable=True),
    PrimaryKeyConstraint("id", name="cloud_projects_pkey"),
    UniqueConstraint("provider", "provider_id", name="cloud_projects_provider_id_key"),
    columns.one_of("cloud_projects", "classification", Classification),
    CheckConstraint(
        "(classification = 'tenant') = (tenant_id IS NOT NULL)",
        name="cloud_projects_tenant_check",
    ),
    CheckConstraint("stale_strike_count BETWEEN 0 AND 3", name="cloud_projects_strikes_check"),
)

cloud_resources = Table(
    "cloud_resources",
    metadata,
    columns.identifier(),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    columns.words("name"),
    columns.words("region"),
    columns.words("size"),
    columns.words("status"),
    Column("project_id", Uuid),
    Column("tenant_id", Text),
    Column("deployment_id", Text),
    columns.words("ownership_source"),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("attrs", JSONB, nullable=False, server_default="{}"),
    Column("unknown_fields", ARRAY(Text), nullable=False, server_default="{}"),
    columns.instant("provider_created_at", nullable=True),
    Column("sighting_digest", BigInteger, nullable=False),
    Column("name_key", Text, Computed("lower(name)", persisted=True)),
    columns.instant("first_seen_at"),
    columns.instant("last_seen_at"),
    Column("stale_strike_count", SmallInteger, nullable=False, server_default=text("0")),
    Column("last_strike_sweep_id", Uuid),
    columns.instant("deleted_at", nullable=True),
    PrimaryKeyConstraint("id", name="cloud_resources_pkey"),
    UniqueConstraint("provider", "kind", "provider_id", name="cloud_resources_provider_id_key"),
    ForeignKeyConstraint(
        ["project_id"], ["cloud_projects.id"], name="cloud_resources_project_id_fkey"
    ),
    CheckConstraint("stale_strike_count BETWEEN 0 AND 3", name="cloud_resources_strikes_check"),
    columns.one_of("cloud_resources", "ownership_source", OwnershipSource),
    # No index on columns that an unchanged sighting updates, so that these updates are HOT.
    Index("cloud_resources_living_idx", "id", postgresql_where=LIVING),
    Index("cloud_resources_living_kind_idx", "kind", "id", postgresql_where=LIVING),
    Index(
        "cloud_resources_tenant_idx",
        "tenant_id",
        "id",
        postgresql_where=text("tenant_id IS NOT NULL"),
    ),
    Index(
        "cloud_resources_deployment_idx",
        "deployment_id",
        "id",
        postgresql_where=text("deployment_id IS NOT NULL"),
    ),
    Index(
        "cloud_resources_project_idx",
        "project_id",
        "id",
        postgresql_where=text("project_id IS NOT NULL"),
    ),
    Index("cloud_resources_tombstones_idx", "id", postgresql_where=text("deleted_at IS NOT NULL")),
    Index("cloud_resources_name_idx", "kind", "name_key"),
)

# The owners of resources over time; an exclusion constraint prevents overlaps.
cloud_resource_assignments = Table(
    "cloud_resource_assignments",
    metadata,
    Column("resource_id", Uuid, nullable=False),
    Column("tenant_id", Text),
    Column("deployment_id", Text),
    Column("source", Text, nullable=False),
    columns.instant("valid_from"),
    columns.instant("valid_to", nullable=True),
    columns.words("actor"),
    columns.words("reason"),
    PrimaryKeyConstraint("resource_id", "valid_from", name="cloud_resource_assignments_pkey"),
    ForeignKeyConstraint(
        ["resource_id"],
        ["cloud_resources.id"],
        name="cloud_resource_assignments_resource_id_fkey",
    ),
    columns.one_of("cloud_resource_assignments", "source", OwnershipSource),
    CheckConstraint("valid_to > valid_from", name="cloud_resource_assignments_span_check"),
    Index(
        "cloud_resource_assignments_deployment_idx",
        "deployment_id",
        "resource_id",
        postgresql_where=text("deployment_id IS NOT NULL"),
    ),
)

# Resolved deployments of tags: a projection of the catalog that can be rebuilt.
cloud_deployment_names = Table(
    "cloud_deployment_names",
    metadata,
    Column("named_tenant_id", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("deployment_id", Text, nullable=False),
    columns.instant("learned_at"),
    PrimaryKeyConstraint("named_tenant_id", "slug", name="cloud_deployment_names_pkey"),
    Index("cloud_deployment_names_slug_idx", "slug"),
)

cloud_resource_events = Table(
    "cloud_resource_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    # No foreign key: resources are never deleted, and the check would cost as much as the insert
    # itself.
    Column("resource_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tenant_id", Text),
    Column("type", Text, nullable=False),
    Column("changes", JSONB, nullable=False, server_default="{}"),
    columns.words("actor"),
    columns.words("request_id"),
    columns.instant("occurred_at"),
    Column(
        "former_name_key", Text, Computed("lower((changes -> 'name') ->> 'old')", persisted=True)
    ),
    PrimaryKeyConstraint("id", "occurred_at", name="cloud_resource_events_pkey"),
    columns.one_of("cloud_resource_events", "type", EventType),
    Index("cloud_resource_events_resource_idx", "resource_id", "occurred_at", "id"),
    Index(
        "cloud_resource_events_former_name_idx",
        "kind",
        "former_name_key",
        postgresql_where=text("former_name_key IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (occurred_at)",
)

cloud_sweeps = Table(
    "cloud_sweeps",
    metadata,
    columns.identifier(),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    columns.words("run_id"),
    Column("outcome", Text, nullable=False, server_default="running"),
    columns.words("reason"),
    Column("reported_total", BigInteger),
    *(
        Column(f"{name}_count", BigInteger, nullable=False, server_default=text("0"))
        for name in (
            "seen",
            "discovered",
            "updated",
            "restored",
            "struck",
            "deleted",
            "withheld",
            "unreadable",
        )
    ),
    # The provider's total less the accounted rows; null without a total.
    Column("total_difference", BigInteger),
    Column("scope_fingerprint", ARRAY(Text), nullable=False, server_default="{}"),
    columns.instant("started_at"),
    columns.instant("finished_at", nullable=True),
    columns.words("confirmed_by"),
    columns.instant("confirmed_at", nullable=True),
    Column("spent_by_sweep_id", Uuid),
    PrimaryKeyConstraint("id", name="cloud_sweeps_pkey"),
    UniqueConstraint("key", name="cloud_sweeps_key_key"),
    columns.one_of("cloud_sweeps", "outcome", Outcome),
    CheckConstraint(
        "(outcome = 'running') = (finished_at IS NULL)", name="cloud_sweeps_finished_check"
    ),
    Index("cloud_sweeps_kind_idx", "kind", "id"),
    Index("cloud_sweeps_finished_idx", "provider", "kind", "finished_at"),
)

cloud_sweep_sightings = Table(
    "cloud_sweep_sightings",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("sweep_id", Uuid, nullable=False),
    # One row per batch, not per resource: counting distinct ids once at the end is far cheaper
    # than an index entry for each.
    Column("provider_ids", ARRAY(Text), nullable=False),
    Column("discovered_count", BigInteger, nullable=False),
    Column("updated_count", BigInteger, nullable=False),
    Column("restored_count", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", name="cloud_sweep_sightings_pkey"),
    ForeignKeyConstraint(
        ["sweep_id"], ["cloud_sweeps.id"], name="cloud_sweep_sightings_sweep_id_fkey"
    ),
    Index("cloud_sweep_sightings_sweep_idx", "sweep_id"),
    prefixes=["UNLOGGED"],
)

# Rows and parts of rows that a sweep listed but could not read.
cloud_sweep_unreadable = Table(
    "cloud_sweep_unreadable",
    metadata,
    Column("sweep_id", Uuid, nullable=False),
    # A row that is read again has the same position.
    Column("place", Text, nullable=False),
    columns.words("provider_id"),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("sweep_id", "place", name="cloud_sweep_unreadable_pkey"),
    ForeignKeyConstraint(
        ["sweep_id"],
        ["cloud_sweeps.id"],
        name="cloud_sweep_unreadable_sweep_id_fkey",
        ondelete="CASCADE",
    ),
)

# The sync that reads or last read a kind; Temporal knows whether it is still running.
cloud_sync_claims = Table(
    "cloud_sync_claims",
    metadata,
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    columns.instant("claimed_at"),
    PrimaryKeyConstraint("provider", "kind", name="cloud_sync_claims_pkey"),
)

idempotency_keys = keys_in(metadata)
audit_tables_in(metadata)
