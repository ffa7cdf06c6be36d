"""Finds the catalog row that priced a line, from the type and id in its metadata."""

from collections.abc import Mapping
from typing import Final

from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, ONE_OFF, TAX

__all__ = ["price_of"]

SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "plan_base": ("plan_version", "plan_version_id"),
    "addon": ("addon", "addon_id"),
    "overage": ("plan_item", "plan_item_id"),
    "ad_hoc": ("resource_price", "resource_price_id"),
    ONE_OFF: ("one_off_line", "one_off_line_id"),
    TAX: ("tax_rule", "tax_rule_id"),
}
"""By line kind: the type of the price, and the metadata key of its id."""


def price_of(kind: str, meta: Mapping[str, str]) -> tuple[str, str]:
    """The type and id of the price; an adjustment has those of the line that it corrects."""
    price_type, key = SOURCES[meta.get("adjusts_kind", "overage") if kind == ADJUSTMENT else kind]
    return price_type, meta.get(key, "")
