"""The SQL of rebilling rules."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.catalog.plans.rules.matches import match_of
from services.catalog.rebilling.rules.rebilling import Basis, LateBill, NewRule, RebillingRule
from services.catalog.rebilling.tables import rebilling_rules
from services.common.db.database import ReadSession, WriteSession
from services.common.db.effective_rows import set_row
from services.common.db.records import record_of
from services.common.errors import NotFound
from services.common.rpc.paging import Page, PageRequest
from services.common.values.cost_plus import Markup
from services.common.values.effective_dates import Span
from services.common.values.periods import Period

__all__ = ["all_rules", "create_rule", "end_row", "end_rule", "list_rules", "rules_in"]

COLUMNS: Final = """
id, code, basis, match, percent, fixed_cents, step_cents, floor_cents, currency, takes_all,
late_bill, effective_from, effective_to, created_by, created_at, continues
"""
SELECT: Final = f"SELECT {COLUMNS} FROM rebilling_rules WHERE superseded_at IS NULL"

ALL: Final = text(f"{SELECT} ORDER BY code, effective_from")

IN_PERIOD: Final = text(f"""
{SELECT} AND effective_from < :end
  AND (effective_to IS NULL OR effective_to > :start)
ORDER BY code, effective_from
""")

LIST: Final = text(f"""
{SELECT}
  AND (CAST(:day AS date) IS NULL OR daterange(effective_from, effective_to) @> CAST(:day AS date))
  AND (CAST(:after_code AS text) IS NULL OR code > CAST(:after_code AS text)
       OR code = CAST(:after_code AS text) AND effective_from < CAST(:after_day AS date))
ORDER BY code, effective_from DESC
LIMIT :limit
""")

_END: Final = """
UPDATE rebilling_rules
SET effective_to = CASE WHEN effective_from < :day THEN :day ELSE effective_to END,
    superseded_at = CASE WHEN effective_from >= :day THEN CAST(:now AS timestamptz) END
WHERE superseded_at IS NULL AND (effective_to IS NULL OR effective_to > :day)
"""
END: Final = text(f"{_END} AND code = :code RETURNING {COLUMNS}")
END_ROW: Final = text(f"{_END} AND id = :id")


@dataclass(frozen=True, slots=True)
class _Made:
    """What the database gives a new row."""

    id: UUID


async def all_rules(session: ReadSession) -> list[RebillingRule]:
    """Every rule ever set, by code and first month."""
    return [_rule(row) for row in await session.execute(ALL)]


async def rules_in(session: ReadSession, period: Period) -> list[RebillingRule]:
    """The rules in force on a day of a period, by code."""
    values = {"start": period.start, "end": period.end}
    return [_rule(row) for row in await session.execute(IN_PERIOD, values)]


async def list_rules(
    session: ReadSession, day: date | None, asked: PageRequest
) -> Page[RebillingRule]:
    """Rules by code, newest first."""
    code, start = asked.after or (None, None)
    values = {"day": day, "after_code": code, "after_day": start, "limit": asked.limit}
    found = [_rule(row) for row in await session.execute(LIST, values)]
    return asked.page(found, attrgetter("rule.code", "rule.effective_from"))


async def create_rule(
    session: WriteSession, rule: NewRule, *, created_by: str, now: datetime
) -> RebillingRule:
    """Sets a rule for its months; an earlier rule of its code stays in force outside them.

    Raises FailedPrecondition if a rule without an end would overlap one with a later start.
    """
    made = await set_row(
        session,
        rebilling_rules,
        _Made,
        same={"code": rule.code},
        values={
            "basis": rule.basis.value,
            "match": {key: list(values) for key, values in rule.match},
            **asdict(rule.markup),
            "currency": rule.currency,
            "takes_all": rule.takes_all,
            "late_bill": rule.late_bill and rule.late_bill.value,
            "created_by": created_by,
            "created_at": now,
        },
        span=Span(rule.effective_from, rule.effective_to),
        reason="RULE_OVERLAPS",
    )
    return RebillingRule(made.id, rule, created_by, now)


async def end_rule(session: WriteSession, code: str, day: date, now: datetime) -> RebillingRule:
    """Ends a rule; `day` is exclusive. Withdraws its rows that begin then or later.

    Returns the first of these rows, which ends when it begins if it is withdrawn. Raises NotFound
    if there are none.
    """
    rows = (await session.execute(END, {"code": code, "day": day, "now": now})).all()
    if not rows:
        raise NotFound("rebilling rule", code)
    first = min(map(_rule, rows), key=attrgetter("rule.effective_from"))
    start = first.rule.effective_from
    return replace(first, rule=replace(first.rule, effective_to=max(start, day)))


async def end_row(session: WriteSession, identifier: UUID, day: date, now: datetime) -> None:
    """Ends a row of a rule; `day` is exclusive. Withdraws it if it begins then or later."""
    await session.execute(END_ROW, {"id": identifier, "day": day, "now": now})


def _rule(row: Row[Any]) -> RebillingRule:
    rule = NewRule(
        code=row.code,
        basis=Basis(row.basis),
        match=match_of(row.match),
        markup=record_of(Markup, row),
        currency=row.currency,
        takes_all=row.takes_all,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        late_bill=row.late_bill and LateBill(row.late_bill),
    )
    return RebillingRule(row.id, rule, row.created_by, row.created_at, row.continues)
