"""A month's margin as it was computed last: replaced as a whole, read page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, text

from services.analytics.margin.rules.summary import Share, Side
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import InvalidArgument
from services.common.rpc.deployment_slugs import DeploymentSlug
from services.common.values.effective_dates import Span
from services.common.values.periods import Period

__all__ = ["Basis", "KeptMonth", "Month", "kept_months", "list_shares", "lock_margin",
           "mark_margin", "mark_margins_of", "read_kinds", "read_month", "read_trend",
           "replace_margin"]  # fmt: skip

Basis = Literal["invoiced", "accrued"]

ONE_AT_A_TIME: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('margin/' || :basis || '/' || :month, 0))"
)
MARK: Final = text("""
UPDATE margin_months SET revenue_state = 'provisional'
WHERE period = :period AND basis = 'invoiced' AND revenue_state = 'final'
""")
# Of a month the rates of its last day count.
MARK_SPAN: Final = text("""
UPDATE margin_months
SET revenue_state = CASE revenue_state WHEN 'final' THEN 'provisional' ELSE revenue_state END,
    cogs_state = CASE cogs_state WHEN 'final' THEN 'provisional' ELSE cogs_state END
WHERE basis = 'invoiced'
  AND daterange(CAST(:start AS date), CAST(:end AS date))
      @> CAST(period + interval '1 month - 1 day' AS date)
""")
KEPT: Final = text("""
SELECT month.period, revenue_state = 'final' AND cogs_state = 'final' AS is_final,
       coalesce(costs.completed_at > month.as_of, false) AS is_outdated,
       coalesce(costs.source_version, '') AS source_version
FROM margin_months AS month
LEFT JOIN work_passes AS costs
  ON costs.work = 'costs' AND costs.subject = month.period AND costs.state = 'current'
WHERE month.basis = 'invoiced' AND month.period < :before
ORDER BY month.as_of, month.period LIMIT :limit
""")
FORGET: Final = tuple(
    text(f"DELETE FROM {table} WHERE period = :period AND basis = :basis")
    for table in ("margin_months", "margin_shares", "margin_kinds")
)
WRITE_MONTH: Final = text("""
INSERT INTO margin_months (period, basis, revenue_cents, cogs_cents, revenue_state, cogs_state,
                           reporting_currency, exchange_rate_ids, parity_assumed, usage_until,
                           costs_until, as_of)
VALUES (:period, :basis, :revenue_cents, :cogs_cents, :revenue_state, :cogs_state,
        :reporting_currency, :exchange_rate_ids, :parity_assumed, :usage_until, :costs_until,
        :as_of)
""")
WRITE_SHARES: Final = """
INSERT INTO margin_shares (period, basis, grouping, place, attribution, tenant_id, deployment_id,
                           revenue_cents, cogs_cents)
SELECT %(period)s, %(basis)s, %(grouping)s, s.place, s.attribution, s.tenant_id, s.deployment_id,
       s.revenue_cents, s.cogs_cents
FROM unnest(%(attributions)b::text[], %(tenants)b::text[], %(deployments)b::text[],
            %(revenues)b::bigint[], %(costs)b::bigint[]) WITH ORDINALITY
     AS s (attribution, tenant_id, deployment_id, revenue_cents, cogs_cents, place)
"""
WRITE_KINDS: Final = text("""
INSERT INTO margin_kinds (period, basis, axis, kind, amount_cents)
SELECT :period, :basis, k.*
FROM unnest(CAST(:axes AS text[]), CAST(:kinds AS text[]), CAST(:amounts AS bigint[])) AS k
""")
READ_MONTH: Final = text("SELECT * FROM margin_months WHERE period = :period AND basis = :basis")
READ_KINDS: Final = text("""
SELECT axis, kind, amount_cents FROM margin_kinds WHERE period = :period AND basis = :basis
ORDER BY axis, amount_cents DESC, kind
""")
READ_SHARES: Final = """
SELECT place, attribution, tenant_id, deployment_id, revenue_cents, cogs_cents
FROM margin_shares
WHERE period = :period AND basis = :basis AND grouping = :grouping AND place > :after{tenant}
ORDER BY place LIMIT :limit
"""
LIST_SHARES: Final = text(READ_SHARES.format(tenant=""))
LIST_TENANTS: Final = text(READ_SHARES.format(tenant=" AND tenant_id = :tenant_id"))
TREND: Final = text("""
SELECT m.period, m.revenue_state, m.cogs_state, m.exchange_rate_ids, m.parity_assumed,
       m.reporting_currency, m.revenue_cents, m.cogs_cents
FROM margin_months AS m
WHERE m.basis = 'invoiced' AND m.period >= :first AND m.period <= :last ORDER BY m.period
""")
# Known amounts of a month in which somebody has no share are zero; unknown ones are unknown.
TREND_OF: Final = """
SELECT m.period, m.revenue_state, m.cogs_state, m.exchange_rate_ids, m.parity_assumed,
       m.reporting_currency,
       CASE WHEN m.revenue_cents IS NOT NULL THEN coalesce(s.revenue_cents, 0) END
           AS revenue_cents,
       CASE WHEN m.cogs_cents IS NOT NULL THEN coalesce(s.cogs_cents, 0) END AS cogs_cents
FROM margin_months AS m
CROSS JOIN LATERAL (
    SELECT CAST(sum(s.revenue_cents) AS bigint) AS revenue_cents,
           CAST(sum(s.cogs_cents) AS bigint) AS cogs_cents
    FROM margin_shares AS s
    WHERE s.period = m.period AND s.basis = m.basis AND s.grouping = :grouping AND {whose}
) AS s
WHERE m.basis = 'invoiced' AND m.period >= :first AND m.period <= :last ORDER BY m.period
"""
TREND_OF_TENANT: Final = text(TREND_OF.format(whose="s.tenant_id = :whose"))
# What was computed before the catalog knew the deployment stands under its tenant and slug.
OF_DEPLOYMENT: Final = """
(s.deployment_id = :whose OR s.deployment_id = CAST(:slug AS text) AND s.tenant_id = :slug_tenant)
AND (:tenant_id = '' OR s.tenant_id = :tenant_id)
"""
TREND_OF_DEPLOYMENT: Final = text(TREND_OF.format(whose=OF_DEPLOYMENT))
TENANTS_OF_DEPLOYMENT: Final = text(f"""
SELECT DISTINCT s.tenant_id FROM margin_shares AS s
WHERE s.basis = 'invoiced' AND s.grouping = :grouping AND s.period >= :first AND s.period <= :last
  AND {OF_DEPLOYMENT} LIMIT 2
""")


@dataclass(frozen=True, slots=True)
class Month:
    """A month's margin, to be kept."""

    period: Period
    basis: Basis
    revenue: Side
    cogs: Side
    by_tenant: Sequence[Share]
    by_deployment: Sequence[Share]
    reporting_currency: str
    exchange_rate_ids: Sequence[UUID]
    parity_assumed: bool
    usage_until: datetime | None
    costs_until: date | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class KeptMonth:
    """How well a month's margin is known, and from which bill."""

    period: date
    is_final: bool
    is_outdated: bool
    """Whether costs were brought to their owners since it was computed."""
    source_version: str
    """Names the bill whose costs they are; empty for none."""


async def lock_margin(session: WriteSession, period: Period, basis: Basis) -> None:
    """Nobody computes or marks a month's margin until this transaction ends."""
    await session.execute(ONE_AT_A_TIME, {"basis": basis, "month": period.code})


async def mark_margin(session: WriteSession, period: Period) -> None:
    """What a month earned was changed by this transaction: what is kept of it is provisional."""
    await lock_margin(session, period, "invoiced")
    await session.execute(MARK, {"period": period.start})


async def mark_margins_of(session: WriteSession, span: Span) -> None:
    """Marks the margins as provisional whose rates are those of some days: they were changed."""
    await session.execute(MARK_SPAN, {"start": span.start, "end": span.end})


async def kept_months(session: ReadSession, before: date, *, limit: int) -> list[KeptMonth]:
    """The months before one, that whose margin was computed longest ago first."""
    rows = await session.execute(KEPT, {"before": before, "limit": limit})
    return [
        KeptMonth(row.period, row.is_final, row.is_outdated, row.source_version) for row in rows
    ]


async def replace_margin(session: WriteSession, month: Month) -> None:
    """Keeps a month's margin in place of what was kept before; `lock_margin` was called."""
    key = {"period": month.period.start, "basis": month.basis}
    for statement in FORGET:
        await session.execute(statement, key)
    await session.execute(
        WRITE_MONTH,
        {
            **key,
            "revenue_cents": month.revenue.total_cents,
            "cogs_cents": month.cogs.total_cents,
            "revenue_state": month.revenue.state,
            "cogs_state": month.cogs.state,
            "reporting_currency": month.reporting_currency,
            "exchange_rate_ids": list(month.exchange_rate_ids),
            "parity_assumed": month.parity_assumed,
            "usage_until": month.usage_until,
            "costs_until": month.costs_until,
            "as_of": month.as_of,
        },
    )
    await _write_shares(session, {**key, "grouping": "tenant"}, month.by_tenant)
    await _write_shares(session, {**key, "grouping": "deployment"}, month.by_deployment)
    kinds = [("revenue", *kind) for kind in month.revenue.by_kind.items()]
    kinds += [("cogs", *kind) for kind in month.cogs.by_kind.items()]
    await session.execute(
        WRITE_KINDS,
        {
            **key,
            "axes": [axis for axis, _, _ in kinds],
            "kinds": [kind for _, kind, _ in kinds],
            "amounts": [amount for _, _, amount in kinds],
        },
    )


async def read_month(session: ReadSession, period: date, basis: Basis) -> Row[Any] | None:
    """A month's whole; None when it was never computed."""
    return (await session.execute(READ_MONTH, {"period": period, "basis": basis})).first()


async def read_kinds(session: ReadSession, period: date, basis: Basis) -> Sequence[Row[Any]]:
    """A month's amounts by axis and kind, largest first."""
    return (await session.execute(READ_KINDS, {"period": period, "basis": basis})).all()


async def list_shares(
    session: ReadSession,
    period: date,
    basis: Basis,
    grouping: str,
    *,
    tenant_id: str = "",
    after: int,
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of shares, in their order; `after` is the place of the last one, 0 for none."""
    parameters: dict[str, Any] = {
        "period": period, "basis": basis, "grouping": grouping, "after": after, "limit": limit,
    }  # fmt: skip
    if not tenant_id:
        return (await session.execute(LIST_SHARES, parameters)).all()
    parameters["tenant_id"] = tenant_id
    return (await session.execute(LIST_TENANTS, parameters)).all()


async def read_trend(
    session: ReadSession,
    first: date,
    last: date,
    *,
    tenant_id: str,
    deployment_id: str,
    slug: DeploymentSlug | None = None,
) -> Sequence[Row[Any]]:
    """The computed months of a span, oldest first; of one tenant or deployment when named.

    `slug` is that of the deployment, under which some of it may stand. Raises
    InvalidArgument for a slug that several tenants have, unless one of them is named.
    """
    span: dict[str, Any] = {"first": first, "last": last}
    if deployment_id:
        whose = {
            "grouping": "deployment",
            "whose": deployment_id,
            "tenant_id": tenant_id,
            "slug": slug.slug if slug else None,
            "slug_tenant": slug.tenant_id if slug else "",
        }
        if len((await session.execute(TENANTS_OF_DEPLOYMENT, span | whose)).all()) > 1:
            raise InvalidArgument(
                "tenant_id",
                f"is required: several tenants have a deployment {deployment_id!r}",
                reason="FIELD_REQUIRED",
            )
        return (await session.execute(TREND_OF_DEPLOYMENT, span | whose)).all()
    if tenant_id:
        whose = {"grouping": "tenant", "whose": tenant_id}
        return (await session.execute(TREND_OF_TENANT, span | whose)).all()
    return (await session.execute(TREND, span)).all()


async def _write_shares(
    session: WriteSession, key: dict[str, Any], shares: Sequence[Share]
) -> None:
    driver = await session.driver()
    await driver.execute(
        WRITE_SHARES,
        {
            **key,
            "attributions": [share.holder.attribution.value for share in shares],
            "tenants": [share.holder.tenant_id for share in shares],
            "deployments": [share.holder.deployment_id for share in shares],
            "revenues": [share.revenue_cents for share in shares],
            "costs": [share.cogs_cents for share in shares],
        },
    )
