"""The tables of billing profiles and of tax."""

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.analytics.tables import table
from services.common.db.effective_rows import effective_dates, never_overlapping
from services.common.db.tables import check, identifier, instants, key, names, numbers, words

__all__ = ["billing_profiles", "tax_rules"]

billing_profiles = table(
    "billing_profiles",
    names("tenant_id", "name", "abn"),
    Column("address_lines", ARRAY(Text), nullable=False),
    names("email", "tax_region", "updated_by"),
    instants("updated_at"),
    words("purchase_order"),
    key("tenant_id"),
)

tax_rules = table(
    "tax_rules",
    identifier(),
    names("tax_region", "label"),
    numbers("rate_percent"),
    effective_dates(),
    names("created_by"),
    instants("created_at"),
    key("id"),
    check("rate", "rate_percent BETWEEN 0 AND 100"),
    check("span", "effective_to > effective_from"),
    never_overlapping("tax_rules_no_overlap", "tax_region"),
)
