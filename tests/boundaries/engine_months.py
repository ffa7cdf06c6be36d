"""Months at all bounds, and the frozen results of engine 2.

    python -m tests.boundaries.engine_months

rewrites `engine_2.json`: only for a new kind of month, never because an existing figure or text
changed, which needs a new version of the engine.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from services.catalog.plans.rules.plans import PlanItem, PriceTier
from services.catalog.quoting.engine import price
from services.catalog.quoting.inputs import (
    AddonSnapshot,
    ChangeInputs,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageRun,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.proofs.canonical import inputs_json, result_json
from services.catalog.vocabulary import PricingModel
from services.common.values.periods import Period

__all__ = ["JUNE", "MODELS", "RECORDED", "months", "recorded", "selling"]

RECORDED = Path(__file__).with_name("engine_2.json")
JUNE = Period.month(2026, 6)
CUT = date(2026, 6, 16)
FORMER, LATTER = Period(JUNE.start, CUT), Period(CUT, JUNE.end)
DAY = timedelta(days=1)

TIERS = (
    PriceTier(Decimal(100), Decimal(10)),
    PriceTier(Decimal(1000), Decimal("0.5")),
    PriceTier(None, Decimal("0.25")),
)


def item(model: PricingModel, **terms: object) -> PlanItem:
    """DNS zones over an allowance of ten, by any model."""
    made = PlanItem("dns_zones", Decimal(10), "zone", Decimal(3), pricing_model=model)
    return replace(made, **terms)  # type: ignore[arg-type]


MODELS = {
    "allowance": item(PricingModel.ALLOWANCE),
    "per unit, capped": item(PricingModel.PER_UNIT, hard_cap_qty=Decimal(50)),
    "graduated": item(PricingModel.GRADUATED, tiers=TIERS),
    "volume": item(PricingModel.VOLUME, tiers=TIERS),
    "package": item(PricingModel.PACKAGE, package_qty=Decimal(25), overage_price_cents=Decimal(7)),
    "flat": item(PricingModel.FLAT, amount_cents=1000),
    "minimum": item(PricingModel.MINIMUM, amount_cents=500),
}


def selling(
    *items: PlanItem, price_cents: int = 0, name: str = "sold", number: int = 1
) -> VersionSnapshot:
    """A version of a plan with these items."""
    return VersionSnapshot(f"{name}-{number}", name, number, price_cents, "AUD", items)


def used(qty: str, day: date = JUNE.start, kind: str = "dns_zones", **more: object) -> UsageSeries:
    """What was used on one day."""
    series = UsageSeries(kind, (UsageRun(day, 1, Decimal(qty)),))
    return replace(series, **more)  # type: ignore[arg-type]


def month(
    *usage: UsageSeries, terms: tuple[Term, ...], addons: tuple[HeldAddon, ...] = ()
) -> QuoteInputs:
    """June of some terms."""
    return QuoteInputs(JUNE, "AUD", terms, addons, usage=usage)


def whole(version: VersionSnapshot, *usage: UsageSeries) -> QuoteInputs:
    """June, all of it by one version."""
    return month(*usage, terms=(Term(version, (JUNE,)),))


ZONES = AddonSnapshot("a1", "zones_10", "dns_zones", Decimal(10), 333)
STUDIO = selling(MODELS["per unit, capped"], price_cents=5000, name="studio")
DEARER = selling(MODELS["minimum"], price_cents=6001, name="studio", number=2)
SAME_PRICE = selling(
    item(PricingModel.PER_UNIT, overage_price_cents=Decimal(4)),
    price_cents=5000,
    name="studio",
    number=3,
)
TOKENS = "llm_tokens"
CHEAP = PriceSnapshot("p1", TOKENS, "1k_tokens", Decimal("0.4"), date(2026, 1, 1), CUT)
DEAR = PriceSnapshot("p2", TOKENS, "token", Decimal("0.04"), CUT, None)

FROM, UNTIL = date(2026, 6, 10), date(2026, 6, 20)
TOKEN_PRICE = PriceSnapshot("p", TOKENS, "1k_tokens", Decimal(2), FROM, UNTIL)
"""In force for ten days of June."""


def months() -> Iterator[tuple[str, QuoteInputs]]:
    """Each month by its name."""
    for name, priced in MODELS.items():
        version = selling(priced)
        for qty in ("0", "10", "10.001", "11", "35", "35.5", "60", "61", "110", "1010", "1011"):
            yield f"{name}, {qty} used", whole(version, used(qty))
        half = (Term(version, (LATTER,)),)
        for qty in ("5", "5.5", "30", "1000"):
            yield f"half of {name}, {qty} used", month(used(qty, CUT), terms=half)
        third = (Term(version, (Period(JUNE.start, JUNE.start + 7 * DAY),)),)
        yield f"seven days of {name}", month(used("33.3"), terms=third)
    terms = (Term(STUDIO, (FORMER,)), Term(DEARER, (LATTER,)))
    held = (HeldAddon(ZONES, (FORMER,), current=False), HeldAddon(replace(ZONES, id="a2"), (JUNE,)))
    last = CUT - DAY
    yield "two terms", month(used("99", last), terms=terms, addons=held)
    yield "two terms, the day after", month(used("99", CUT), terms=terms, addons=held)
    same = (Term(STUDIO, (FORMER,)), Term(SAME_PRICE, (LATTER,)))
    yield "two versions at one price", month(used("99", last), terms=same)
    yield (
        "a gap and a trial",
        replace(
            month(used("20", JUNE.start), used("7", CUT, TOKENS), terms=(Term(STUDIO, (LATTER,)),)),
            trial_days=(Period(JUNE.start, JUNE.start + 5 * DAY),),
            prices=(CHEAP, DEAR),
        ),
    )
    sized = replace(
        used("12.5", facts_hash="f" * 64), dimensions=(("region", "syd1"), ("size", "s-1"))
    )
    yield "by size", whole(STUDIO, sized, used("7.25", CUT))
    both = replace(used("3000", last, TOKENS), runs=(UsageRun(last, 2, Decimal(3000)),))
    yield "a price that changes", replace(whole(STUDIO, both), prices=(CHEAP, DEAR))
    yield "nothing is billed", month(terms=(Term(STUDIO, ()),))
    projected = UsageSeries("dns_zones", projected_qty=Decimal("61.5"))
    preview = replace(
        month(projected, terms=(Term(DEARER, (LATTER,)),), addons=held[1:]), projected_from=CUT
    )
    yield "a preview", preview
    tokens = UsageSeries(TOKENS, projected_qty=Decimal(5000))
    yield "a preview at a unit price", replace(preview, usage=(tokens,), prices=(DEAR,))
    yield (
        "a change",
        replace(
            preview,
            terms=terms,
            addons=(*held, HeldAddon(replace(ZONES, id="a3"), (LATTER,), added=True)),
            change=ChangeInputs((Term(STUDIO, (JUNE,)),)),
        ),
    )
    yield (
        "a change back",
        replace(
            preview,
            terms=(Term(DEARER, (FORMER,)), Term(STUDIO, (LATTER,))),
            change=ChangeInputs((Term(DEARER, (JUNE,)),)),
        ),
    )


def recorded() -> list[dict[str, str]]:
    """What was recorded: name, inputs and result of each month."""
    read: list[dict[str, str]] = json.loads(RECORDED.read_text())
    return read


def main() -> None:
    """Records what the engine says now."""
    made = [
        {
            "name": name,
            "inputs": inputs_json(inputs).decode(),
            "result": result_json(price(inputs)).decode(),
        }
        for name, inputs in months()
    ]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in made)
    RECORDED.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
