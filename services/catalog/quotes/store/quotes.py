"""Stored quotes: written once, many at a time, and read by their ids."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import repeat
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.catalog.quotes.rules.stored_quotes import StoredQuote, day_of
from services.catalog.quotes.store.price_list import REVISION
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import record_of
from services.common.db.single_statements import compiled
from services.common.errors import NotFound
from services.common.identity.callers import Scope

__all__ = ["KEEP_CURRENT", "keep_quotes", "prepare_month", "read_quote", "rows_of"]

PREPARE: Final = text("SELECT prepare_quote_month(:day)")

# One JSON text for all rows: its escapes are made in C, those of arrays are not.
_KEEP: Final = """
INSERT INTO quotes (id, quoted_on, tenant_id, requested_by, subscription_id, inputs_json,
                    inputs_hash, engine_version, result_hash, answer, created_at)
SELECT id, quoted_on, tenant_id, requested_by, subscription_id, inputs_json, inputs_hash,
       engine_version, result_hash, decode(answer, 'hex'), created_at
FROM json_to_recordset(CAST(:quotes AS json)) AS q (
    id uuid, quoted_on date, tenant_id text, requested_by text, subscription_id uuid,
    inputs_json text, inputs_hash text, engine_version text, result_hash text, answer text,
    created_at timestamptz, revision text
)
"""

KEEP: Final = text(_KEEP)

KEEP_CURRENT: Final = compiled(
    text(f"{_KEEP} WHERE coalesce(revision, '') = coalesce(({REVISION}), '') RETURNING id")
)
"""Keeps those that were priced from the catalog as it is now, and answers their ids."""

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
    await session.execute(KEEP, {"quotes": rows_of(quotes, repeat(""))})


def rows_of(quotes: Iterable[StoredQuote], revisions: Iterable[str]) -> str:
    """Quotes as KEEP takes them, and the catalog's revision that each was priced from."""
    return orjson.dumps(list(map(_row, quotes, revisions))).decode()


def _row(quote: StoredQuote, revision: str) -> dict[str, Any]:
    proof = quote.proof
    return {
        "id": quote.id,
        "quoted_on": quote.created_at.date(),
        "tenant_id": quote.tenant_id,
        "requested_by": quote.requested_by,
        "subscription_id": quote.subscription_id,
        "inputs_json": proof.inputs_json,
        "inputs_hash": proof.inputs_hash,
        "engine_version": proof.engine_version,
        "result_hash": proof.result_hash,
        "answer": quote.answer.hex(),
        "created_at": quote.created_at,
        "revision": revision,
    }


async def read_quote(session: ReadSession, scope: Scope, identifier: UUID) -> StoredQuote:
    """One quote. Raises NotFound, also for another tenant's."""
    day = day_of(identifier)
    found = await session.execute(READ, {"id": identifier, "day": day, "tenant": scope.tenant_id})
    row = found.one_or_none()
    if row is None:
        raise NotFound("quote", str(identifier))
    return record_of(StoredQuote, row)
