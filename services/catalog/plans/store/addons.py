"""Addons with their current terms. Attached addons keep their own terms."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from sqlalchemy import text

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.plans.rules.plans import Addon, AddonTerms
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import first_of, found_of, records_of
from services.common.errors import AlreadyExists
from services.common.rpc.paging import Page, PageRequest

__all__ = ["all_addons", "create_addon", "list_addons", "read_addons", "update_addon"]

COLUMNS: Final = "id, code, resource_kind, qty, price_cents, currency, created_at, updated_at"

SELECT: Final = f"SELECT {COLUMNS} FROM addons"

BY_CODE: Final = text(f"{SELECT} WHERE code = ANY(:codes)")

ALL: Final = text(f"{SELECT} ORDER BY code")

LIST: Final = text(f"""
{SELECT}
WHERE (CAST(:kind AS text) = '' OR resource_kind = CAST(:kind AS text))
  AND code > coalesce(CAST(:after AS text), '')
ORDER BY code
LIMIT :limit
""")

CREATE: Final = text(f"""
INSERT INTO addons (code, resource_kind, qty, price_cents, currency, created_at, updated_at)
VALUES (:code, :resource_kind, :qty, :price_cents, :currency, now(), now())
ON CONFLICT ON CONSTRAINT addons_code_key DO NOTHING
RETURNING {COLUMNS}
""")

UPDATE: Final = text(f"""
UPDATE addons
SET qty = coalesce(:qty, qty), price_cents = coalesce(:price_cents, price_cents),
    updated_at = now()
WHERE code = :code
RETURNING {COLUMNS}
""")


async def read_addons(session: ReadSession, codes: Iterable[str]) -> dict[str, Addon]:
    """The addons with these codes; unknown codes are omitted."""
    rows = await session.execute(BY_CODE, {"codes": list(codes)})
    return {addon.code: addon for addon in records_of(Addon, rows)}


async def all_addons(session: ReadSession) -> tuple[Addon, ...]:
    """Every addon, by code."""
    return tuple(records_of(Addon, await session.execute(ALL)))


async def list_addons(session: ReadSession, kind: str, asked: PageRequest) -> Page[Addon]:
    """Addons by code, optionally of a kind."""
    return await text_page(session, Addon, LIST, asked, "code", kind=kind)


async def create_addon(session: WriteSession, code: str, terms: AddonTerms) -> Addon:
    """Inserts an addon. Raises AlreadyExists if the code is taken."""
    await lock_catalog(session)
    values = {name: getattr(terms, name) for name in AddonTerms.__slots__}
    made = first_of(Addon, await session.execute(CREATE, {"code": code, **values}))
    if made is None:
        raise AlreadyExists.of_field(
            "code", f"an addon {code!r} already exists", reason="ADDON_EXISTS", code=code
        )
    return made


async def update_addon(
    session: WriteSession, code: str, *, qty: Decimal | None, price_cents: int | None
) -> Addon:
    """Updates the terms of an addon; None keeps a value. Raises NotFound."""
    await lock_catalog(session)
    values = {"code": code, "qty": qty, "price_cents": price_cents}
    return found_of(Addon, await session.execute(UPDATE, values), "addon", code)
