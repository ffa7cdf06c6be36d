"""Sets and ends rebilling rules, between which nothing may be undecided."""

from datetime import date, datetime

from services.catalog.deployments.store.locks import lock_catalog
from services.catalog.rebilling.rules.rebilling import (
    NewRule,
    RebillingRule,
    check_month,
    check_rules_decide,
)
from services.catalog.rebilling.store import all_rules, create_rule, end_rule
from services.common.db.database import WriteSession

__all__ = ["finish_rule", "set_rule"]


async def set_rule(
    session: WriteSession, rule: NewRule, *, created_by: str, now: datetime
) -> RebillingRule:
    """Sets a rule for its months; an earlier rule of its code stays in force outside them.

    Raises InvalidArgument for months that are over, FailedPrecondition if the rule ties with
    another one in some month.
    """
    check_month("effective_from", rule.effective_from, now.date())
    await lock_catalog(session)
    made = await create_rule(session, rule, created_by=created_by, now=now)
    check_rules_decide([one.rule for one in await all_rules(session)])
    return made


async def finish_rule(
    session: WriteSession, code: str, day: date, *, now: datetime
) -> RebillingRule:
    """Ends a rule before a month, and withdraws what is set of it from that month on.

    A rule that begins in that month or later is only withdrawn; its months are then empty, because
    the answer ends when it begins. Raises NotFound if nothing of the rule is in force from then on,
    InvalidArgument for a month that is over, FailedPrecondition if others tie without the rule.
    """
    check_month("effective_to", day, now.date())
    await lock_catalog(session)
    ended = await end_rule(session, code, day, now)
    check_rules_decide([one.rule for one in await all_rules(session)])
    return ended
