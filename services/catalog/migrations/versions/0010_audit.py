"""The audit log of what people and keys write."""

from alembic import op

from services.common.audit.tables import tables_for, watched

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WATCHED = (
    "addons", "deployments", "plan_items", "plan_versions", "plans", "provisions",
    "resource_prices", "subscription_addons", "subscription_pauses", "subscription_terms",
    "subscriptions", "tenant_limits", "token_revocations", "trial_grants",
)  # fmt: skip  # a table


def upgrade() -> None:
    op.execute(tables_for("catalog"))
    for table in WATCHED:
        op.execute(watched(table))
    # Both are in the quote itself, which has routes of its own.
    op.execute(watched("quotes", ("inputs_json", "answer")))
    op.execute(watched("api_keys", ("secret_hash", "previous_hash")))
