"""The tables of deployments, their history and their provisions."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.catalog import tables as columns
from services.catalog.tables import metadata

__all__ = [
    "backdated_changes",
    "deployment_events",
    "deployments",
    "provisions",
    "subscription_addons",
    "subscription_pauses",
    "subscription_terms",
    "subscriptions",
    "trial_grants",
]

deployments = Table(
    "deployments",
    metadata,
    columns.identifier(),
    columns.name("tenant_id"),
    columns.name("slug"),
    columns.name("display_name"),
    columns.words("region"),
    columns.name("state"),
    columns.words("llm_mode"),
    columns.flag("billing_action_suspended"),
    columns.flag("power_off_when_suspended"),
    columns.flag("paused_by_tenant"),
    columns.flag("began_on_trial"),
    Column("template_code", Text),
    Column("template_version", Text),
    columns.day("trial_ends_on", nullable=True),
    columns.instant("created_at"),
    columns.instant("state_changed_at"),
    PrimaryKeyConstraint("id", name="deployments_pkey"),
    UniqueConstraint("tenant_id", "slug", name="deployments_slug_key"),
    CheckConstraint(
        "state IN ('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived')",
        name="deployments_state_check",
    ),
    Index("deployments_tenant_idx", "tenant_id", "id"),
    Index("deployments_slug_idx", "slug"),
    Index("deployments_trial_idx", "trial_ends_on", "id", postgresql_where=text("state = 'trial'")),
    Index("deployments_trials_idx", "tenant_id", postgresql_where=text("began_on_trial")),
)

deployment_events = Table(
    "deployment_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    *columns.of("deployment_events", "deployment_id", "deployments"),
    columns.name("tenant_id"),
    columns.name("type"),
    columns.words("from_state"),
    columns.name("to_state"),
    columns.name("actor"),
    columns.words("reason"),
    columns.words("request_id"),
    columns.instant("occurred_at"),
    PrimaryKeyConstraint("id", name="deployment_events_pkey"),
    Index("deployment_events_deployment_idx", "deployment_id", "id"),
)

trial_grants = Table(
    "trial_grants",
    metadata,
    columns.identifier(),
    columns.name("tenant_id"),
    Column("trials", Integer, nullable=False),
    columns.name("granted_by"),
    columns.words("reason"),
    columns.instant("granted_at"),
    PrimaryKeyConstraint("id", name="trial_grants_pkey"),
    CheckConstraint("trials BETWEEN 1 AND 1000", name="trial_grants_trials_check"),
    Index("trial_grants_tenant_idx", "tenant_id", "id"),
)

provisions = Table(
    "provisions",
    metadata,
    columns.identifier(),
    *columns.of("provisions", "deployment_id", "deployments"),
    columns.name("tenant_id"),
    columns.words("droplet_name"),
    columns.words("droplet_region"),
    columns.name("droplet_size"),
    columns.name("droplet_image"),
    Column("droplet_tags", ARRAY(Text), nullable=False, server_default="{}"),
    columns.words("project_id"),
    Column("status", Text, nullable=False, server_default="running"),
    columns.words("step"),
    columns.words("reason"),
    columns.words("resource_id"),
    columns.words("workflow_id"),
    columns.words("run_id"),
    columns.name("requested_by"),
    columns.instant("requested_at"),
    columns.instant("finished_at", nullable=True),
    PrimaryKeyConstraint("id", name="provisions_pkey"),
    Index("provisions_deployment_idx", "deployment_id", "id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    columns.identifier(),
    *columns.of("subscriptions", "deployment_id", "deployments"),
    columns.name("tenant_id"),
    columns.day("starts_on"),
    columns.day("ends_on", nullable=True),
    columns.day("trial_end", nullable=True),
    columns.flag("ended_by_tenant"),
    columns.instant("created_at"),
    PrimaryKeyConstraint("id", name="subscriptions_pkey"),
    columns.no_overlap(
        "subscriptions_one_per_deployment", "deployment_id", start="starts_on", end="ends_on"
    ),
    Index("subscriptions_deployment_idx", "deployment_id", "id"),
    Index("subscriptions_tenant_idx", "tenant_id", "id"),
)

subscription_terms = Table(
    "subscription_terms",
    metadata,
    columns.identifier(),
    *columns.of("subscription_terms", "subscription_id", "subscriptions"),
    columns.name("tenant_id"),
    *columns.of("subscription_terms", "plan_version_id", "plan_versions"),
    columns.day("effective_from"),
    columns.day("effective_to", nullable=True),
    columns.flag("by_tenant"),
    PrimaryKeyConstraint("id", name="subscription_terms_pkey"),
    columns.no_overlap(
        "subscription_terms_no_overlap",
        "subscription_id",
        start="effective_from",
        end="effective_to",
    ),
    Index("subscription_terms_plan_version_idx", "plan_version_id"),
)

subscription_pauses = Table(
    "subscription_pauses",
    metadata,
    columns.identifier(),
    *columns.of("subscription_pauses", "subscription_id", "subscriptions"),
    columns.name("tenant_id"),
    columns.day("paused_on"),
    columns.day("resumed_on", nullable=True),
    PrimaryKeyConstraint("id", name="subscription_pauses_pkey"),
    columns.no_overlap(
        "subscription_pauses_no_overlap", "subscription_id", start="paused_on", end="resumed_on"
    ),
)

subscription_addons = Table(
    "subscription_addons",
    metadata,
    columns.identifier(),
    *columns.of("subscription_addons", "subscription_id", "subscriptions"),
    columns.name("tenant_id"),
    columns.name("code"),
    columns.name("resource_kind"),
    columns.number("qty"),
    columns.cents("price_cents"),
    columns.name("currency"),
    columns.day("attached_on"),
    columns.day("detached_on", nullable=True),
    columns.flag("attached_by_tenant"),
    columns.flag("detached_by_tenant"),
    PrimaryKeyConstraint("id", name="subscription_addons_pkey"),
    Index("subscription_addons_subscription_idx", "subscription_id", "id"),
)

backdated_changes = Table(
    "backdated_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    columns.name("tenant_id"),
    *columns.of("backdated_changes", "subscription_id", "subscriptions"),
    *columns.of("backdated_changes", "deployment_id", "deployments"),
    columns.day("effective_from"),
    columns.instant("made_at"),
    PrimaryKeyConstraint("id", name="backdated_changes_pkey"),
)
