"""The running month per subscription, as a pass over the subscriptions found it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Row, text

from services.analytics.generations.store import Pass, page_of
from services.common.db.database import ReadSession, WriteSession
from services.common.values.periods import Period

__all__ = [
    "Accrual",
    "AccrualFailure",
    "forget_accruals",
    "list_accruals",
    "list_failures",
    "metered_until",
    "write_accruals",
]

FORGET_PAGE: Final = """
DELETE FROM accruals WHERE period = %(period)s AND pass_id = %(pass_id)s AND page = %(page)s
"""
WRITE: Final = """
INSERT INTO accruals (period, pass_id, page, subscription_id, deployment_id, tenant_id,
                      accrued_cents, recurring_cents, overage_cents, ad_hoc_cents, kind_cents,
                      currency, inputs_json, inputs_hash, engine_version, result_hash)
SELECT %(period)s, %(pass_id)s, %(page)s, a.subscription_id, a.deployment_id, a.tenant_id,
       a.recurring + a.overage + a.ad_hoc, a.recurring, a.overage, a.ad_hoc,
       a.kind_cents::jsonb, a.currency, a.inputs_json, a.inputs_hash, a.engine_version,
       a.result_hash
FROM unnest(%(subscriptions)b::text[], %(deployments)b::text[], %(tenants)b::text[],
            %(recurring)b::bigint[], %(overage)b::bigint[], %(ad_hoc)b::bigint[],
            %(kinds)b::text[], %(currencies)b::text[], %(inputs)b::text[],
            %(inputs_hashes)b::text[], %(engines)b::text[], %(result_hashes)b::text[])
     AS a (subscription_id, deployment_id, tenant_id, recurring, overage, ad_hoc, kind_cents,
           currency, inputs_json, inputs_hash, engine_version, result_hash)
"""
FORGET: Final = [
    text(f"DELETE FROM {table} WHERE period = :period AND pass_id = ANY(:pass_ids)")
    for table in ("accruals", "accrual_failures")
]
FORGET_FAILURES: Final = FORGET_PAGE.replace("accruals", "accrual_failures")
WRITE_FAILURES: Final = """
INSERT INTO accrual_failures (period, pass_id, page, subscription_id, deployment_id, tenant_id,
                              reason, message)
SELECT %(period)s, %(pass_id)s, %(page)s, f.*
FROM unnest(%(subscriptions)b::text[], %(deployments)b::text[], %(tenants)b::text[],
            %(reasons)b::text[], %(messages)b::text[]) AS f
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
  AND (a.tenant_id, a.deployment_id, a.subscription_id) > (:tenant, :deployment, :subscription)
ORDER BY a.tenant_id, a.deployment_id, a.subscription_id
LIMIT :limit
""")
METERED_UNTIL: Final = text("""
SELECT max(until) FROM work_passes
WHERE work = 'metering' AND state = 'current' AND subject >= :start AND subject < :end
""")


@dataclass(frozen=True, slots=True)
class Accrual:
    """What a subscription has come to, without tax, in whole cents of its currency."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    recurring_cents: int
    """Of the part of the month that it covers."""
    overage_cents: int
    ad_hoc_cents: int
    kind_cents: dict[str, int]
    """The same by the kind that is billed."""
    currency: str
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str


@dataclass(frozen=True, slots=True)
class AccrualFailure:
    """A subscription that could not be priced, and why."""

    subscription_id: str
    deployment_id: str
    tenant_id: str
    reason: str
    message: str


async def write_accruals(
    session: WriteSession,
    of: Pass,
    token: str,
    accruals: Sequence[Accrual],
    failures: Sequence[AccrualFailure],
) -> None:
    """Writes a page of accruals, and of those that could not be priced, in place of itself."""
    driver = await session.driver()
    page: dict[str, Any] = {"period": of.subject, "pass_id": of.id, "page": page_of(token)}
    await driver.execute(FORGET_PAGE, page)
    arrays: dict[str, list[Any]] = {
        "subscriptions": [one.subscription_id for one in accruals],
        "deployments": [one.deployment_id for one in accruals],
        "tenants": [one.tenant_id for one in accruals],
        "recurring": [one.recurring_cents for one in accruals],
        "overage": [one.overage_cents for one in accruals],
        "ad_hoc": [one.ad_hoc_cents for one in accruals],
        "kinds": [orjson.dumps(one.kind_cents).decode() for one in accruals],
        "currencies": [one.currency for one in accruals],
        "inputs": [one.inputs_json for one in accruals],
        "inputs_hashes": [one.inputs_hash for one in accruals],
        "engines": [one.engine_version for one in accruals],
        "result_hashes": [one.result_hash for one in accruals],
    }
    await driver.execute(WRITE, {**page, **arrays})
    await driver.execute(FORGET_FAILURES, page)
    if failures:
        failed = {
            "subscriptions": [one.subscription_id for one in failures],
            "deployments": [one.deployment_id for one in failures],
            "tenants": [one.tenant_id for one in failures],
            "reasons": [one.reason for one in failures],
            "messages": [one.message for one in failures],
        }
        await driver.execute(WRITE_FAILURES, {**page, **failed})


async def forget_accruals(session: WriteSession, of: Pass, pass_ids: Sequence[int]) -> None:
    """Deletes what replaced passes found."""
    if pass_ids:
        for statement in FORGET:
            await session.execute(statement, {"period": of.subject, "pass_ids": list(pass_ids)})


async def list_failures(session: ReadSession, period: Period, *, limit: int) -> Sequence[Row[Any]]:
    """The subscriptions that could not be priced, by tenant and deployment."""
    return (await session.execute(FAILURES, {"period": period.start, "limit": limit})).all()


async def list_accruals(
    session: ReadSession,
    period: Period,
    *,
    tenant_id: str,
    deployment_id: str,
    after: tuple[str, str, str],
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of accruals by tenant and deployment; `after` is the last one's place."""
    parameters = {
        "period": period.start, "tenant_id": tenant_id, "deployment_id": deployment_id,
        "tenant": after[0], "deployment": after[1], "subscription": after[2], "limit": limit,
    }  # fmt: skip
    return (await session.execute(LIST, parameters)).all()


async def metered_until(session: ReadSession, period: Period) -> datetime | None:
    """Up to when usage of a period is known; None when none of it is."""
    row = await session.execute(METERED_UNTIL, {"start": period.start, "end": period.end})
    until: datetime | None = row.scalar_one()
    return until
