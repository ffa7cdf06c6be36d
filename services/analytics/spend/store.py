"""The SQL of spending caps and their breaches."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Executable, text

from services.analytics.spend.rules import AT_REST, Breach, Policy, Reached, Spending, Status
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import arrays_of, found_of, record_of, records_of, unnested
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "create_policy",
    "decide",
    "delete_policy",
    "list_breaches",
    "list_policies",
    "locked_breach",
    "open_breaches",
    "page_of_spending",
    "pending_breaches",
    "record_outcome",
    "update_policy",
]

T = TypeVar("T")

CREATE: Final = text("""
INSERT INTO spend_policies
    (tenant_id, deployment_id, cap_cents, currency, action, created_by, created_at)
VALUES (:tenant_id, :deployment_id, :cap_cents, :currency, :action, :created_by, :created_at)
RETURNING *
""")
UPDATE: Final = text("""
UPDATE spend_policies
SET cap_cents = coalesce(:cap_cents, cap_cents), action = coalesce(:action, action)
WHERE id = :id AND deleted_at IS NULL
RETURNING *
""")
DELETE: Final = text("""
UPDATE spend_policies SET deleted_at = :now WHERE id = :id AND deleted_at IS NULL RETURNING *
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
  AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
ORDER BY id DESC
LIMIT :limit
""")
LIST_BREACHES: Final = text("""
SELECT * FROM spend_breaches
WHERE (CAST(:tenant_id AS text) = '' OR tenant_id = :tenant_id)
  AND (CAST(:status AS text) = '' OR status = :status)
  AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
ORDER BY id DESC
LIMIT :limit
""")
# A page of policies, each with the accrual of its tenant or deployment by currency, and the day's
# rate to the policy's currency.
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
OPEN: Final = f"""
INSERT INTO spend_breaches
    (policy_id, period, tenant_id, deployment_id, cap_cents, currency, action,
     policy_created_by, policy_created_at, accrued_cents, occurred_at)
SELECT p.id, %(period)s, p.tenant_id, p.deployment_id, p.cap_cents, p.currency, p.action,
       p.created_by, p.created_at, r.accrued_cents, %(now)s
FROM {unnested(Reached, "r")}
JOIN spend_policies AS p ON p.id = r.policy_id
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


async def create_policy(session: WriteSession, policy: Policy) -> Policy:
    """Inserts a policy."""
    return record_of(Policy, (await session.execute(CREATE, asdict(policy))).one())


async def update_policy(
    session: WriteSession, policy_id: UUID, *, cap_cents: int | None, action: str | None
) -> Policy:
    """Changes a policy's cap or action; None keeps the value. Raises NotFound."""
    values = {"id": policy_id, "cap_cents": cap_cents, "action": action}
    return await _changed(session, Policy, UPDATE, values)


async def delete_policy(session: WriteSession, policy_id: UUID, now: datetime) -> None:
    """Ends a policy and its breaches that await a decision. Raises NotFound."""
    await _changed(session, Policy, DELETE, {"id": policy_id, "now": now})
    await session.execute(WITHDRAW, {"id": policy_id, "now": now})


async def list_policies(
    session: ReadSession, asked: PageRequest, *, tenant_id: str, deployment_id: str
) -> Page[Policy]:
    """Policies, newest first."""
    wanted = {"tenant_id": tenant_id, "deployment_id": deployment_id}
    return await text_page(session, Policy, LIST, asked, "id", **wanted)


async def list_breaches(
    session: ReadSession, asked: PageRequest, *, tenant_id: str, status: str
) -> Page[Breach]:
    """Breaches, newest first."""
    wanted = {"tenant_id": tenant_id, "status": status}
    return await text_page(session, Breach, LIST_BREACHES, asked, "id", **wanted)


async def page_of_spending(
    session: ReadSession, asked: PageRequest, period: date, day: date
) -> Page[Spending]:
    """Policies with their accruals in a month, at the rates of a day."""
    dates = {"period": period, "day": day}
    return await text_page(session, Spending, SPENDING, asked, "policy.id", **dates)


async def open_breaches(
    session: WriteSession, period: date, reached: Sequence[Reached], now: datetime
) -> None:
    """Opens a breach per policy, unless it has one in that month."""
    values = arrays_of(Reached, reached, "r") | {"period": period, "now": now}
    await session.on_driver(OPEN, values)


async def pending_breaches(
    session: ReadSession, policy_ids: Sequence[UUID], period: date
) -> list[Breach]:
    """The open breaches of these policies.

    Breaches that await a decision are included only if they are of a month before `period`: they
    end undecided.
    """
    asked = {"ids": list(policy_ids), "period": period}
    return records_of(Breach, await session.execute(WAITING, asked))


async def locked_breach(session: WriteSession, breach_id: UUID) -> Breach:
    """A breach, locked until the transaction ends. Raises NotFound."""
    return await _changed(session, Breach, LOCK, {"id": breach_id})


async def record_outcome(
    session: WriteSession,
    breach_id: UUID,
    status: Status,
    *,
    workflow_id: str,
    run_id: str,
    now: datetime,
) -> Breach:
    """Stores the status of a locked breach and its workflow run."""
    values = {
        "id": breach_id, "status": status, "workflow_id": workflow_id, "run_id": run_id,
        "at_rest": status in AT_REST, "now": now,
    }  # fmt: skip  # a table
    return await _changed(session, Breach, RECORD, values)


async def decide(
    session: WriteSession, breach_id: UUID, status: Status, *, by: str, reason: str, now: datetime
) -> Breach:
    """Stores an operator's decision on a locked breach."""
    values = {"id": breach_id, "status": status, "by": by, "reason": reason, "now": now}
    return await _changed(session, Breach, DECIDE, values)


async def _changed(
    session: WriteSession, kind: type[T], statement: Executable, values: dict[str, Any]
) -> T:
    """The record of the row that a statement returns. Raises NotFound."""
    changed = await session.execute(statement, values)
    return found_of(kind, changed, f"spend {kind.__name__.lower()}", values["id"])
