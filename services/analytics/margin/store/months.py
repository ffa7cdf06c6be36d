"""The last computed margin of each month: replaced as a whole, read by page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import text

from services.analytics.margin.rules.summary import KindAmount, MarginMonth, Share, Side
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import arrays_of, first_of, records_of, unnested
from services.common.rpc.deployment_slugs import DeploymentSlug
from services.common.rpc.paging import Page, PageRequest
from services.common.values.effective_dates import Span
from services.common.values.periods import Period

__all__ = [
    "Basis",
    "ComputedMargin",
    "KeptMonth",
    "has_one_tenant",
    "kept_months",
    "list_shares",
    "lock_margin",
    "mark_margin",
    "mark_margins_of",
    "read_kinds",
    "read_month",
    "read_trend",
    "replace_margin",
]

Basis = Literal["invoiced", "accrued"]

ONE_AT_A_TIME: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('margin/' || :basis || '/' || :month, 0))"
)
MARK: Final = text("""
UPDATE margin_months SET revenue_state = 'provisional'
WHERE period = :period AND basis = 'invoiced' AND revenue_state = 'final'
""")
# A month uses the rates of its last day.
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
WRITE_SHARES: Final = f"""
INSERT INTO margin_shares (period, basis, grouping, place, attribution, tenant_id, deployment_id,
                           revenue_cents, cogs_cents)
SELECT %(period)s, %(basis)s, %(grouping)s, share.position, share.attribution, share.tenant_id,
       share.deployment_id, share.revenue_cents, share.cogs_cents
FROM {unnested(Share, "share", is_numbered=True)}
"""
WRITE_KINDS: Final = f"""
INSERT INTO margin_kinds (period, basis, axis, kind, amount_cents)
SELECT %(period)s, %(basis)s, one.* FROM {unnested(KindAmount, "one")}
"""
READ_MONTH: Final = text("SELECT * FROM margin_months WHERE period = :period AND basis = :basis")
READ_KINDS: Final = text("""
SELECT axis, kind, amount_cents FROM margin_kinds WHERE period = :period AND basis = :basis
ORDER BY axis, amount_cents DESC, kind
""")
READ_SHARES: Final = """
SELECT place, attribution, tenant_id, deployment_id, revenue_cents, cogs_cents
FROM margin_shares
WHERE period = :period AND basis = :basis AND grouping = :grouping
  AND place > coalesce(CAST(:after AS integer), 0){tenant}
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
# A holder without a share in a month has zero if the month's amount is known, otherwise unknown.
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
# Results from before the catalog knew the deployment are stored under its tenant and slug.
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
class ComputedMargin:
    """A computed margin of a month."""

    basis: Basis
    whole: MarginMonth
    revenue: Side
    cogs: Side
    by_tenant: Sequence[Share]
    by_deployment: Sequence[Share]


@dataclass(frozen=True, slots=True)
class KeptMonth:
    """How complete a month's margin is, and from which bill."""

    period: date
    is_final: bool
    is_outdated: bool
    """Whether costs were attributed since it was computed."""
    source_version: str
    """The version of the bill; empty for none."""


async def lock_margin(session: WriteSession, period: Period, basis: Basis) -> None:
    """Locks a month's margin until the transaction ends."""
    await session.execute(ONE_AT_A_TIME, {"basis": basis, "month": period.code})


async def mark_margin(session: WriteSession, period: Period) -> None:
    """Marks a month's margin as provisional, because this transaction changes its revenue."""
    await lock_margin(session, period, "invoiced")
    await session.execute(MARK, {"period": period.start})


async def mark_margins_of(session: WriteSession, span: Span) -> None:
    """Marks the margins that use the changed rates of some days as provisional."""
    await session.execute(MARK_SPAN, {"start": span.start, "end": span.end})


async def kept_months(session: ReadSession, before: date, *, limit: int) -> list[KeptMonth]:
    """The months before a given one, least recently computed first."""
    return records_of(KeptMonth, await session.execute(KEPT, {"before": before, "limit": limit}))


async def replace_margin(session: WriteSession, month: ComputedMargin) -> None:
    """Replaces a month's margin. Call `lock_margin` first."""
    key: dict[str, Any] = {"period": month.whole.period, "basis": month.basis}
    for statement in FORGET:
        await session.execute(statement, key)
    whole = asdict(month.whole) | {"exchange_rate_ids": list(month.whole.exchange_rate_ids)}
    await session.execute(WRITE_MONTH, key | whole)
    for grouping, shares in (("tenant", month.by_tenant), ("deployment", month.by_deployment)):
        of = key | {"grouping": grouping}
        await session.on_driver(WRITE_SHARES, of | arrays_of(Share, shares, "share"))
    kinds = [KindAmount("revenue", *kind) for kind in month.revenue.by_kind.items()]
    kinds += [KindAmount("cogs", *kind) for kind in month.cogs.by_kind.items()]
    await session.on_driver(WRITE_KINDS, key | arrays_of(KindAmount, kinds, "one"))


async def read_month(session: ReadSession, period: date, basis: Basis) -> MarginMonth | None:
    """A month's totals; None if it was never computed."""
    found = await session.execute(READ_MONTH, {"period": period, "basis": basis})
    return first_of(MarginMonth, found)


async def read_kinds(session: ReadSession, period: date, basis: Basis) -> list[KindAmount]:
    """A month's amounts by axis and kind, largest first."""
    found = await session.execute(READ_KINDS, {"period": period, "basis": basis})
    return records_of(KindAmount, found)


async def list_shares(
    session: ReadSession,
    period: date,
    basis: Basis,
    grouping: str,
    asked: PageRequest,
    *,
    tenant_id: str = "",
) -> Page[Share]:
    """Shares in order."""
    statement = LIST_TENANTS if tenant_id else LIST_SHARES
    wanted = {"period": period, "basis": basis, "grouping": grouping, "tenant_id": tenant_id}
    return await text_page(session, Share, statement, asked, "place", **wanted)


async def read_trend(
    session: ReadSession,
    first: date,
    last: date,
    *,
    tenant_id: str,
    deployment_id: str,
    slug: DeploymentSlug | None = None,
) -> list[MarginMonth]:
    """The computed months of a range, oldest first; for one tenant or deployment if given.

    `slug` is the deployment's, under which older results may be stored.
    """
    asked: dict[str, Any] = {"first": first, "last": last}
    statement = TREND
    if deployment_id:
        statement = TREND_OF_DEPLOYMENT
        asked |= _of_deployment(tenant_id, deployment_id, slug)
    elif tenant_id:
        statement = TREND_OF_TENANT
        asked |= {"grouping": "tenant", "whose": tenant_id}
    return records_of(MarginMonth, await session.execute(statement, asked))


async def has_one_tenant(
    session: ReadSession,
    first: date,
    last: date,
    *,
    tenant_id: str,
    deployment_id: str,
    slug: DeploymentSlug | None,
) -> bool:
    """Whether the shares of a deployment in a range belong to at most one tenant."""
    asked = {"first": first, "last": last} | _of_deployment(tenant_id, deployment_id, slug)
    return len((await session.execute(TENANTS_OF_DEPLOYMENT, asked)).all()) <= 1


def _of_deployment(
    tenant_id: str, deployment_id: str, slug: DeploymentSlug | None
) -> dict[str, Any]:
    return {
        "grouping": "deployment",
        "whose": deployment_id,
        "tenant_id": tenant_id,
        "slug": slug.slug if slug else None,
        "slug_tenant": slug.tenant_id if slug else "",
    }
