"""The tables of deployments, their history and their provisions."""

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.catalog.tables import table
from services.common.db.tables import (
    cents,
    check,
    days,
    flags,
    identifier,
    index,
    instants,
    integers,
    key,
    names,
    no_overlap,
    numbers,
    reference,
    serial,
    unique,
    words,
)

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
    identifier(),
    names("tenant_id", "slug", "display_name"),
    words("region"),
    names("state"),
    words("llm_mode"),
    flags(
        "billing_action_suspended", "power_off_when_suspended", "paused_by_tenant", "began_on_trial"
    ),
    names("template_code", "template_version", nullable=True),
    days("trial_ends_on", nullable=True),
    instants("created_at", "state_changed_at"),
    key("id"),
    unique("tenant_id", "slug"),
    check(
        "state",
        "state IN ('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived')",
    ),
    index("tenant", "tenant_id", "id"),
    index("slug", "slug"),
    index("trial", "trial_ends_on", "id", where="state = 'trial'"),
    index("trials", "tenant_id", where="began_on_trial"),
)

deployment_events = table(
    "deployment_events",
    serial(),
    reference("deployment_id", "deployments", name="deployment_id"),
    names("tenant_id", "type"),
    words("from_state"),
    names("to_state", "actor"),
    words("reason", "request_id"),
    instants("occurred_at"),
    key("id"),
    index("deployment", "deployment_id", "id"),
)

trial_grants = table(
    "trial_grants",
    identifier(),
    names("tenant_id"),
    integers("trials"),
    names("granted_by"),
    words("reason"),
    instants("granted_at"),
    key("id"),
    check("trials", "trials BETWEEN 1 AND 1000"),
    index("tenant", "tenant_id", "id"),
)

provisions = table(
    "provisions",
    identifier(),
    reference("deployment_id", "deployments", name="deployment_id"),
    names("tenant_id"),
    words("droplet_name", "droplet_region"),
    names("droplet_size", "droplet_image"),
    Column("droplet_tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("droplet_ssh_keys", ARRAY(Text), nullable=False, server_default="{}"),
    words("droplet_vpc_uuid", "project_id"),
    names("status", default="running"),
    words("step", "reason", "resource_id", "workflow_id", "run_id"),
    names("requested_by"),
    instants("requested_at"),
    instants("finished_at", nullable=True),
    words("force_reason"),
    key("id"),
    index("deployment", "deployment_id", "id"),
)

provision_user_data = table(
    "provision_user_data",
    reference("provision_id", "provisions", name="provision_id"),
    names("user_data"),
    key("provision_id"),
)

subscriptions = table(
    "subscriptions",
    identifier(),
    reference("deployment_id", "deployments", name="deployment_id"),
    names("tenant_id"),
    days("starts_on"),
    days("ends_on", "trial_end", nullable=True),
    flags("ended_by_tenant"),
    instants("created_at"),
    key("id"),
    no_overlap(
        "subscriptions_one_per_deployment", "deployment_id", start="starts_on", end="ends_on"
    ),
    index("deployment", "deployment_id", "id"),
    index("tenant", "tenant_id", "id"),
)

subscription_terms = table(
    "subscription_terms",
    identifier(),
    reference("subscription_id", "subscriptions", name="subscription_id"),
    names("tenant_id"),
    reference("plan_version_id", "plan_versions", name="plan_version_id"),
    days("effective_from"),
    days("effective_to", nullable=True),
    flags("by_tenant"),
    reference("migration_id", "plan_migrations", nullable=True),
    days("noticed_on", nullable=True),
    key("id"),
    no_overlap(
        "subscription_terms_no_overlap",
        "subscription_id",
        start="effective_from",
        end="effective_to",
    ),
    index("plan_version", "plan_version_id"),
    index("migration", "migration_id", where="migration_id IS NOT NULL"),
)

subscription_pauses = table(
    "subscription_pauses",
    identifier(),
    reference("subscription_id", "subscriptions", name="subscription_id"),
    names("tenant_id"),
    days("paused_on"),
    days("resumed_on", nullable=True),
    key("id"),
    no_overlap(
        "subscription_pauses_no_overlap", "subscription_id", start="paused_on", end="resumed_on"
    ),
)

subscription_addons = table(
    "subscription_addons",
    identifier(),
    reference("subscription_id", "subscriptions", name="subscription_id"),
    names("tenant_id", "code", "resource_kind"),
    numbers("qty"),
    cents("price_cents"),
    names("currency"),
    days("attached_on"),
    days("detached_on", nullable=True),
    flags("attached_by_tenant", "detached_by_tenant"),
    key("id"),
    index("subscription", "subscription_id", "id"),
)

backdated_changes = table(
    "backdated_changes",
    serial(),
    names("tenant_id"),
    reference("subscription_id", "subscriptions", name="subscription_id"),
    reference("deployment_id", "deployments", name="deployment_id"),
    days("effective_from"),
    instants("made_at"),
    key("id"),
)
