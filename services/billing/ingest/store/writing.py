"""Writes staged lines as the lines of an invoice, with ids and matches.

Matching while writing avoids a second write of each line and its indexes, which for a large bill
takes as long as everything else.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from sqlalchemy import TextClause, text

from services.billing.ingest.rules.reconciling import Ingest
from services.billing.ingest.store import match_sql
from services.billing.ingest.store.candidates import is_prepared
from services.common.db.database import WriteSession
from services.common.values.periods import month_of

__all__ = ["replace_lines"]

NOT_MATCHED_YET: Final = "not matched yet"

BLOCKS_A_PAGE: Final = 2_000
"""In blocks of 8 kB: about 70,000 lines are matched at a time, which fits into memory."""

_BILLED: Final = (
    "product, group_description, description, project_name, category,"
    " hours, start_at, end_at, amount_usd"
)

# Rows and items with equal content are paired one to one in order: the n-th with the n-th. The
# keys are 128-bit hashes, so that the pairing sorts numbers instead of texts; collisions are
# negligible.
_KEY: Final = "md5(ROW({said}, start_at, end_at, trim_scale(amount_usd))::text)::uuid AS key"
_EVERYTHING: Final = _KEY.format(
    said="product, group_description, description, project_name, category, trim_scale(hours)"
)
_WITHOUT_CATEGORY: Final = _KEY.format(
    said="product, group_description, description, project_name, trim_scale(hours)"
)
_WHAT_BOTH_ALWAYS_SAY: Final = _KEY.format(said="product, group_description, description")
_PAIRED: Final = """
WITH items AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY page, position) AS nth{items_alike}
    FROM (
        SELECT page, position, provider_resource_id, provider_resource_uuid, {key}
        FROM cloud_staged_items AS staged WHERE ingest_id = :ingest_id {items_left}
    ) AS keyed
), lines AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY row_number) AS nth{lines_alike}
    FROM (
        SELECT row_number{said_besides}, {key}
        FROM cloud_staged_lines AS staged WHERE ingest_id = :ingest_id {lines_left}
    ) AS keyed
)
SELECT lines.row_number, page, position, provider_resource_id, provider_resource_uuid
FROM lines JOIN items USING (key, nth) {where}
"""
_PAIR: Final = text(
    "CREATE TEMPORARY TABLE paired ON COMMIT DROP AS"
    + _PAIRED.format(
        key=_EVERYTHING,
        items_left="",
        lines_left="",
        items_alike="",
        lines_alike="",
        said_besides="",
        where="",
    )
)


def _pairing_what_is_left(key: str, besides: str) -> TextClause:
    """Pairs the remaining rows and items by fewer fields.

    An item without the distinguishing fields (`besides`) may belong to any of the rows: it is
    paired only if this makes no difference, because all rows or all item ids are equal.
    """
    alike = ", min({what}) OVER (PARTITION BY key) = max({what}) OVER (PARTITION BY key) AS {name}"
    ids = "provider_resource_id || ' ' || provider_resource_uuid"
    left = "AND NOT EXISTS (SELECT FROM paired WHERE {same})"
    item = "paired.page = staged.page AND paired.position = staged.position"
    return text(
        "INSERT INTO paired"
        + _PAIRED.format(
            key=key,
            items_left=left.format(same=item),
            lines_left=left.format(same="paired.row_number = staged.row_number"),
            items_alike=alike.format(what=ids, name="items_alike"),
            lines_alike=alike.format(what="besides", name="lines_alike"),
            said_besides=f", {besides} AS besides",
            where="WHERE lines_alike OR items_alike",
        )
    )


# Older bills have the category in only one of their forms.
_PAIR_WITHOUT_CATEGORY: Final = _pairing_what_is_left(_WITHOUT_CATEGORY, "category")
_PAIR_THE_REST: Final = _pairing_what_is_left(
    _WHAT_BOTH_ALWAYS_SAY, "ROW(project_name, category, trim_scale(hours))::text"
)

# A line's id is the ingest's UUID version 7 with the row number as the last 48 bits: unique, in
# the bill's order, and without a sort.
_INSERT: Final = """
INSERT INTO cloud_cost_lines (
    id, period, provider_invoice_id, row_number, {billed},
    kind, classification, is_overage, resource_name, provider_resource_id,
    provider_resource_uuid, match_state, match_rung, match_reason, resource_id, project_id,
    tenant_id, deployment_id, shares, region
)
SELECT
    (substr(CAST(:ingest_id AS text), 1, 24)
     || lpad(to_hex(staged.row_number), 12, '0'))::uuid,
    :period, :invoice_id, staged.row_number, {billed},
    {kind}, classification, is_overage, resource_name, {ids}, {state}, {rung}, {reason}, {found}
FROM {staged} WHERE staged.ingest_id = CAST(:ingest_id AS uuid)
"""
_STAGED: Final = "cloud_staged_lines AS staged"
_WITH_ITEMS: Final = f"{_STAGED} LEFT JOIN paired USING (row_number)"
_NO_IDS: Final = "'', ''"
_IDS: Final = "coalesce(provider_resource_id, ''), coalesce(provider_resource_uuid, '')"


def _unmatched(staged: str, ids: str) -> TextClause:
    waits = match_sql.may_have_resource(f"ARRAY[{ids}]")
    return text(
        _INSERT.format(
            billed=_BILLED,
            staged=staged,
            ids=ids,
            kind="kind",
            state=f"CASE WHEN {waits} THEN 'unmatched' ELSE 'not_applicable' END",
            rung="''",
            reason=f"CASE WHEN {waits} THEN :reason ELSE '' END",
            found="NULL, NULL, NULL, NULL, NULL, ''",
        )
    )


def _matched(staged: str, ids: str) -> TextClause:
    """The same for a range of blocks, with the match of each line."""
    page = "staged.ctid >= CAST(:first AS tid) AND staged.ctid < CAST(:after AS tid)"
    matching = match_sql.matching_sql(
        table=staged,
        where=f"staged.ingest_id = CAST(:ingest_id AS uuid) AND {page}",
        id="staged.row_number",
        partition="staged.ingest_id",
        ids=f"ARRAY[{ids}]",
        project="lower(project_name)",
        span_from="coalesce(start_at, CAST(:month_start AS timestamptz))",
        span_to="coalesce(end_at, CAST(:month_end AS timestamptz))",
    )
    written = _INSERT.format(
        billed=_BILLED,
        staged=f"{staged} LEFT JOIN judged AS j ON j.id = staged.row_number",
        ids=ids,
        kind=match_sql.kind_of_line("staged", "j.found_kind"),
        state="coalesce(j.state, 'not_applicable')",
        rung="coalesce(j.rung, '')",
        reason="coalesce(j.reason, '')",
        found=(
            "j.resource_id, j.project_id, j.tenant_id, j.deployment_id, j.shares,"
            " coalesce(j.region, '')"
        ),
    )
    return text(f"{matching}{written} AND {page}")


_UNMATCHED: Final = {False: _unmatched(_STAGED, _NO_IDS), True: _unmatched(_WITH_ITEMS, _IDS)}
_MATCHED: Final = {False: _matched(_STAGED, _NO_IDS), True: _matched(_WITH_ITEMS, _IDS)}
"""The statements, by whether there are items."""

# By physical position: an index on the ingest would be read completely for each range, thirty
# times for a bill of a million lines.
_BY_PLACE: Final = text("SELECT set_config('enable_bitmapscan', 'off', true)")
_BLOCKS: Final = text("""
SELECT min(ctid)::text AS first, max(ctid)::text AS last
FROM cloud_staged_lines WHERE ingest_id = :ingest_id
""")


# More memory, so that the join of a large invoice rarely spills to disk, and no JIT for a
# statement that runs once.
_PAIRING_ROOM: Final = text(
    "SELECT set_config('work_mem', '96MB', true), set_config('jit', 'off', true)"
)
_DELETE: Final = text(
    "DELETE FROM cloud_cost_lines WHERE period = :period AND provider_invoice_id = :invoice_id"
)


async def replace_lines(session: WriteSession, ingest: Ingest, period: date) -> bool:
    """Replaces an invoice's lines with the staged lines of an ingest.

    Returns whether they are matched, which is so if the candidates are prepared.
    """
    invoice = {"period": period, "invoice_id": ingest.provider_invoice_id}
    await session.execute(_PAIRING_ROOM)
    await session.execute(_DELETE, invoice)
    place = {"ingest_id": str(ingest.id), **invoice}
    has_items = bool(ingest.item_count)
    if has_items:
        await _pair(session, ingest)
    if not await is_prepared(session, ingest.id):
        await session.execute(_UNMATCHED[has_items], {**place, "reason": NOT_MATCHED_YET})
        return False
    month = month_of(period)
    lasting = {"month_start": month.start_at, "month_end": month.end_at}
    values = {"scope": ingest.id, **match_sql.matching_rules(), **place, **lasting}
    await match_sql.match_in_memory(session)
    blocks = (await session.execute(_BLOCKS, {"ingest_id": ingest.id})).one()
    await session.execute(_BY_PLACE)
    for first, after in _pages(blocks.first, blocks.last):
        await session.execute(_MATCHED[has_items], {**values, "first": first, "after": after})
    return True


async def _pair(session: WriteSession, ingest: Ingest) -> None:
    """Pairs by all common fields, then the rest by fewer."""
    left = min(ingest.item_count, ingest.row_count or 0)
    for statement in (_PAIR, _PAIR_WITHOUT_CATEGORY, _PAIR_THE_REST):
        if left > 0:
            left -= (await session.execute(statement, {"ingest_id": ingest.id})).rowcount


def _pages(first: str | None, last: str | None) -> Iterator[tuple[str, str]]:
    """The row pointers (ctid) of each range of blocks; empty without rows."""
    if first is None or last is None:
        return
    begin, end = (int(pointer[1:].partition(",")[0]) for pointer in (first, last))
    for block in range(begin, end + 1, BLOCKS_A_PAGE):
        yield f"({block},0)", f"({block + BLOCKS_A_PAGE},0)"
