"""Addons, as they are sold now."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import text

from services.catalog.plans import Addon, AddonTerms
from services.common.database import ReadSession

__all__ = ["read_addons"]

SELECT: Final = """
SELECT id, code, resource_kind, qty, price_cents, currency, created_at, updated_at FROM addons
"""

BY_CODE: Final = text(f"{SELECT} WHERE code = ANY(:codes)")


async def read_addons(session: ReadSession, codes: Iterable[str]) -> dict[str, Addon]:
    """The addons with these codes; what is not there is left out."""
    rows = await session.execute(BY_CODE, {"codes": list(codes)})
    return {row.code: addon_of(row) for row in rows}


def addon_of(row: Any) -> Addon:  # noqa: ANN401
    """The addon of a row of SELECT."""
    identifier, code, kind, qty, price_cents, currency, created_at, updated_at = row
    terms = AddonTerms(kind, qty, price_cents, currency)
    return Addon(identifier, code, terms, created_at, updated_at)
