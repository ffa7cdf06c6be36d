"""The margin guard of a quote: billing's unit costs, by the settings of this installation."""

from collections.abc import Mapping
from decimal import Decimal

from services.catalog.margin import MarginGuard, guard
from services.catalog.quoting.inputs import QuoteInputs
from services.catalog.unit_costs import UnitCosts
from services.common.settings import Settings

__all__ = ["MarginDesk"]


class MarginDesk:
    """Says what quotes cost at the provider."""

    def __init__(self, settings: Settings) -> None:
        self._costs = UnitCosts(settings)
        self._floor_percent = settings.margin_floor_percent
        self._rates: Mapping[str, Decimal] = settings.margin_usd_rates

    async def guard(self, price_cents: int, inputs: QuoteInputs) -> MarginGuard:
        """The cost side of a quote of a month's projected usage."""
        used = {fact.resource_kind for fact in inputs.usage if fact.qty}
        return guard(
            price_cents,
            inputs.usage,
            await self._costs.of(used),
            floor_percent=self._floor_percent,
            rate=self._rates.get(inputs.currency),
            in_usd=inputs.currency == "USD",
        )
