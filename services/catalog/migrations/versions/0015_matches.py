"""Prices by dimension: a plan item or a resource price may be for a part of its meter's usage."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# A match is an object of lists, `{"size": ["a", "b"]}`. Its values are sorted, and jsonb sorts its
# keys, so equal matches are equal values. It is {} for the rows of before.
MATCH = "match jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(match) = 'object')"

ITEMS = f"""
ALTER TABLE plan_items ADD COLUMN {MATCH};
ALTER TABLE plan_items
    DROP CONSTRAINT plan_items_pkey,
    ADD CONSTRAINT plan_items_pkey PRIMARY KEY (plan_version_id, resource_kind, match);
"""

PRICES = f"""
ALTER TABLE resource_prices ADD COLUMN {MATCH};
ALTER TABLE resource_prices
    DROP CONSTRAINT resource_prices_no_overlap,
    ADD CONSTRAINT resource_prices_no_overlap EXCLUDE USING gist (
        resource_kind WITH =, currency WITH =, (match::text) WITH =,
        daterange(effective_from, effective_to) WITH &&
    ) WHERE (superseded_at IS NULL);
"""


def upgrade() -> None:
    op.execute(ITEMS)
    op.execute(PRICES)
