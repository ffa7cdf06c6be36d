"""The tables of billing profiles and of tax."""

from sqlalchemy import CheckConstraint, Column, Date, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.analytics.models import metadata
from services.common.columns import identifier, instant, names, number

__all__ = ["billing_profiles", "tax_rules"]

billing_profiles = Table(
    "billing_profiles",
    metadata,
    *names("tenant_id", "name", "abn"),
    Column("address_lines", ARRAY(Text), nullable=False),
    *names("email", "tax_region", "updated_by"),
    instant("updated_at"),
    PrimaryKeyConstraint("tenant_id", name="billing_profiles_pkey"),
)

tax_rules = Table(
    "tax_rules",
    metadata,
    identifier(),
    *names("tax_region", "label"),
    number("rate_percent"),
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date),
    *names("created_by"),
    instant("created_at"),
    PrimaryKeyConstraint("id", name="tax_rules_pkey"),
    CheckConstraint("rate_percent BETWEEN 0 AND 100", name="tax_rules_rate_check"),
    CheckConstraint("effective_to > effective_from", name="tax_rules_span_check"),
)
