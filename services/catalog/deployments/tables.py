"""The tables of deployments, their history and their provisions."""

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.catalog.tables import table
from services.common.db import tables

__all__ = [
    "backdated_changes",
    "deployment_events",
    "deployments",
    "provision_user_data",
    "provisions",
    "subscription_addons",
    "subscription_pauses",
    "subscription_terms",
    "subscriptions",
    "trial_grants",
]

deployments = table(
    "deployments",
    tables.identifier(),
    tables.names("tenant_id", "slug", "display_name"),
    tables.words("region"),
    tables.names("state"),
    tables.words("llm_mode"),
    tables.flags(
        "billing_action_suspended", "power_off_when_suspended", "paused_by_tenant", "began_on_trial"
    ),
    tables.names("template_code", "template_version", nullable=True),
    tables.days("trial_ends_on", nullable=True),
    tables.instants("created_at", "state_changed_at"),
    tables.key("id"),
    tables.unique("tenant_id", "slug"),
    tables.check(
        "state",
        "state IN ('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived')",
    ),
    tables.index("tenant", "tenant_id", "id"),
    tables.index("slug", "slug"),
    tables.index("trial", "trial_ends_on", "id", where="state = 'trial'"),
    tables.index("trials", "tenant_id", where="began_on_trial"),
)

deployment_events = table(
    "deployment_events",
    tables.serial(),
    tables.reference("deployment_id", "deployments", name="deployment_id"),
    tables.names("tenant_id", "type"),
    tables.words("from_state"),
    tables.names("to_state", "actor"),
    tables.words("reason", "request_id"),
    tables.instants("occurred_at"),
    tables.key("id"),
    tables.index("deployment", "deployment_id", "id"),
)

trial_grants = table(
    "trial_grants",
    tables.identifier(),
    tables.names("tenant_id"),
    tables.integers("trials"),
    tables.names("granted_by"),
    tables.words("reason"),
    tables.instants("granted_at"),
    tables.key("id"),
    tables.check("trials", "trials BETWEEN 1 AND 1000"),
    tables.index("tenant", "tenant_id", "id"),
)

provisions = table(
    "provisions",
    tables.identifier(),
    tables.reference("deployment_id", "deployments", name="deployment_id"),
    tables.names("tenant_id"),
    tables.words("droplet_name", "droplet_region"),
    tables.names("droplet_size", "droplet_image"),
    Column("droplet_tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("droplet_ssh_keys", ARRAY(Text), nullable=False, server_default="{}"),
    tables.words("droplet_vpc_uuid", "project_id"),
    tables.names("status", default="running"),
    tables.words("step", "reason", "resource_id", "workflow_id", "run_id"),
    tables.names("requested_by"),
    tables.instants("requested_at"),
    tables.instants("finished_at", nullable=True),
    tables.words("force_reason"),
    tables.key("id"),
    tables.index("deployment", "deployment_id", "id"),
)

provision_user_data = table(
    "provision_user_data",
    tables.reference("provision_id", "provisions", name="provision_id"),
    tables.names("user_data"),
    tables.key("provision_id"),
)

subscriptions = table(
    "subscriptions",
    tables.identifier(),
    tables.reference("deployment_id", "deployments", name="deployment_id"),
    tables.names("tenant_id"),
    tables.days("starts_on"),
    tables.days("ends_on", "trial_end", nullable=True),
    tables.flags("ended_by_tenant"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.no_overlap(
        "subscriptions_one_per_deployment", "deployment_id", start="starts_on", end="ends_on"
    ),
    tables.index("deployment", "deployment_id", "id"),
    tables.index("tenant", "tenant_id", "id"),
)

subscription_terms = table(
    "subscription_terms",
    tables.identifier(),
    tables.reference("subscription_id", "subscriptions", name="subscription_id"),
    tables.names("tenant_id"),
    tables.reference("plan_version_id", "plan_versions", name="plan_version_id"),
    tables.days("effective_from"),
    tables.days("effective_to", nullable=True),
    tables.flags("by_tenant"),
    tables.reference("migration_id", "plan_migrations", nullable=True),
    tables.days("noticed_on", nullable=True),
    tables.key("id"),
    tables.no_overlap(
        "subscription_terms_no_overlap",
        "subscription_id",
        start="effective_from",
        end="effective_to",
    ),
    tables.index("plan_version", "plan_version_id"),
    tables.index("migration", "migration_id", where="migration_id IS NOT NULL"),
)

subscription_pauses = table(
    "subscription_pauses",
    tables.identifier(),
    tables.reference("subscription_id", "subscriptions", name="subscription_id"),
    tables.names("tenant_id"),
    tables.days("paused_on"),
    tables.days("resumed_on", nullable=True),
    tables.key("id"),
    tables.no_overlap(
        "subscription_pauses_no_overlap", "subscription_id", start="paused_on", end="resumed_on"
    ),
)

subscription_addons = table(
    "subscription_addons",
    tables.identifier(),
    tables.reference("subscription_id", "subscriptions", name="subscription_id"),
    tables.names("tenant_id", "code", "resource_kind"),
    tables.numbers("qty"),
    tables.cents("price_cents"),
    tables.names("currency"),
    tables.days("attached_on"),
    tables.days("detached_on", nullable=True),
    tables.flags("attached_by_tenant", "detached_by_tenant"),
    tables.key("id"),
    tables.index("subscription", "subscription_id", "id"),
)

backdated_changes = table(
    "backdated_changes",
    tables.serial(),
    tables.names("tenant_id"),
    tables.reference("subscription_id", "subscriptions", name="subscription_id"),
    tables.reference("deployment_id", "deployments", name="deployment_id"),
    tables.days("effective_from"),
    tables.instants("made_at"),
    tables.key("id"),
)
