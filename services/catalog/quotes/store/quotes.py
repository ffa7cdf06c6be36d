"""Stored quotes: inserted in batches, never updated, read by id."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.catalog.quotes.rules.stored_quotes import Kept, NewQuote, StoredQuote, day_of
from services.catalog.quotes.store.price_list import REVISION
from services.common.audit.entries import Changes, inserted
from services.common.audit.store.recording import ENTRIES, RECORDING
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import found_of
from services.common.db.single_statements import compiled
from services.common.identity.callers import Scope

__all__ = [
    "KEEP_CURRENT",
    "change_of",
    "keep_quote",
    "outcomes",
    "prepare_month",
    "read_quote",
    "rows_of",
]

PREPARE: Final = text("SELECT prepare_quote_month(:day)")

# One JSON text for all rows, because it is escaped in C and arrays are not. The tenant's row of
# the day in quote_counts is locked until the transaction ends, so counts of one tenant are
# serialized; tenants are locked in the order of their ids.
_KEEP: Final = """
WITH current AS (
    SELECT *, row_number() OVER (PARTITION BY tenant_id, quoted_on, quota IS NULL ORDER BY id)
           AS place
    FROM json_to_recordset(CAST(:quotes AS json)) AS q (
        id uuid, quoted_on date, tenant_id text, requested_by text, subscription_id uuid,
        inputs_json text, inputs_hash text, engine_version text, result_hash text, answer text,
        created_at timestamptz, revision text, quota bigint
    )
    WHERE {}
), wanted AS (
    SELECT tenant_id, quoted_on AS day, count(*) AS quotes, max(quota) AS quota FROM current
    WHERE quota IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
), counted AS (
    INSERT INTO quote_counts AS c (tenant_id, day, made)
    SELECT tenant_id, day, least(quotes, quota) FROM wanted
    ON CONFLICT (tenant_id, day) DO UPDATE SET made = (
        SELECT greatest(c.made, least(c.made + w.quotes, w.quota)) FROM wanted AS w
        WHERE w.tenant_id = c.tenant_id AND w.day = c.day)
    RETURNING c.tenant_id, c.day, coalesce(old.made, 0) AS before, new.made AS after
), judged AS (
    SELECT q.*, coalesce(least(c.before + q.place, c.after), 0) AS made,
           coalesce(c.before + q.place > c.after, false) AS over_quota
    FROM current AS q LEFT JOIN counted AS c
      ON c.tenant_id = q.tenant_id AND c.day = q.quoted_on AND q.quota IS NOT NULL
), kept AS (
    INSERT INTO quotes (id, quoted_on, tenant_id, requested_by, subscription_id, inputs_json,
                        inputs_hash, engine_version, result_hash, answer, created_at)
    SELECT id, quoted_on, tenant_id, requested_by, subscription_id, inputs_json, inputs_hash,
           engine_version, result_hash, decode(answer, 'hex'), created_at
    FROM judged WHERE NOT over_quota
)
"""

KEEP: Final = text(_KEEP.format("true") + "SELECT id, made, over_quota FROM judged")

KEEP_CURRENT: Final = compiled(
    text(f"""
    {_KEEP.format(f"coalesce(revision, '') = coalesce(({REVISION}), '')")}
    SELECT j.id, j.made, j.over_quota, {RECORDING}
    FROM judged AS j LEFT JOIN {ENTRIES} ON e.about = j.id AND NOT j.over_quota
    """)
)
"""Inserts quotes priced from the current catalog and returns their ids.

Also returns their tenants' counts of the day; quotes over the maximum are reported and not
inserted. What is inserted has its
entry of the audit log.
"""

FORGET: Final = text("DELETE FROM quote_counts WHERE day < CAST(:day AS date) - 31")

READ: Final = text("""
SELECT id, tenant_id, requested_by, subscription_id, inputs_json, inputs_hash, engine_version,
       result_hash, answer, created_at
FROM quotes
WHERE id = :id AND quoted_on = :day
  AND (CAST(:tenant AS text) IS NULL OR tenant_id = CAST(:tenant AS text))
""")


async def prepare_month(session: WriteSession, day: date) -> None:
    """Creates the partition of a day's month. Idempotent."""
    await session.execute(PREPARE, {"day": day})
    await session.execute(FORGET, {"day": day})


async def keep_quote(session: WriteSession, new: NewQuote) -> Kept:
    """Inserts a quote whose partition exists, without checking the revision."""
    rows = (await session.execute(KEEP, {"quotes": rows_of([new])})).all()
    return outcomes([new], rows)[0]


def rows_of(quotes: Iterable[NewQuote]) -> str:
    """The parameters of KEEP."""
    return orjson.dumps(list(map(_row, quotes))).decode()


def outcomes(quotes: Iterable[NewQuote], rows: Iterable[Sequence[Any]]) -> list[Kept]:
    """The result of each quote from the rows of KEEP; no row means that it is not current."""
    known = {identifier: (int(made), bool(over)) for identifier, made, over, *_ in rows}
    return [Kept(new.quote.id in known, *known.get(new.quote.id, (0, False))) for new in quotes]


def _row(new: NewQuote) -> dict[str, Any]:
    quote, proof = new.quote, new.quote.proof
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
        "revision": new.revision,
        "quota": new.quota,
    }


def change_of(quote: StoredQuote) -> Changes:
    """How the audit log tells that a quote was added, as it does of one in a write session."""
    proof = quote.proof
    row = {
        "id": str(quote.id),
        "quoted_on": str(quote.created_at.date()),
        "tenant_id": quote.tenant_id,
        "requested_by": quote.requested_by,
        "subscription_id": str(quote.subscription_id) if quote.subscription_id else None,
        "inputs_hash": proof.inputs_hash,
        "engine_version": proof.engine_version,
        "result_hash": proof.result_hash,
        "created_at": quote.created_at.isoformat(),
    }
    return inserted("quotes", str(quote.id), row, quote.tenant_id)


async def read_quote(session: ReadSession, scope: Scope, identifier: UUID) -> StoredQuote:
    """A quote. Raises NotFound, also for another tenant's."""
    day = day_of(identifier)
    found = await session.execute(READ, {"id": identifier, "day": day, "tenant": scope.tenant_id})
    return found_of(StoredQuote, found, "quote", identifier)
