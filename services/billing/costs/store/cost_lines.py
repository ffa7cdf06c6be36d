"""Reading cost lines: a page costs what the first one does, however many lines a month has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from services.billing.ingest.tables import cloud_cost_lines as lines
from services.billing.ingest.tables import cloud_invoices as invoices
from services.common.db.deployment_rows import deployment_parameters, of_deployment
from services.common.db.single_statements import Compiled, SingleRead, compiled
from services.common.errors import Aborted
from services.common.rpc.deployment_slugs import DeploymentSlug

__all__ = [
    "COLUMNS",
    "CostLine",
    "LineFilter",
    "LinePlace",
    "invoice_uuids",
    "list_lines",
    "months_of_lines",
]


class CostLine(NamedTuple):
    """A line as it is read, in the order of `COLUMNS`."""

    id: UUID
    provider_invoice_id: UUID
    row_number: int
    period: date
    product: str
    group_description: str
    description: str
    project_name: str
    category: str
    hours: Any
    start_at: Any
    end_at: Any
    amount_usd: Any
    kind: str
    classification: str
    match_state: str
    match_rung: str
    match_reason: str
    provider_resource_id: str
    provider_resource_uuid: str
    resource_id: UUID | None
    tenant_id: str | None
    deployment_id: str | None
    resource_name: str
    is_overage: bool
    shares: list[dict[str, Any]] | None = None
    """What falls to each owner, where the resource changed hands; see `CostShare` of the proto."""
    region: str = ""
    """The slug of the resource's region."""
    line_sets: int = 0
    """Names the line sets that its month had when it was read in a list."""
    invoice_uuid: str = ""
    """The provider's own name of the invoice, where it is asked for."""


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines; what is empty is not asked. Combined with and."""

    period: date | None = None
    kind: str = ""
    match_state: str = ""
    classification: str = ""
    product: str = ""
    project_name: str = ""
    provider_invoice_id: UUID | None = None
    resource_id: UUID | None = None
    tenant_id: str = ""
    deployment_id: str = ""
    slug: DeploymentSlug | None = None
    """Of the deployment: what stands under it counts too."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """After which line a list goes on, and the line sets that its month must still have."""

    period: date
    id: UUID
    line_sets: int


NOT_KEPT: Final = ("line_sets", "invoice_uuid")
LINE_SETS: Final = -1
"""The place of the line sets' name in a row: after all columns."""
COLUMNS: Final = tuple(lines.c[name] for name in CostLine._fields if name not in NOT_KEPT)

# In the statement that reads the lines, so that both are of one moment.
_LINE_SETS: Final = (
    select(
        func.hashtextextended(
            func.string_agg(
                cast(invoices.c.ingest_id, Text), aggregate_order_by(literal(","), invoices.c.id)
            ),
            0,
            type_=BigInteger,
        )
    )
    .where(invoices.c.period == bindparam("month"), invoices.c.ingest_id.is_not(None))
    .scalar_subquery()
)

CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    **{
        name: lines.c[name] == bindparam(name)
        for name in LineFilter.__dataclass_fields__
        if name not in ("period", "slug")
    },
    "deployment": of_deployment(lines),
    "after": lines.c.id > bindparam("after"),
}
"""What may be asked of a month's lines, by its name; asked when its value is not empty."""

OWNED: Final = frozenset({"tenant_id", "deployment_id", "deployment"})
"""Conditions on the owner at the span's end."""

NEVER_MATCHED: Final = frozenset({"tax"})
"""Classifications of lines that have no resource, whatever they say."""


async def months_of_lines(reading: SingleRead, wanted: LineFilter) -> list[date]:
    """The months that may have such lines, newest first."""
    if wanted.period is not None:
        return [wanted.period]
    rows = await reading.fetch(_MONTHS, {})
    return [period for (period,) in rows]


async def invoice_uuids(reading: SingleRead) -> dict[UUID, str]:
    """The provider's own name of each invoice that has lines."""
    return dict(await reading.fetch(_UUIDS, {}))


async def list_lines(
    reading: SingleRead,
    wanted: LineFilter,
    months: Sequence[date],
    *,
    after: LinePlace | None,
    limit: int,
) -> list[CostLine]:
    """A page of lines by month, newest first, then in the bill's order.

    Raises Aborted when lines of the month in which it goes on were replaced since: it would
    leave some out, or bring some twice.
    """
    found: list[CostLine] = []
    if after is not None and after.period not in months:
        raise _replaced(after.period)
    for month in months:
        if after is not None and month > after.period:
            continue
        last = after.id if after is not None and month == after.period else None
        rows = await _of_month(reading, wanted, month, last, limit - len(found))
        if len({row[LINE_SETS] for row in rows}) > 1:
            raise _replaced(month)
        found += [CostLine(*row) for row in rows]
        if after is not None and month == after.period:
            sets = rows[0][LINE_SETS] if rows else await _line_sets(reading, month)
            if sets != after.line_sets:
                raise _replaced(month)
        if len(found) >= limit:
            break
    return found


async def _of_month(
    reading: SingleRead, wanted: LineFilter, month: date, after: UUID | None, limit: int
) -> list[Any]:
    values: dict[str, Any] = {"after": after, "deployment": wanted.slug}
    values |= {name: getattr(wanted, name) for name in CONDITIONS if name not in values}
    named: dict[str, Any] = {}
    if wanted.slug is not None:
        named = deployment_parameters(wanted.deployment_id, wanted.slug)
        values["deployment_id"] = ""
    if wanted.classification in NEVER_MATCHED:
        # The index of states leaves out the many lines that are matched.
        values["match_state"] = wanted.match_state or "not_applicable"
    asked = tuple(name for name in CONDITIONS if values[name])
    parameters = {name: values[name] for name in asked if name != "deployment"} | named
    place = {"month": month, "limit": limit}
    rows = await reading.fetch(_page(asked), {**place, **parameters})
    if not (wanted.tenant_id or wanted.deployment_id):
        return rows
    rest = tuple(name for name in asked if name not in OWNED)
    values = {name: values[name] for name in rest}
    shared = [
        row
        for share in _shares(wanted)
        for row in await reading.fetch(_shared_page(rest), {**place, **values, "share": share})
    ]
    return sorted({row[0]: row for row in [*rows, *shared]}.values(), key=itemgetter(0))[:limit]


def _shares(wanted: LineFilter) -> list[str]:
    """What a line's shares contain in which the wanted tenant or deployment has a part."""
    tenant = {"tenant_id": wanted.tenant_id} if wanted.tenant_id else {}
    if not wanted.deployment_id:
        return [_json([tenant])]
    shares = [tenant | {"deployment_id": wanted.deployment_id}]
    if wanted.slug is not None and wanted.tenant_id in ("", wanted.slug.tenant_id):
        shares.append({"tenant_id": wanted.slug.tenant_id, "deployment_id": wanted.slug.slug})
    return [_json([share]) for share in shares]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _select_page(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*COLUMNS, _LINE_SETS.label("line_sets"))
        .where(lines.c.period == bindparam("month"), *conditions)
        .order_by(lines.c.id)
        .limit(bindparam("limit"))
    )


@cache
def _page(asked: tuple[str, ...]) -> Compiled:
    """The statement for filters that ask these conditions: made once for each combination."""
    return compiled(_select_page(*(CONDITIONS[name] for name in asked)))


@cache
def _shared_page(asked: tuple[str, ...]) -> Compiled:
    """The same of lines that several owners share; they are few, and have an index."""
    share = cast(bindparam("share", type_=Text), JSONB)
    conditions = [CONDITIONS[name] for name in asked]
    return compiled(
        _select_page(lines.c.shares.is_not(None), lines.c.shares.contains(share), *conditions)
    )


async def _line_sets(reading: SingleRead, month: date) -> int | None:
    [(sets,)] = await reading.fetch(_SETS, {"month": month})
    return None if sets is None else int(sets)


def _replaced(month: date) -> Aborted:
    return Aborted(
        f"lines of {month:%Y-%m} were replaced; start at the first page", reason="LINES_CHANGED"
    )


_SETS: Final = compiled(select(_LINE_SETS))

_UUIDS: Final = compiled(
    select(invoices.c.id, invoices.c.invoice_uuid).where(invoices.c.ingest_id.is_not(None))
)

_MONTHS: Final = compiled(
    select(invoices.c.period)
    .where(invoices.c.line_count > 0)
    .group_by(invoices.c.period)
    .order_by(invoices.c.period.desc())
)
