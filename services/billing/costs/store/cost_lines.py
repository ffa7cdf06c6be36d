"""Reads cost lines with keyset paging: every page costs the same."""

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
    """A cost line, in the order of `COLUMNS`."""

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
    """The shares of the owners, if the resource changed owners; see `CostShare`."""
    region: str = ""
    """The slug of the resource's region."""
    line_sets: int = 0
    """The version of its month's line sets when it was listed."""
    invoice_uuid: str = ""
    """The provider's name of the invoice, if requested."""


@dataclass(frozen=True, slots=True)
class LineFilter:
    """A filter: empty fields do not restrict it; the others are combined with AND."""

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
    """The slug of the deployment, under which costs may be stored too."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """The cursor of a list: the last line, and the expected version of its month's line sets."""

    period: date
    id: UUID
    line_sets: int


NOT_KEPT: Final = ("line_sets", "invoice_uuid")
LINE_SETS: Final = -1
"""The index of the version in a row: after all columns."""
COLUMNS: Final = tuple(lines.c[name] for name in CostLine._fields if name not in NOT_KEPT)

# In the statement that reads the lines, so that both are from one snapshot.
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
"""The filter conditions by name; empty values do not restrict."""

OWNED: Final = frozenset({"tenant_id", "deployment_id", "deployment"})
"""Conditions on the owner at the end of the span."""

NEVER_MATCHED: Final = frozenset({"tax"})
"""Classifications of lines that never have a resource."""


async def months_of_lines(reading: SingleRead, wanted: LineFilter) -> list[date]:
    """The months that may have matching lines, newest first."""
    if wanted.period is not None:
        return [wanted.period]
    rows = await reading.fetch(_MONTHS, {})
    return [period for (period,) in rows]


async def invoice_uuids(reading: SingleRead) -> dict[UUID, str]:
    """The provider's name of each invoice with lines."""
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

    Raises Aborted if lines of the cursor's month were replaced since: the list would omit or repeat
    lines.
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
        # The partial index of states excludes the many matched lines.
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
    """The containment condition for shares of the requested tenant or deployment."""
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
    """The statement for a combination of conditions, built once per combination."""
    return compiled(_select_page(*(CONDITIONS[name] for name in asked)))


@cache
def _shared_page(asked: tuple[str, ...]) -> Compiled:
    """The same for lines with several owners, which are few and indexed."""
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
