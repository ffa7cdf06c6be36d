"""Accruals of the running month per subscription, by generation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from services.analytics.generations.store import Generation, page_of
from services.analytics.margin.rules.summary import Accrual, AccrualFailure
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import arrays_of, records_of, unnested
from services.common.rpc.paging import Page, PageRequest
from services.common.values.periods import Period

__all__ = ["forget_accruals", "list_accruals", "list_failures", "metered_until", "write_accruals"]

FORGET_PAGE: Final = """
DELETE FROM accruals WHERE period = %(period)s AND pass_id = %(pass_id)s AND page = %(page)s
"""
WRITE: Final = f"""
INSERT INTO accruals (period, pass_id, page, subscription_id, deployment_id, tenant_id,
                      accrued_cents, recurring_cents, overage_cents, ad_hoc_cents,
                      rebilled_cents, kind_cents, currency, inputs_json, inputs_hash,
                      engine_version, result_hash)
SELECT %(period)s, %(pass_id)s, %(page)s, a.subscription_id, a.deployment_id, a.tenant_id,
       a.recurring_cents + a.overage_cents + a.ad_hoc_cents + a.rebilled_cents, a.recurring_cents,
       a.overage_cents, a.ad_hoc_cents, a.rebilled_cents, a.kind_cents::jsonb, a.currency,
       a.inputs_json, a.inputs_hash, a.engine_version, a.result_hash
FROM {unnested(Accrual, "a")}
"""
FORGET: Final = [
    text(f"DELETE FROM {table} WHERE period = :period AND pass_id = ANY(:pass_ids)")
    for table in ("accruals", "accrual_failures")
]
FORGET_FAILURES: Final = FORGET_PAGE.replace("accruals", "accrual_failures")
WRITE_FAILURES: Final = f"""
INSERT INTO accrual_failures (period, pass_id, page, subscription_id, deployment_id, tenant_id,
                              reason, message)
SELECT %(period)s, %(pass_id)s, %(page)s, failed.* FROM {unnested(AccrualFailure, "failed")}
"""
FAILURES: Final = text("""
SELECT f.* FROM accrual_failures AS f JOIN work_passes AS p ON p.id = f.pass_id
WHERE p.work = 'accrual' AND p.subject = :period AND p.state = 'current'
ORDER BY f.tenant_id, f.deployment_id, f.subscription_id LIMIT :limit
""")
LIST: Final = text("""
SELECT a.*, p.until AS usage_until
FROM accruals AS a JOIN work_passes AS p ON p.id = a.pass_id
WHERE p.work = 'accrual' AND p.subject = :period AND p.state = 'current'
  AND (:tenant_id = '' OR a.tenant_id = :tenant_id)
  AND (:deployment_id = '' OR a.deployment_id = :deployment_id)
  AND (a.tenant_id, a.deployment_id, a.subscription_id)
      > (:after_tenant, :after_deployment, :after_subscription)
ORDER BY a.tenant_id, a.deployment_id, a.subscription_id
LIMIT :limit
""")
METERED_UNTIL: Final = text("""
SELECT max(until) FROM work_passes
WHERE work = 'metering' AND state = 'current' AND subject >= :start AND subject < :end
""")


async def write_accruals(
    session: WriteSession,
    of: Generation,
    token: str,
    accruals: Sequence[Accrual],
    failures: Sequence[AccrualFailure],
) -> None:
    """Writes a page of accruals and pricing errors, replacing earlier writes of the page."""
    page: dict[str, Any] = {"period": of.subject, "pass_id": of.id, "page": page_of(token)}
    await session.on_driver(FORGET_PAGE, page)
    await session.on_driver(WRITE, page | arrays_of(Accrual, accruals, "a"))
    await session.on_driver(FORGET_FAILURES, page)
    if failures:
        failed = arrays_of(AccrualFailure, failures, "failed")
        await session.on_driver(WRITE_FAILURES, page | failed)


async def forget_accruals(session: WriteSession, of: Generation, pass_ids: Sequence[int]) -> None:
    """Deletes the rows of replaced generations."""
    if pass_ids:
        for statement in FORGET:
            await session.execute(statement, {"period": of.subject, "pass_ids": list(pass_ids)})


async def list_failures(
    session: ReadSession, period: Period, *, limit: int
) -> list[AccrualFailure]:
    """The subscriptions that could not be priced, by tenant and deployment."""
    found = await session.execute(FAILURES, {"period": period.start, "limit": limit})
    return records_of(AccrualFailure, found)


async def list_accruals(
    session: ReadSession, period: Period, asked: PageRequest, *, tenant_id: str, deployment_id: str
) -> Page[Accrual]:
    """Accruals by tenant and deployment."""
    wanted = {"period": period.start, "tenant_id": tenant_id, "deployment_id": deployment_id}
    place = ("tenant_id", "deployment_id", "subscription_id")
    tenant, deployment, subscription = asked.after or ("", "", "")
    wanted |= {"after_tenant": tenant, "after_deployment": deployment}
    wanted["after_subscription"] = subscription
    return await text_page(session, Accrual, LIST, asked, *place, **wanted)


async def metered_until(session: ReadSession, period: Period) -> datetime | None:
    """The time up to which usage of a period is known; None if it has none."""
    row = await session.execute(METERED_UNTIL, {"start": period.start, "end": period.end})
    until: datetime | None = row.scalar_one()
    return until
