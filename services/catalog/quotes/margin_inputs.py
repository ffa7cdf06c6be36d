"""The inputs of the margin guard: billing's unit costs and analytics' exchange rate."""

import asyncio
from datetime import date
from decimal import Decimal

from services.catalog.quotes.exchange_rates import ExchangeRates
from services.catalog.quotes.rules.margin_guard import NOT_NEEDED, MarginGuard, guard
from services.catalog.quotes.unit_costs import UnitCosts
from services.catalog.quoting.inputs import QuoteInputs
from services.common.rpc.clients import open_channel
from services.common.settings import Service, Settings

__all__ = ["MarginChecker"]


class MarginChecker:
    """Computes the cost side of quotes; create it inside the running event loop.

    Its channels live as long as the process, and connect on first use.
    """

    def __init__(self, settings: Settings) -> None:
        billing = open_channel(settings, Service.BILLING, caller=Service.CATALOG)
        analytics = open_channel(settings, Service.ANALYTICS, caller=Service.CATALOG)
        self._costs = UnitCosts(billing)
        self._rates = ExchangeRates(analytics)
        self._floor_percent = settings.margin_floor_percent

    async def guard(self, price_cents: int, inputs: QuoteInputs, day: date) -> MarginGuard:
        """The cost side of a quote for a month's projected usage, priced from a day on."""
        used = {series.resource_kind for series in inputs.usage if series.is_used}
        costs: dict[str, Decimal] = {}
        conversion = NOT_NEEDED
        if used:
            costs, conversion = await asyncio.gather(
                self._costs.of(used), self._rates.to(inputs.currency, day)
            )
        return guard(
            price_cents,
            inputs.usage,
            costs,
            currency=inputs.currency,
            floor_percent=self._floor_percent,
            conversion=conversion,
        )
