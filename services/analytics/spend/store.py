"""Caps and their breaches: read and changed in sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.analytics.spend.rules import AT_REST, Spent, Status
from services.common.db.database import ReadSession, WriteSession
from services.common.errors import NotFound

__all__ = [
    "NewPolicy",
    "Reached",
    "create_policy",
    "decide",
    "delete_policy",
    "list_breaches",
    "list_policies",
    "locked_breach",
    "open_breaches",
    "page_of_spending",
    "record_outcome",
    "spent_of",
    "update_policy",
    "waiting_breaches",
]

CREATE: Final = text("""
INSERT INTO spend_policies
    (tenant_id, deployment_id, cap_cents, currency, action, created_by, created_at)
VALUES (:tenant_id, :deployment_id, :cap_cents, :currency, :action, :by, :now)
RETURNING *
""")
UPDATE: Final = text("""
UPDATE spend_policies
SET cap_cents = coalesce(:cap_cents, cap_cents), action = coalesce(:action, action)
WHERE id = :id AND deleted_at IS NULL
RETURNING *
""")
DELETE: Final = text("""
UPDATE spend_policies SET deleted_at = :now WHERE id = :id AND deleted_at IS NULL RETURNING id
""")
WITHDRAW: Final = text("""
UPDATE spend_breaches SET status = 'withdrawn', finished_at = :now
WHERE policy_id = :id AND status IN ('open', 'awaiting_approval')
""")
LIST: Final = text("""
SELECT * FROM spend_policies
WHERE deleted_at IS NULL
  AND (CAST(:tenant_id AS text) = '' OR tenant_id = :tenant_id)
  AND (CAST(:deployment_id AS text) = '' OR deployment_id = :deployment_id)
  AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
ORDER BY id DESC
LIMIT :limit
""")
LIST_BREACHES: Final = text("""
SELECT * FROM spend_breaches
WHERE (CAST(:tenant_id AS text) = '' OR tenant_id = :tenant_id)
  AND (CAST(:status AS text) = '' OR status = :status)
  AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
ORDER BY id DESC
LIMIT :limit
""")
# A page of policies, each with what its tenant or deployment has come to by currency, and the
# rate of the day into the policy's own.
SPENDING: Final = text("""
SELECT p.*, s.currencies, s.cents, s.rates
FROM (
    SELECT * FROM spend_policies
    WHERE deleted_at IS NULL AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid))
    ORDER BY id LIMIT :limit
) AS p
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(t.currency), '{}') AS currencies,
           coalesce(array_agg(t.cents), '{}') AS cents,
           coalesce(array_agg(r.rate), '{}') AS rates
    FROM (
        SELECT a.currency, CAST(sum(a.accrued_cents) AS bigint) AS cents
        FROM accruals AS a
        JOIN work_passes AS w ON w.id = a.pass_id
        WHERE w.work = 'accrual' AND w.subject = :period AND w.state = 'current'
          AND a.tenant_id = p.tenant_id
          AND (p.deployment_id = '' OR a.deployment_id = p.deployment_id)
        GROUP BY a.currency
    ) AS t
    LEFT JOIN exchange_rates AS r
      ON r.from_currency = t.currency AND r.to_currency = p.currency AND r.superseded_at IS NULL
     AND daterange(r.effective_from, r.effective_to) @> CAST(:day AS date)
) AS s
ORDER BY p.id
""")
OPEN: Final = """
INSERT INTO spend_breaches
    (policy_id, period, tenant_id, deployment_id, cap_cents, currency, action,
     policy_created_by, policy_created_at, accrued_cents, occurred_at)
SELECT p.id, %(period)s, p.tenant_id, p.deployment_id, p.cap_cents, p.currency, p.action,
       p.created_by, p.created_at, r.accrued_cents, %(now)s
FROM unnest(%(ids)s::uuid[], %(accrued)s::bigint[]) AS r (id, accrued_cents)
JOIN spend_policies AS p ON p.id = r.id
ON CONFLICT ON CONSTRAINT spend_breaches_once DO NOTHING
"""
WAITING: Final = text("""
SELECT * FROM spend_breaches
WHERE policy_id = ANY(CAST(:ids AS uuid[]))
  AND (status IN ('open', 'refused') OR (status = 'awaiting_approval' AND period < :period))
ORDER BY id
""")
LOCK: Final = text("SELECT * FROM spend_breaches WHERE id = :id FOR UPDATE")
RECORD: Final = text("""
UPDATE spend_breaches
SET status = :status,
    workflow_id = coalesce(nullif(CAST(:workflow_id AS text), ''), workflow_id),
    run_id = coalesce(nullif(CAST(:run_id AS text), ''), run_id),
    started_at = coalesce(started_at, :now),
    finished_at = CASE WHEN :at_rest THEN coalesce(finished_at, :now) END
WHERE id = :id
RETURNING *
""")
DECIDE: Final = text("""
UPDATE spend_breaches
SET status = :status, decided_by = :by, reason = :reason, decided_at = :now
WHERE id = :id
RETURNING *
""")


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A cap to set: of a month's accrual without tax, in whole cents of the currency."""

    tenant_id: str
    deployment_id: str
    cap_cents: int
    currency: str
    action: str


@dataclass(frozen=True, slots=True)
class Reached:
    """A policy whose cap is reached, and by what, in whole cents of its currency."""

    policy_id: UUID
    accrued_cents: int


async def create_policy(
    session: WriteSession, new: NewPolicy, *, by: str, now: datetime
) -> Row[Any]:
    """Sets a cap."""
    values = {name: getattr(new, name) for name in NewPolicy.__slots__}
    return (await session.execute(CREATE, {**values, "by": by, "now": now})).one()


async def update_policy(
    session: WriteSession, policy_id: UUID, *, cap_cents: int | None, action: str | None
) -> Row[Any]:
    """Changes a cap or what happens at it; None stays as it is. Raises NotFound."""
    values = {"id": policy_id, "cap_cents": cap_cents, "action": action}
    return _found((await session.execute(UPDATE, values)).first(), "spend policy", policy_id)


async def delete_policy(session: WriteSession, policy_id: UUID, now: datetime) -> None:
    """Ends a policy, and what waits for a decision upon it. Raises NotFound."""
    row = (await session.execute(DELETE, {"id": policy_id, "now": now})).first()
    _found(row, "spend policy", policy_id)
    await session.execute(WITHDRAW, {"id": policy_id, "now": now})


async def list_policies(
    session: ReadSession, *, tenant_id: str, deployment_id: str, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Policies, newest first; `before` is the last one of the page before."""
    values = {
        "tenant_id": tenant_id, "deployment_id": deployment_id, "before": before, "limit": limit,
    }  # fmt: skip
    return (await session.execute(LIST, values)).all()


async def list_breaches(
    session: ReadSession, *, tenant_id: str, status: str, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Breaches, newest first; `before` is the last one of the page before."""
    values = {"tenant_id": tenant_id, "status": status, "before": before, "limit": limit}
    return (await session.execute(LIST_BREACHES, values)).all()


async def page_of_spending(
    session: ReadSession, period: date, day: date, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Policies with what they cap has come to in a month, at the rates of a day."""
    values = {"period": period, "day": day, "after": after, "limit": limit}
    return (await session.execute(SPENDING, values)).all()


def spent_of(row: Row[Any]) -> list[Spent]:
    """The amounts of a row of `page_of_spending`."""
    return [
        Spent(currency, cents, rate)
        for currency, cents, rate in zip(row.currencies, row.cents, row.rates, strict=True)
    ]


async def open_breaches(
    session: WriteSession, period: date, reached: Sequence[Reached], now: datetime
) -> None:
    """Opens a breach for each, unless the policy has one in that month."""
    driver = await session.driver()
    values = {
        "period": period,
        "now": now,
        "ids": [one.policy_id for one in reached],
        "accrued": [one.accrued_cents for one in reached],
    }
    await driver.execute(OPEN, values)


async def waiting_breaches(
    session: ReadSession, policy_ids: Sequence[UUID], period: date
) -> Sequence[Row[Any]]:
    """Of these policies, the breaches about which something is still to be done.

    Of those that await a decision, the ones of a month before `period`: they end undecided.
    """
    return (await session.execute(WAITING, {"ids": list(policy_ids), "period": period})).all()


async def locked_breach(session: WriteSession, breach_id: UUID) -> Row[Any]:
    """A breach that nobody moves until this transaction ends. Raises NotFound."""
    row = (await session.execute(LOCK, {"id": breach_id})).first()
    return _found(row, "spend breach", breach_id)


async def record_outcome(
    session: WriteSession,
    breach_id: UUID,
    status: Status,
    *,
    workflow_id: str,
    run_id: str,
    now: datetime,
) -> Row[Any]:
    """Keeps where a locked breach stands, and the run that deals with it."""
    values = {
        "id": breach_id, "status": status, "workflow_id": workflow_id, "run_id": run_id,
        "at_rest": status in AT_REST, "now": now,
    }  # fmt: skip
    return (await session.execute(RECORD, values)).one()


async def decide(
    session: WriteSession, breach_id: UUID, status: Status, *, by: str, reason: str, now: datetime
) -> Row[Any]:
    """Keeps what an operator decided of a locked breach."""
    values = {"id": breach_id, "status": status, "by": by, "reason": reason, "now": now}
    return (await session.execute(DECIDE, values)).one()


def _found(row: Row[Any] | None, what: str, identifier: UUID) -> Row[Any]:
    if row is None:
        raise NotFound(what, str(identifier))
    return row
