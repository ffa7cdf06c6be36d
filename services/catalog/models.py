"""The tables of the catalog service, as its queries use them.

The migrations make them, with what these definitions cannot say: row-level security,
rights, the triggers that keep published versions and histories as they are.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint

__all__ = [
    "addons",
    "deployment_events",
    "deployments",
    "idempotency_keys",
    "metadata",
    "plan_items",
    "plan_versions",
    "plans",
    "provisions",
    "resource_prices",
    "subscription_addons",
    "subscription_pauses",
    "subscription_terms",
    "subscriptions",
]

metadata = MetaData()


def _id() -> Column[object]:
    """Ours, and ascending with time: the stable order of every list."""
    return Column("id", Uuid, nullable=False, server_default=func.uuidv7())


def _words(name: str) -> Column[str]:
    """A text that is empty, not null, where there is none."""
    return Column(name, Text, nullable=False, server_default="")


def _name(name: str) -> Column[str]:
    """A text that is always there."""
    return Column(name, Text, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[object]:
    """An exact decimal of any precision."""
    return Column(name, Numeric, nullable=nullable)


def _cents(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _day(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Date, nullable=nullable)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _of(table: str, column: str, other: str) -> tuple[Column[object], ForeignKeyConstraint]:
    """A column that holds the id of a row of another table."""
    return (
        Column(column, Uuid, nullable=False),
        ForeignKeyConstraint([column], [f"{other}.id"], name=f"{table}_{column}_fkey"),
    )


def _no_overlap(name: str, *same: str, start: str, end: str) -> ExcludeConstraint:
    """No two rows that are the same have a day in common."""
    span = text(f"daterange({start}, {end})")
    return ExcludeConstraint(*((column, "=") for column in same), (span, "&&"), name=name)


plans = Table(
    "plans",
    metadata,
    _id(),
    _name("code"),
    _name("name"),
    _instant("created_at"),
    PrimaryKeyConstraint("id", name="plans_pkey"),
    UniqueConstraint("code", name="plans_code_key"),
)

plan_versions = Table(
    "plan_versions",
    metadata,
    _id(),
    *_of("plan_versions", "plan_id", "plans"),
    Column("version", Integer, nullable=False),
    Column("status", Text, nullable=False, server_default="draft"),
    _cents("price_cents"),
    _name("currency"),
    _instant("created_at"),
    _instant("published_at", nullable=True),
    _instant("retired_at", nullable=True),
    PrimaryKeyConstraint("id", name="plan_versions_pkey"),
    UniqueConstraint("plan_id", "version", name="plan_versions_version_key"),
    Index(
        "plan_versions_one_active",
        "plan_id",
        unique=True,
        postgresql_where=text("status = 'active'"),
    ),
)

plan_items = Table(
    "plan_items",
    metadata,
    *_of("plan_items", "plan_version_id", "plan_versions"),
    Column("position", SmallInteger, nullable=False),
    _name("resource_kind"),
    _number("included_qty"),
    _name("overage_unit"),
    _number("overage_price_cents"),
    _number("hard_cap_qty", nullable=True),
    Column("pricing_model", Text, nullable=False, server_default="allowance"),
    Column("tier_up_to_qtys", ARRAY(Numeric), nullable=False, server_default="{}"),
    Column("tier_price_cents", ARRAY(Numeric), nullable=False, server_default="{}"),
    _number("package_qty", nullable=True),
    Column("amount_cents", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("plan_version_id", "resource_kind", name="plan_items_pkey"),
)

addons = Table(
    "addons",
    metadata,
    _id(),
    _name("code"),
    _name("resource_kind"),
    _number("qty"),
    _cents("price_cents"),
    _name("currency"),
    _instant("created_at"),
    _instant("updated_at"),
    PrimaryKeyConstraint("id", name="addons_pkey"),
    UniqueConstraint("code", name="addons_code_key"),
)

resource_prices = Table(
    "resource_prices",
    metadata,
    _id(),
    _name("resource_kind"),
    _name("unit"),
    _number("unit_price_cents"),
    _name("currency"),
    _day("effective_from"),
    _day("effective_to", nullable=True),
    _instant("created_at"),
    PrimaryKeyConstraint("id", name="resource_prices_pkey"),
    _no_overlap(
        "resource_prices_no_overlap",
        "resource_kind",
        "currency",
        start="effective_from",
        end="effective_to",
    ),
)

deployments = Table(
    "deployments",
    metadata,
    _id(),
    _name("tenant_id"),
    _name("slug"),
    _name("display_name"),
    _words("region"),
    _name("state"),
    _words("llm_mode"),
    _flag("billing_action_suspended"),
    _flag("power_off_when_suspended"),
    Column("template_code", Text),
    Column("template_version", Text),
    _day("trial_ends_on", nullable=True),
    _instant("created_at"),
    _instant("state_changed_at"),
    PrimaryKeyConstraint("id", name="deployments_pkey"),
    UniqueConstraint("tenant_id", "slug", name="deployments_slug_key"),
    CheckConstraint(
        "state IN ('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived')",
        name="deployments_state_check",
    ),
    Index("deployments_tenant_idx", "tenant_id", "id"),
    Index("deployments_slug_idx", "slug"),
)

deployment_events = Table(
    "deployment_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    *_of("deployment_events", "deployment_id", "deployments"),
    _name("tenant_id"),
    _name("type"),
    _words("from_state"),
    _name("to_state"),
    _name("actor"),
    _words("reason"),
    _words("request_id"),
    _instant("occurred_at"),
    PrimaryKeyConstraint("id", name="deployment_events_pkey"),
    Index("deployment_events_deployment_idx", "deployment_id", "id"),
)

provisions = Table(
    "provisions",
    metadata,
    _id(),
    *_of("provisions", "deployment_id", "deployments"),
    _name("tenant_id"),
    _words("droplet_name"),
    _words("droplet_region"),
    _name("droplet_size"),
    _name("droplet_image"),
    Column("droplet_tags", ARRAY(Text), nullable=False, server_default="{}"),
    _words("project_id"),
    Column("status", Text, nullable=False, server_default="running"),
    _words("step"),
    _words("reason"),
    _words("resource_id"),
    _words("workflow_id"),
    _words("run_id"),
    _name("requested_by"),
    _instant("requested_at"),
    _instant("finished_at", nullable=True),
    PrimaryKeyConstraint("id", name="provisions_pkey"),
    Index("provisions_deployment_idx", "deployment_id", "id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    _id(),
    *_of("subscriptions", "deployment_id", "deployments"),
    _name("tenant_id"),
    _day("starts_on"),
    _day("ends_on", nullable=True),
    _day("trial_end", nullable=True),
    _instant("created_at"),
    PrimaryKeyConstraint("id", name="subscriptions_pkey"),
    _no_overlap(
        "subscriptions_one_per_deployment", "deployment_id", start="starts_on", end="ends_on"
    ),
    Index("subscriptions_deployment_idx", "deployment_id", "id"),
    Index("subscriptions_tenant_idx", "tenant_id", "id"),
)

subscription_terms = Table(
    "subscription_terms",
    metadata,
    _id(),
    *_of("subscription_terms", "subscription_id", "subscriptions"),
    _name("tenant_id"),
    *_of("subscription_terms", "plan_version_id", "plan_versions"),
    _day("effective_from"),
    _day("effective_to", nullable=True),
    PrimaryKeyConstraint("id", name="subscription_terms_pkey"),
    _no_overlap(
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
    _id(),
    *_of("subscription_pauses", "subscription_id", "subscriptions"),
    _name("tenant_id"),
    _day("paused_on"),
    _day("resumed_on", nullable=True),
    PrimaryKeyConstraint("id", name="subscription_pauses_pkey"),
    _no_overlap(
        "subscription_pauses_no_overlap", "subscription_id", start="paused_on", end="resumed_on"
    ),
)

subscription_addons = Table(
    "subscription_addons",
    metadata,
    _id(),
    *_of("subscription_addons", "subscription_id", "subscriptions"),
    _name("tenant_id"),
    _name("code"),
    _name("resource_kind"),
    _number("qty"),
    _cents("price_cents"),
    _name("currency"),
    _day("attached_on"),
    _day("detached_on", nullable=True),
    PrimaryKeyConstraint("id", name="subscription_addons_pkey"),
    Index("subscription_addons_subscription_idx", "subscription_id", "id"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _name("caller"),
    _name("key"),
    Column("tenant_id", Text),
    Column("request_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("caller", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_created_at_idx", "created_at"),
)
