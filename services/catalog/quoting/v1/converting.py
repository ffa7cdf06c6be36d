"""Months that engine 1 billed, in the form of the current engine, to price them otherwise.

Engine 1 summed the usage of a month, so its days are not known. A month is converted only where
they make no difference: it has one plan version, no trial day with usage, and the current engine
prices it as it was billed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from services.catalog.quoting import engine
from services.catalog.quoting import inputs as current
from services.catalog.quoting.errors import CannotReprice, NoPriceInForce
from services.catalog.quoting.lines import LineKind, Quote
from services.catalog.quoting.v1.answers import current_inputs, current_quote
from services.catalog.quoting.v1.engine import price
from services.catalog.quoting.v1.inputs import HeldAddon, PriceSnapshot, QuoteInputs

__all__ = ["converted", "on_each_day"]


def converted(inputs: QuoteInputs) -> current.QuoteInputs:
    """The inputs in the current form, with all usage on the first billed day.

    Raises CannotReprice.
    """
    used = [fact for fact in inputs.usage if fact.qty]
    if inputs.former:
        raise CannotReprice("its plan changed within the month, and engine 1 kept no days of usage")
    if inputs.free_days and used:
        raise CannotReprice("it has trial days, and engine 1 kept no days of usage")
    days = inputs.term.days
    first = min((span.start for span in days), default=None)
    made = replace(
        current_inputs(inputs),
        addons=tuple(map(_addon, inputs.addons)),
        usage=tuple(
            current.UsageSeries(
                fact.resource_kind, (current.UsageRun(first, 1, fact.qty),), fact.facts_hash
            )
            for fact in used
            if first is not None
        ),
        prices=tuple(map(_price, inputs.prices)),
    )
    try:
        same = _amounts(engine.price(made)) == _amounts(current_quote(price(inputs)))
    except NoPriceInForce:
        same = False
    if not same:
        raise CannotReprice("engine 1 billed it by other rules than those of the current engine")
    return made


def on_each_day(inputs: current.QuoteInputs) -> Iterator[current.QuoteInputs]:
    """Converted inputs, now priced otherwise, with the usage on each day that may matter.

    Where they all come to the same amount, the days of the usage make no difference.
    """
    spans = [span for term in inputs.terms for span in term.days]
    listed = inputs.rebilling.list_prices if inputs.rebilling else ()
    edges = {
        *(day for one in inputs.prices for day in (one.effective_from, one.effective_to)),
        *(day for one in listed for day in (one.effective_from, one.effective_to)),
    }
    days = {span.start for span in spans}
    days |= {day for day in edges if day and any(day in span for span in spans)}
    for day in sorted(days) or [inputs.month.start]:
        yield replace(inputs, usage=tuple(_moved(series, day) for series in inputs.usage))


def _moved(series: current.UsageSeries, day: date) -> current.UsageSeries:
    return replace(series, runs=tuple(replace(run, first=day) for run in series.runs))


def _amounts(quote: Quote) -> dict[tuple[LineKind, str], int]:
    found: dict[tuple[LineKind, str], int] = {}
    for line in (*quote.first_invoice, *quote.overage, *quote.ad_hoc):
        key = line.kind, line.resource_kind
        found[key] = found.get(key, 0) + line.amount_cents
    return {key: cents for key, cents in found.items() if cents}


def _addon(held: HeldAddon) -> current.HeldAddon:
    addon = held.addon
    snapshot = current.AddonSnapshot(
        addon.id, addon.code, addon.resource_kind, addon.qty, addon.price_cents
    )
    return current.HeldAddon(snapshot, held.days, current=held.current, added=held.added)


def _price(price: PriceSnapshot) -> current.PriceSnapshot:
    return current.PriceSnapshot(
        price.id,
        price.resource_kind,
        price.unit,
        price.unit_price_cents,
        price.effective_from,
        price.effective_to,
    )
