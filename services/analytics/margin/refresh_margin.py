"""Computes a month's margin from invoiced or accrued revenue and attributed costs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction

from services.analytics.generations.store import Generation, Work, current_generation
from services.analytics.margin.rules import summary
from services.analytics.margin.rules.attribution import Holder
from services.analytics.margin.rules.conversion import Conversion, Rate
from services.analytics.margin.rules.summary import REPORTING_CURRENCY, MarginMonth, Side, State
from services.analytics.margin.store import totals
from services.analytics.margin.store.months import (
    Basis,
    ComputedMargin,
    lock_margin,
    replace_margin,
)
from services.analytics.margin.store.rates import lock_rates, rate_in_force
from services.analytics.margin.store.totals import Amount
from services.common.db.database import ReadSession, WriteSession
from services.common.values.periods import Period

__all__ = ["conversion_of", "refresh_accrued_margin", "refresh_invoiced_margin"]


async def refresh_invoiced_margin(
    session: WriteSession, period: Period, *, now: datetime
) -> ComputedMargin:
    """Recomputes a closed month's margin from its issued invoices and its attributed bill."""
    # Lock first, so that a change of an invoice marks the month either before or after this.
    await lock_margin(session, period, "invoiced")
    state = await totals.invoiced_state(session, period.start)
    revenue = await totals.invoiced_amounts(session, period.start)
    costs = await current_generation(session, Work.COSTS, period.start)
    return await _refresh(session, period, "invoiced", (state, revenue), costs, now=now)


async def refresh_accrued_margin(
    session: WriteSession, period: Period, accrual: Generation, *, now: datetime
) -> ComputedMargin:
    """Recomputes the running month's margin from an accrual and the daily costs."""
    await lock_margin(session, period, "accrued")
    revenue = await totals.accrued_amounts(session, accrual)
    costs = await current_generation(session, Work.DAILY_COSTS, period.start)
    side_of_revenue = (State.PROVISIONAL, revenue)
    return await _refresh(
        session, period, "accrued", side_of_revenue, costs, now=now, usage_until=accrual.until
    )


async def _refresh(
    session: WriteSession,
    period: Period,
    basis: Basis,
    revenue: tuple[State, list[Amount]],
    costs: Generation | None,
    *,
    now: datetime,
    usage_until: datetime | None = None,
) -> ComputedMargin:
    spent = await totals.cost_amounts(session, costs) if costs else []
    await lock_rates(session)
    currencies = {amount.currency for amount in [*revenue[1], *spent]}
    conversion = await conversion_of(session, period, currencies)
    earned_side = _side(*revenue, conversion)
    cost_side = _side(_cost_state(costs, spent), spent, conversion)
    month = ComputedMargin(
        basis=basis,
        whole=MarginMonth(
            period=period.start,
            revenue_cents=earned_side.total_cents,
            cogs_cents=cost_side.total_cents,
            revenue_state=earned_side.state,
            cogs_state=cost_side.state,
            reporting_currency=conversion.reporting_currency,
            exchange_rate_ids=tuple(sorted(conversion.used)),
            parity_assumed=conversion.parity_assumed,
            usage_until=usage_until,
            costs_until=await totals.costs_until(session, costs) if costs else None,
            as_of=now,
        ),
        revenue=earned_side,
        cogs=cost_side,
        by_tenant=summary.shares_by_tenant(earned_side, cost_side),
        by_deployment=summary.shares_by_deployment(earned_side, cost_side),
    )
    await replace_margin(session, month)
    return month


def _cost_state(costs: Generation | None, spent: list[Amount]) -> State:
    """Costs without any line are unknown, not zero."""
    if costs is None or not spent:
        return State.UNKNOWN
    return State.FINAL if costs.complete else State.PROVISIONAL


def _side(state: State, amounts: Iterable[Amount], conversion: Conversion) -> Side:
    holders: dict[Holder, Fraction] = {}
    kinds: dict[str, Fraction] = {}
    for amount in amounts:
        cents = conversion.cents(amount.cents, amount.currency)
        holders[amount.holder] = holders.get(amount.holder, Fraction(0)) + cents
        kinds[amount.kind] = kinds.get(amount.kind, Fraction(0)) + cents
    return summary.side(state, holders, kinds)


async def conversion_of(session: ReadSession, period: Period, currencies: set[str]) -> Conversion:
    """A converter with the rates in force on the month's last day."""
    last: date = period.end - timedelta(days=1)
    rates: dict[str, Rate] = {}
    for currency in sorted(currencies - {REPORTING_CURRENCY}):
        found = await rate_in_force(session, currency, REPORTING_CURRENCY, last)
        if found is not None and found.id is not None:
            rates[currency] = Rate(found.id, found.rate)
    return Conversion(REPORTING_CURRENCY, rates)
