"""The tenants of a roll-up, by page, and the outcome of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text, update

from services.analytics.invoicing.invoices.rules.states import Outcome
from services.analytics.invoicing.rollups.rules.rollups import Rollup, TenantOutcome
from services.analytics.invoicing.tables import rollup_tenants, rollups
from services.analytics.usage.store.periods import IS_PRICED_AGAIN
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import arrays_of, unnested
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "BackdatedChange",
    "backdated_cursor",
    "close_plan",
    "list_failures",
    "note_backdated_changes",
    "outcomes_of_page",
    "outcomes_of_tenants",
    "plan_tenants",
    "planned_pages",
    "planned_tenants",
    "record_outcomes",
]

_TENANT = rollup_tenants.c


_PLAN: Final = text("""
    INSERT INTO rollup_tenants (rollup_id, tenant_id, page)
    SELECT :rollup_id, tenant_id, page
    FROM unnest(CAST(:tenants AS text[]), CAST(:pages AS integer[])) AS planned (tenant_id, page)
    ON CONFLICT DO NOTHING
""")


async def plan_tenants(
    session: WriteSession, rollup_id: UUID, pages: Mapping[int, Sequence[str]]
) -> None:
    """Inserts the tenants of some pages; planned tenants keep their page."""
    rows = [(tenant, page) for page, tenants in pages.items() for tenant in tenants]
    await session.execute(
        _PLAN,
        {
            "rollup_id": rollup_id,
            "tenants": [tenant for tenant, _ in rows],
            "pages": [page for _, page in rows],
        },
    )


# Drafts of an earlier run whose tenant is no longer billable: no roll-up would issue them.
_VOID_ORPHANS: Final = text("""
    UPDATE tenant_invoices AS orphan
    SET status = 'void', voided_at = :at, voided_by = 'roll-up',
        void_reason = 'the tenant is not billable in the period'
    FROM rollups
    WHERE rollups.id = :rollup_id AND orphan.period = rollups.period AND orphan.status = 'draft'
      AND orphan.kind = 'month'
      AND NOT EXISTS (SELECT 1 FROM rollup_tenants AS planned
                      WHERE planned.rollup_id = :rollup_id
                        AND planned.tenant_id = orphan.tenant_id)
    RETURNING orphan.id
""")


# These get pages after the last one.
_PLAN_MORE: Final = """
    INSERT INTO rollup_tenants (rollup_id, tenant_id, page)
    SELECT :rollup_id, more.tenant_id,
           (row_number() OVER (ORDER BY more.tenant_id) - 1) / :per_page + 1
               + coalesce((SELECT max(page) FROM rollup_tenants WHERE rollup_id = :rollup_id), 0)
    FROM ({tenants}) AS more
    WHERE NOT EXISTS (SELECT 1 FROM rollup_tenants AS planned
                      WHERE planned.rollup_id = :rollup_id
                        AND planned.tenant_id = more.tenant_id)
"""
# A tenant without a subscription may still have late changes. The condition is that of
# `open_changes`; a change on a draft of the month is billed again if the draft is replaced,
# otherwise the draft is kept.
_PLAN_LATE: Final = text(
    _PLAN_MORE.format(
        tenants=f"""
          SELECT DISTINCT change.tenant_id FROM month_changes AS change
          LEFT JOIN tenant_invoices AS draft ON draft.id = change.invoice_id
          WHERE (change.invoice_id IS NULL
                 OR draft.status = 'draft' AND draft.period = :period)
            AND change.period < :period AND {IS_PRICED_AGAIN}"""
    )
)
# A tenant whose own invoice was voided or credited in full, while later invoices still adjust the
# month: without a subscription in it, the month costs nothing, and the adjustments are credited.
_PLAN_ADJUSTED: Final = text(
    _PLAN_MORE.format(
        tenants="""
          SELECT DISTINCT own.tenant_id FROM tenant_invoices AS own
          JOIN tenant_invoices AS later
            ON later.tenant_id = own.tenant_id AND later.period > own.period
           AND later.status <> 'void' AND later.credited_in_full_at IS NULL
          JOIN tenant_invoice_lines AS line
            ON line.invoice_id = later.id AND line.kind = 'adjustment'
           AND line.service_start >= own.period
           AND line.service_start < own.period + interval '1 month'
          WHERE own.period = :period AND own.kind = 'month'
            AND (own.status = 'void' OR own.credited_in_full_at IS NOT NULL)"""
    )
)
# A tenant with a one-off line may have no subscription. A line on a draft of the month counts
# too, because it is billed again if the draft is replaced.
_PLAN_ONE_OFF: Final = text(
    _PLAN_MORE.format(
        tenants="""
          SELECT DISTINCT line.tenant_id FROM one_off_lines AS line
          LEFT JOIN tenant_invoices AS invoice ON invoice.id = line.invoice_id
          WHERE line.removed_at IS NULL
            AND (line.invoice_id IS NULL
                 OR invoice.status = 'draft' AND invoice.period = :period)"""
    )
)


@dataclass(frozen=True, slots=True)
class BackdatedChange:
    """A change of a subscription that affects a month before the month of the change."""

    tenant_id: str
    deployment_id: str
    effective_from: date


_CURSOR: Final = text("SELECT position FROM read_cursors WHERE name = 'backdated_changes'")
_ADVANCE: Final = text("""
    UPDATE read_cursors SET position = :until
    WHERE name = 'backdated_changes' AND position = :after
""")
# Only closed months: an open month is billed from the data at its close.
_NOTE: Final = f"""
    INSERT INTO month_changes (tenant_id, deployment_id, period, cause, noted_at)
    SELECT DISTINCT change.tenant_id, change.deployment_id, month.period, 'subscription',
           CAST(%(at)s AS timestamptz)
    FROM {unnested(BackdatedChange, "change")}
    JOIN metering_months AS month
      ON month.period >= date_trunc('month', change.effective_from)::date
     AND month.closed_at IS NOT NULL
"""


async def backdated_cursor(session: ReadSession) -> int:
    """The cursor of the catalog's backdated changes."""
    return int((await session.execute(_CURSOR)).scalar_one())


async def note_backdated_changes(
    session: WriteSession,
    changes: Sequence[BackdatedChange],
    *,
    after: int,
    until: int,
    at: datetime,
) -> None:
    """Marks each closed month that a change affects for repricing.

    Covers the changes from one cursor to another; does nothing if another call recorded them.
    """
    advanced = await session.execute(_ADVANCE, {"after": after, "until": until})
    if advanced.rowcount and changes:
        driver = await session.driver()
        await driver.execute(_NOTE, arrays_of(BackdatedChange, changes, "change") | {"at": at})


async def close_plan(
    session: WriteSession, rollup: Rollup, *, per_page: int, at: datetime
) -> list[UUID]:
    """Marks the plan as complete; returns the drafts voided as not billable."""
    rollup_id = rollup.id
    for plan in (_PLAN_LATE, _PLAN_ADJUSTED, _PLAN_ONE_OFF):
        await session.execute(
            plan, {"rollup_id": rollup_id, "period": rollup.period, "per_page": per_page}
        )
    await session.execute(update(rollups).where(rollups.c.id == rollup_id).values(is_planned=True))
    orphans = await session.execute(_VOID_ORPHANS, {"rollup_id": rollup_id, "at": at})
    return list(orphans.scalars())


async def planned_pages(
    session: ReadSession, rollup_id: UUID, *, after: int, limit: int
) -> list[tuple[int, int]]:
    """The pages after a given one that have waiting tenants, with the number of these."""
    statement = (
        select(_TENANT.page, func.count().label("waiting"))
        .where(
            _TENANT.rollup_id == rollup_id,
            _TENANT.outcome == Outcome.PLANNED.value,
            _TENANT.page > after,
        )
        .group_by(_TENANT.page)
        .order_by(_TENANT.page)
        .limit(limit)
    )
    return [(row.page, row.waiting) for row in await session.execute(statement)]


async def planned_tenants(
    session: ReadSession, rollup_id: UUID, *, page: int | None, tenant_ids: Sequence[str]
) -> list[str]:
    """The tenants of a page, or of those named, that are not done."""
    statement = select(_TENANT.tenant_id).where(_TENANT.rollup_id == rollup_id)
    if page is not None:
        statement = statement.where(_TENANT.page == page, _TENANT.outcome == Outcome.PLANNED.value)
    else:
        statement = statement.where(
            _TENANT.tenant_id.in_(tenant_ids),
            _TENANT.outcome.in_(
                (Outcome.PLANNED.value, Outcome.FAILED.value, Outcome.WAITING.value)
            ),
        )
    found = await session.execute(statement.order_by(_TENANT.tenant_id))
    return list(found.scalars())


async def list_failures(
    session: ReadSession, rollup_id: UUID, asked: PageRequest
) -> Page[TenantOutcome]:
    """The failed and the waiting tenants, by tenant."""
    statement = select(rollup_tenants).where(
        _TENANT.rollup_id == rollup_id,
        _TENANT.outcome.in_((Outcome.FAILED.value, Outcome.WAITING.value)),
    )
    return await page_of(session, TenantOutcome, statement, asked, _TENANT.tenant_id)


_RECORD: Final = f"""
    UPDATE rollup_tenants AS tenant
    SET outcome = told.outcome, deployment_id = told.deployment_id, reason = told.reason,
        message = told.message, attempt_count = tenant.attempt_count + 1, attempted_at = %(at)s
    FROM {unnested(TenantOutcome, "told")}
    WHERE tenant.rollup_id = %(rollup_id)s AND tenant.tenant_id = told.tenant_id
"""


async def record_outcomes(
    session: WriteSession, rollup_id: UUID, outcomes: Sequence[TenantOutcome], at: datetime
) -> None:
    """Records the outcomes of tenants and counts the attempt."""
    driver = await session.driver()
    told = arrays_of(TenantOutcome, outcomes, "told")
    await driver.execute(_RECORD, told | {"rollup_id": rollup_id, "at": at})


async def outcomes_of_page(session: ReadSession, rollup_id: UUID, page: int) -> dict[str, int]:
    """The number of tenants of a page with each outcome."""
    return await _counted(session, rollup_id, _TENANT.page == page)


async def outcomes_of_tenants(
    session: ReadSession, rollup_id: UUID, tenant_ids: Sequence[str]
) -> dict[str, int]:
    """The number of the given tenants with each outcome."""
    return await _counted(session, rollup_id, _TENANT.tenant_id.in_(tenant_ids))


async def _counted(session: ReadSession, rollup_id: UUID, which: Any) -> dict[str, int]:
    statement = (
        select(_TENANT.outcome, func.count().label("tenants"))
        .where(_TENANT.rollup_id == rollup_id, which)
        .group_by(_TENANT.outcome)
    )
    return {row.outcome: row.tenants for row in await session.execute(statement)}
