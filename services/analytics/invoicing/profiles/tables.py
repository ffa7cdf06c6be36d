"""The tables of billing profiles and of tax."""

from sqlalchemy import CheckConstraint, Column, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.analytics.tables import metadata
from services.common.db.columns import identifier, instant, names, number
from services.common.db.effective_rows import effective_dates, never_overlapping

__all__ = ["billing_profiles", "tax_rules"]

billing_profiles = Table(
    "billing_profiles",
    metadata,
    *names("tenant_id", "name", "abn"),
    Column("address_lines", ARRAY(Text), nullable=False),
    *names("email", "tax_region", "updated_by"),
    instant("updated_at"),
    Column("purchase_order", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant_id", name="billing_profiles_pkey"),
)

tax_rules = Table(
    "tax_rules",
    metadata,
    identifier(),
    *names("tax_region", "label"),
    number("rate_percent"),
    *effective_dates(),
    *names("created_by"),
    instant("created_at"),
    PrimaryKeyConstraint("id", name="tax_rules_pkey"),
    CheckConstraint("rate_percent BETWEEN 0 AND 100", name="tax_rules_rate_check"),
    CheckConstraint("effective_to > effective_from", name="tax_rules_span_check"),
    never_overlapping("tax_rules_no_overlap", "tax_region"),
)
