"""The tables of the inventory service.

The migrations create them, with what these definitions cannot express: row-level security,
privileges, partitions and the triggers of the append-only history.
"""

from functools import partial
from typing import Final

from sqlalchemy import Column, Computed, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.common.audit.tables import audit_tables_in
from services.common.db import tables
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
    "metadata",
    "table",
]

metadata = tables.metadata_of_service()
table: Final = partial(tables.declare, metadata)

LIVING: Final = "deleted_at IS NULL"

cloud_projects = table(
    "cloud_projects",
    tables.identifier(),
    tables.names("provider", "provider_id"),
    tables.words("name", "description", "purpose", "environment"),
    tables.flags("is_default"),
    tables.names("tenant_id", nullable=True),
    tables.names("classification", default="unclassified"),
    tables.instants("first_seen_at", "last_seen_at"),
    Column("stale_strike_count", SmallInteger, nullable=False, server_default=text("0")),
    tables.uuids("last_strike_sweep_id", nullable=True),
    tables.instants("deleted_at", nullable=True),
    tables.key("id"),
    tables.unique("provider", "provider_id"),
    tables.one_of("classification", Classification),
    tables.check("tenant", "(classification = 'tenant') = (tenant_id IS NOT NULL)"),
    tables.check("strikes", "stale_strike_count BETWEEN 0 AND 3"),
)

cloud_resources = table(
    "cloud_resources",
    tables.identifier(),
    tables.names("provider", "kind", "provider_id"),
    tables.words("name", "region", "size", "status"),
    tables.reference("project_id", "cloud_projects", name="project_id", nullable=True),
    tables.names("tenant_id", "deployment_id", nullable=True),
    tables.words("ownership_source"),
    tables.lists("tags"),
    Column("attrs", JSONB, nullable=False, server_default="{}"),
    tables.lists("unknown_fields"),
    tables.instants("provider_created_at", nullable=True),
    tables.counts("sighting_digest"),
    Column("name_key", Text, Computed("lower(name)", persisted=True)),
    tables.instants("first_seen_at", "last_seen_at"),
    Column("stale_strike_count", SmallInteger, nullable=False, server_default=text("0")),
    tables.uuids("last_strike_sweep_id", nullable=True),
    tables.instants("deleted_at", nullable=True),
    tables.key("id"),
    tables.unique("provider", "kind", "provider_id"),
    tables.check("strikes", "stale_strike_count BETWEEN 0 AND 3"),
    tables.one_of("ownership_source", OwnershipSource),
    # No index on columns that an unchanged sighting updates, so that these updates are HOT.
    tables.index("living", "id", where=LIVING),
    tables.index("living_kind", "kind", "id", where=LIVING),
    tables.index("tenant", "tenant_id", "id", where="tenant_id IS NOT NULL"),
    tables.index("deployment", "deployment_id", "id", where="deployment_id IS NOT NULL"),
    tables.index("project", "project_id", "id", where="project_id IS NOT NULL"),
    tables.index("tombstones", "id", where="deleted_at IS NOT NULL"),
    tables.index("name", "kind", "name_key"),
)

# The owners of resources over time; an exclusion constraint prevents overlaps.
cloud_resource_assignments = table(
    "cloud_resource_assignments",
    tables.reference("resource_id", "cloud_resources", name="resource_id"),
    tables.names("tenant_id", "deployment_id", nullable=True),
    tables.names("source"),
    tables.instants("valid_from"),
    tables.instants("valid_to", nullable=True),
    tables.words("actor", "reason"),
    tables.key("resource_id", "valid_from"),
    tables.one_of("source", OwnershipSource),
    tables.check("span", "valid_to > valid_from"),
    tables.index("deployment", "deployment_id", "resource_id", where="deployment_id IS NOT NULL"),
)

# Resolved deployments of tags: a projection of the catalog that can be rebuilt.
cloud_deployment_names = table(
    "cloud_deployment_names",
    tables.names("named_tenant_id", "slug", "tenant_id", "deployment_id"),
    tables.instants("learned_at"),
    tables.key("named_tenant_id", "slug"),
    tables.index("slug", "slug"),
)

cloud_resource_events = table(
    "cloud_resource_events",
    tables.serial(),
    # No foreign key: resources are never deleted, and the check would cost as much as the insert
    # itself.
    tables.uuids("resource_id"),
    tables.names("kind"),
    tables.names("tenant_id", nullable=True),
    tables.names("type"),
    Column("changes", JSONB, nullable=False, server_default="{}"),
    tables.words("actor", "request_id"),
    tables.instants("occurred_at"),
    Column(
        "former_name_key", Text, Computed("lower((changes -> 'name') ->> 'old')", persisted=True)
    ),
    tables.key("id", "occurred_at"),
    tables.one_of("type", EventType),
    tables.index("resource", "resource_id", "occurred_at", "id"),
    tables.index("former_name", "kind", "former_name_key", where="former_name_key IS NOT NULL"),
    partitioned_by="occurred_at",
)

cloud_sweeps = table(
    "cloud_sweeps",
    tables.identifier(),
    tables.names("provider", "kind", "key"),
    tables.words("run_id"),
    tables.names("outcome", default="running"),
    tables.words("reason"),
    tables.counts("reported_total", nullable=True),
    tables.counts("seen_count", "discovered_count", "updated_count", "restored_count", default=0),
    tables.counts("struck_count", "deleted_count", "withheld_count", "unreadable_count", default=0),
    # The provider's total less the accounted rows; null without a total.
    tables.counts("total_difference", nullable=True),
    tables.lists("scope_fingerprint"),
    tables.instants("started_at"),
    tables.instants("finished_at", nullable=True),
    tables.words("confirmed_by"),
    tables.instants("confirmed_at", nullable=True),
    tables.uuids("spent_by_sweep_id", nullable=True),
    tables.key("id"),
    tables.unique("key"),
    tables.one_of("outcome", Outcome),
    tables.check("finished", "(outcome = 'running') = (finished_at IS NULL)"),
    tables.index("kind", "kind", "id"),
    tables.index("finished", "provider", "kind", "finished_at"),
)

cloud_sweep_sightings = table(
    "cloud_sweep_sightings",
    tables.serial(),
    tables.reference("sweep_id", "cloud_sweeps", name="sweep_id"),
    # One row per batch, not per resource: counting distinct ids once at the end is far cheaper
    # than an index entry for each.
    Column("provider_ids", ARRAY(Text), nullable=False),
    tables.counts("discovered_count", "updated_count", "restored_count"),
    tables.key("id"),
    tables.index("sweep", "sweep_id"),
    unlogged=True,
)

# Rows and parts of rows that a sweep listed but could not read.
cloud_sweep_unreadable = table(
    "cloud_sweep_unreadable",
    tables.reference("sweep_id", "cloud_sweeps", name="sweep_id", ondelete="CASCADE"),
    # A row that is read again has the same position.
    tables.names("place"),
    tables.words("provider_id"),
    tables.names("reason"),
    tables.key("sweep_id", "place"),
)

# The sync that reads or last read a kind; Temporal knows whether it is still running.
cloud_sync_claims = table(
    "cloud_sync_claims",
    tables.names("provider", "kind", "workflow_id", "run_id"),
    tables.instants("claimed_at"),
    tables.key("provider", "kind"),
)

keys_in(metadata)
audit_tables_in(metadata)
