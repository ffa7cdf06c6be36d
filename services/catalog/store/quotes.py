"""Stored quotes: written once, many at a time, and read by their ids."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.quoting.proofs import Proof
from services.catalog.stored_quotes import StoredQuote, day_of
from services.common.access import Scope
from services.common.database import ReadSession, WriteSession
from services.common.errors import NotFound

__all__ = ["keep_quotes", "prepare_month", "read_quote"]

PREPARE: Final = text("SELECT prepare_quote_month(:day)")

KEEP: Final = text("""
INSERT INTO quotes (id, quoted_on, tenant_id, requested_by, subscription_id, inputs_json,
                    inputs_hash, engine_version, result_hash, answer, created_at)
SELECT * FROM unnest(
    CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:tenants AS text[]),
    CAST(:callers AS text[]), CAST(:subscriptions AS uuid[]), CAST(:inputs AS text[]),
    CAST(:inputs_hashes AS text[]), CAST(:engines AS text[]), CAST(:result_hashes AS text[]),
    CAST(:answers AS bytea[]), CAST(:instants AS timestamptz[])
)
""")

READ: Final = text("""
SELECT id, tenant_id, requested_by, subscription_id, inputs_json, inputs_hash, engine_version,
       result_hash, answer, created_at
FROM quotes
WHERE id = :id AND quoted_on = :day
  AND (CAST(:tenant AS text) IS NULL OR tenant_id = CAST(:tenant AS text))
""")


async def prepare_month(session: WriteSession, day: date) -> None:
    """Makes room for the quotes of a day's month; needed once, and does nothing again."""
    await session.execute(PREPARE, {"day": day})


async def keep_quotes(session: WriteSession, quotes: Sequence[StoredQuote]) -> None:
    """Keeps quotes, whose months are prepared."""
    await session.execute(
        KEEP,
        {
            "ids": [quote.id for quote in quotes],
            "days": [day_of(quote.id) for quote in quotes],
            "tenants": [quote.tenant_id for quote in quotes],
            "callers": [quote.requested_by for quote in quotes],
            "subscriptions": [quote.subscription_id for quote in quotes],
            "inputs": [quote.proof.inputs_json for quote in quotes],
            "inputs_hashes": [quote.proof.inputs_hash for quote in quotes],
            "engines": [quote.proof.engine_version for quote in quotes],
            "result_hashes": [quote.proof.result_hash for quote in quotes],
            "answers": [quote.answer for quote in quotes],
            "instants": [quote.created_at for quote in quotes],
        },
    )


async def read_quote(session: ReadSession, scope: Scope, identifier: UUID) -> StoredQuote:
    """One quote. Raises NotFound, also for another tenant's."""
    day = day_of(identifier)
    found = await session.execute(READ, {"id": identifier, "day": day, "tenant": scope.tenant_id})
    row: Any = found.one_or_none()
    if row is None:
        raise NotFound("quote", str(identifier))
    return StoredQuote(
        id=row.id,
        tenant_id=row.tenant_id,
        requested_by=row.requested_by,
        subscription_id=row.subscription_id,
        proof=Proof(row.inputs_json, row.inputs_hash, row.engine_version, row.result_hash),
        answer=bytes(row.answer),
        created_at=row.created_at,
    )
