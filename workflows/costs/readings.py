"""Scheduled readings of the account's balance, daily estimates and list prices."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.costs import BalanceInput, HistoryInput, ListPriceInput
    from providers.digitalocean.billing import FIRST_INSIGHT, MAX_INSIGHT_DAYS
    from workflows.costs.activities.bills import BillActivities
    from workflows.costs.activities.ingesting import IngestActivities
    from workflows.costs.activities.list_prices import ListPriceActivities
    from workflows.costs.payloads import DailyCostsInput, DailyCostsResult, ListPriceResult
    from workflows.durable.reasons import planned_at
    from workflows.durable.timeouts import with_heartbeat

__all__ = ["BalanceSnapshot", "DailyCosts", "ListPriceSync"]

SNAPSHOT: Final = with_heartbeat(timedelta(minutes=40))
"""Timeout; after it, the next hour's snapshot follows."""


@workflow.defn
class BalanceSnapshot:
    """Started by its schedule."""

    @workflow.run
    async def run(self, request: BalanceInput) -> str:
        """The usage of this month in USD."""
        hour = planned_at().isoformat(timespec="seconds")
        used = await SNAPSHOT.run(
            BillActivities.record_balance,
            BalanceInput(request.provider, f"{request.provider}/{hour}"),
            "read and record the balance",
        )
        workflow.set_current_details(f"Used this month: USD {used}.")
        return used


ESTIMATES: Final = with_heartbeat(timedelta(hours=3))


@workflow.defn
class DailyCosts:
    """Started by its schedule. Reads earlier days again, because estimates are revised."""

    @workflow.run
    async def run(self, request: HistoryInput) -> DailyCostsResult:
        """The number of estimates and their total."""
        today = planned_at().date()
        first = max(today - timedelta(days=MAX_INSIGHT_DAYS), FIRST_INSIGHT)
        if first >= today:
            return DailyCostsResult()
        result = await ESTIMATES.run(
            IngestActivities.replace_daily_costs,
            DailyCostsInput(request.provider, first, today),
            f"read the daily estimates from {first} on",
        )
        workflow.set_current_details(
            f"{first} to {today}: {result.row_count:,} estimates, USD {result.amount_usd}."
        )
        return result


PRICES: Final = with_heartbeat(timedelta(hours=20))
"""Timeout; the provider may be down for most of a day, and the next day's sync follows."""


@workflow.defn
class ListPriceSync:
    """Started by its schedule or by the command line."""

    @workflow.run
    async def run(self, request: ListPriceInput) -> ListPriceResult:
        """How many prices were added and changed."""
        result = await PRICES.run(
            ListPriceActivities.record_list_prices,
            ListPriceInput(request.provider, request.on or planned_at().date()),
            "read the list prices and record the changes",
        )
        workflow.set_current_details(result.in_words())
        return result
