"""(5a) Quotes a second in the engine, on one core, hashing included."""

import time
from datetime import date
from decimal import Decimal
from typing import Final

from bench.ratios import Ratio, at_least
from services.catalog.plans.seed import seeded
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    HeldAddon,
    QuoteInputs,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.proofs.proof import prove
from services.common.values.periods import month_of

__all__ = ["measure", "studio"]

QUOTES: Final = 2_000
ROUNDS: Final = 7
STARTS_ON: Final = date(2026, 5, 1)


def measure() -> list[Ratio]:
    """Studio with two addons and usage of three kinds, two of them over the allowance."""
    best = min(_round() for _ in range(ROUNDS))
    return [
        at_least(
            "(5a) quotes a second in the engine / 10,000",
            QUOTES / best / 10_000,
            1.0,
            f"{best / QUOTES * 1e6:.0f} µs of CPU a quote, frozen, priced and hashed",
        )
    ]


def _round() -> float:
    """Processor seconds of a round, which other programs do not affect."""
    version, held = studio()
    before = time.process_time()
    for number in range(QUOTES):
        prove(_inputs(version, held, number))
    return time.process_time() - before


def studio() -> tuple[VersionSnapshot, tuple[AddonSnapshot, ...]]:
    """Studio and two addons, as seeded."""
    catalog = seeded()
    [terms] = [plan.terms for plan in catalog.plans if plan.code == "studio"]
    assert terms is not None
    version = VersionSnapshot("v", "studio", 1, terms.price_cents, terms.currency, terms.items)
    return version, tuple(
        AddonSnapshot(
            entry.code,
            entry.code,
            entry.terms.resource_kind,
            entry.terms.qty,
            entry.terms.price_cents,
        )
        for entry in catalog.addons[:2]
    )


def _inputs(
    version: VersionSnapshot, addons: tuple[AddonSnapshot, ...], number: int
) -> QuoteInputs:
    """One of many different quotes."""
    month = month_of(STARTS_ON)
    days = (month,)
    return QuoteInputs(
        month=month,
        currency=version.currency,
        terms=(Term(version, days),),
        addons=tuple(HeldAddon(addon, days) for addon in addons),
        usage=(
            UsageSeries("llm_tokens", projected_qty=Decimal(100_000_000 + number)),
            UsageSeries("spaces_gb_month", projected_qty=Decimal(90)),
            UsageSeries("droplet_hours", projected_qty=Decimal(2160)),
        ),
        projected_from=STARTS_ON,
    )
