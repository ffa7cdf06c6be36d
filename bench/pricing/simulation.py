"""A simulation of six months of 10,000 subscriptions against the bare engine, on one core.

Both use the same months. The bare engine prices inputs that are at hand, with their proof; the
simulation reads the frozen inputs from JSON, applies a draft with other prices, and prices them.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from bench.pricing.quoting import studio
from bench.ratios import Ratio, at_least, paired_median
from services.catalog.pricing.requests import SimulatedItem
from services.catalog.pricing.simulate import Refused, Simulation
from services.catalog.quotes.rules.drafts import DraftPricing, draft_version_of
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.quoting.inputs import (
    HeldAddon,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
)
from services.catalog.quoting.proofs.proof import prove
from services.common.values.periods import month_of

__all__ = ["measure"]

SUBSCRIPTIONS: Final = 10_000
MONTHS: Final = tuple(month_of(date(2026, number, 1)) for number in range(1, 7))
ROUNDS: Final = 3


def measure() -> list[Ratio]:
    """Quotes a second of both, in turns, by processor time."""
    version, held = studio()
    draft = replace(version, id="draft", version=2, price_cents=version.price_cents + 1000)
    simulation = Simulation("", DraftPricing(draft_version_of(draft), Known({}, (), {})))
    rounds = []
    for _ in range(ROUNDS):
        pairs = [(0.0, 0.0)]
        for month in MONTHS:
            inputs = [
                QuoteInputs(
                    month=month,
                    currency=version.currency,
                    terms=(Term(version, (month,)),),
                    addons=tuple(HeldAddon(addon, (month,)) for addon in held),
                    usage=(
                        _daily("llm_tokens", month.start, 3_000_000 + number),
                        _daily("spaces_gb_month", month.start, 5),
                        _daily("droplet_hours", month.start, 72),
                    ),
                )
                for number in range(SUBSCRIPTIONS)
            ]
            proofs: list[SimulatedItem] = []
            bare = _seconds(lambda: proofs.extend(map(_proven, inputs)))  # noqa: B023
            simulated = _seconds(lambda: _simulate(simulation, proofs))  # noqa: B023
            pairs.append((bare, simulated))
        rounds.append((sum(one for one, _ in pairs), sum(other for _, other in pairs)))
    quotes = SUBSCRIPTIONS * len(MONTHS)
    bare, simulated = (min(each) for each in zip(*rounds, strict=True))
    return [
        at_least(
            "simulation / bare engine, quotes a second",
            paired_median(rounds),
            0.7,
            f"{quotes / simulated:,.0f}/s against {quotes / bare:,.0f}/s, {quotes:,} quotes",
        )
    ]


def _daily(kind: str, first: date, qty: int) -> UsageSeries:
    """As much on the first 28 days of a month."""
    return UsageSeries(kind, (UsageRun(first, 28, Decimal(qty)),), "f" * 64)


def _proven(inputs: QuoteInputs) -> SimulatedItem:
    _, proof = prove(inputs)
    return SimulatedItem(proof.inputs_json, proof.engine_version, ())


def _simulate(simulation: Simulation, proofs: Iterable[SimulatedItem]) -> None:
    for proof in proofs:
        result = simulation.price(proof)
        assert not isinstance(result, Refused), result


def _seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
