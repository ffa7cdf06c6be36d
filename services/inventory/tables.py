"""The tables of the inventory service.

The migrations create them, with what these definitions cannot express: row-level security,
privileges, partitions and the triggers of the append-only history.
"""

from functools import partial
from typing import Final

from sqlalchemy import Column, Computed, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.common.audit.tables import audit_tables_in
from services.common.db.idempotency import keys_in
from services.common.db.tables import (
    check,
    counts,
    declare,
    flags,
    identifier,
    index,
    instants,
    key,
    lists,
    metadata_of_service,
    names,
    one_of,
    reference,
    serial,
    unique,
    uuids,
    words,
)
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

metadata = metadata_of_service()
table: Final = partial(declare, metadata)

LIVING: Final = "deleted_at IS NULL"

cloud_projects = table(
    "cloud_projects",
    identifier(),
    names("provider", "provider_id"),
    words("name", "description", "purpose", "environment"),
    flags("is_default"),
    names("tenant_id", nullable=True),
    names("classification", default="unclassified"),
    instants("first_seen_at", "last_seen_at"),
    Column("stale_strike_count", SmallInteger, nullable=False, server_default=text("0")),
    uuids("last_strike_sweep_id", nullable=True),
    instants("deleted_at", nullable=True),
    key("id"),
    unique("provider", "provider_id"),
    one_of("classification", Classification),
    check("tenant", "(classification = 'tenant') = (tenant_id IS NOT NULL)"),
    check("strikes", "stale_strike_count BETWEEN 0 AND 3"),
)

cloud_resources = table(
    "cloud_resources",
    identifier(),
    names("provider", "kind", "provider_id"),
    words("name", "region", "size", "status"),
    reference("project_id", "cloud_projects", name="project_id", nullable=True),
    names("tenant_id", "deployment_id", nullable=True),
    words("ownership_source"),
    lists("tags"),
    Column("attrs", JSONB, nullable=False, server_default="{}"),
    lists("unknown_fields"),
    instants("provider_created_at", nullable=True),
    counts("sighting_digest"),
    Column("name_key", Text, Computed("lower(name)", persisted=True)),
    instants("first_seen_at", "last_seen_at"),
    Column("stale_strike_count", SmallInteger, nullable=False, server_default=text("0")),
    uuids("last_strike_sweep_id", nullable=True),
    instants("deleted_at", nullable=True),
    key("id"),
    unique("provider", "kind", "provider_id"),
    check("strikes", "stale_strike_count BETWEEN 0 AND 3"),
    one_of("ownership_source", OwnershipSource),
    # No index on columns that an unchanged sighting updates, so that these updates are HOT.
    index("living", "id", where=LIVING),
    index("living_kind", "kind", "id", where=LIVING),
    index("tenant", "tenant_id", "id", where="tenant_id IS NOT NULL"),
    index("deployment", "deployment_id", "id", where="deployment_id IS NOT NULL"),
    index("project", "project_id", "id", where="project_id IS NOT NULL"),
    index("tombstones", "id", where="deleted_at IS NOT NULL"),
    index("name", "kind", "name_key"),
)

# The owners of resources over time; an exclusion constraint prevents overlaps.
cloud_resource_assignments = table(
    "cloud_resource_assignments",
    reference("resource_id", "cloud_resources", name="resource_id"),
    names("tenant_id", "deployment_id", nullable=True),
    names("source"),
    instants("valid_from"),
    instants("valid_to", nullable=True),
    words("actor", "reason"),
    key("resource_id", "valid_from"),
    one_of("source", OwnershipSource),
    check("span", "valid_to > valid_from"),
    index("deployment", "deployment_id", "resource_id", where="deployment_id IS NOT NULL"),
)

# Resolved deployments of tags: a projection of the catalog that can be rebuilt.
cloud_deployment_names = table(
    "cloud_deployment_names",
    names("named_tenant_id", "slug", "tenant_id", "deployment_id"),
    instants("learned_at"),
    key("named_tenant_id", "slug"),
    index("slug", "slug"),
)

cloud_resource_events = table(
    "cloud_resource_events",
    serial(),
    # No foreign key: resources are never deleted, and the check would cost as much as the insert
    # itself.
    uuids("resource_id"),
    names("kind"),
    names("tenant_id", nullable=True),
    names("type"),
    Column("changes", JSONB, nullable=False, server_default="{}"),
    words("actor", "request_id"),
    instants("occurred_at"),
    Column(
        "former_name_key", Text, Computed("lower((changes -> 'name') ->> 'old')", persisted=True)
    ),
    key("id", "occurred_at"),
    one_of("type", EventType),
    index("resource", "resource_id", "occurred_at", "id"),
    index("former_name", "kind", "former_name_key", where="former_name_key IS NOT NULL"),
    partitioned_by="occurred_at",
)

cloud_sweeps = table(
    "cloud_sweeps",
    identifier(),
    names("provider", "kind", "key"),
    words("run_id"),
    names("outcome", default="running"),
    words("reason"),
    counts("reported_total", nullable=True),
    counts("seen_count", "discovered_count", "updated_count", "restored_count", default=0),
    counts("struck_count", "deleted_count", "withheld_count", "unreadable_count", default=0),
    # The provider's total less the accounted rows; null without a total.
    counts("total_difference", nullable=True),
    lists("scope_fingerprint"),
    instants("started_at"),
    instants("finished_at", nullable=True),
    words("confirmed_by"),
    instants("confirmed_at", nullable=True),
    uuids("spent_by_sweep_id", nullable=True),
    key("id"),
    unique("key"),
    one_of("outcome", Outcome),
    check("finished", "(outcome = 'running') = (finished_at IS NULL)"),
    index("kind", "kind", "id"),
    index("finished", "provider", "kind", "finished_at"),
)

cloud_sweep_sightings = table(
    "cloud_sweep_sightings",
    serial(),
    reference("sweep_id", "cloud_sweeps", name="sweep_id"),
    # One row per batch, not per resource: counting distinct ids once at the end is far cheaper
    # than an index entry for each.
    Column("provider_ids", ARRAY(Text), nullable=False),
    counts("discovered_count", "updated_count", "restored_count"),
    key("id"),
    index("sweep", "sweep_id"),
    unlogged=True,
)

# Rows and parts of rows that a sweep listed but could not read.
cloud_sweep_unreadable = table(
    "cloud_sweep_unreadable",
    reference("sweep_id", "cloud_sweeps", name="sweep_id", ondelete="CASCADE"),
    # A row that is read again has the same position.
    names("place"),
    words("provider_id"),
    names("reason"),
    key("sweep_id", "place"),
)

# The sync that reads or last read a kind; Temporal knows whether it is still running.
cloud_sync_claims = table(
    "cloud_sync_claims",
    names("provider", "kind", "workflow_id", "run_id"),
    instants("claimed_at"),
    key("provider", "kind"),
)

keys_in(metadata)
audit_tables_in(metadata)
