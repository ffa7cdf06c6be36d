"""Prices frozen inputs of billed months by a draft of the catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from services.catalog.list_prices.store.list_prices import list_prices_in
from services.catalog.meters.rules.meters import Meters
from services.catalog.meters.store.meters import read_meters
from services.catalog.plans.document import read_document
from services.catalog.plans.rules.changes import CatalogDocument
from services.catalog.plans.rules.diff import plan_changes
from services.catalog.plans.store.plans import read_state
from services.catalog.plans.store.prices import all_prices, priced_kinds
from services.catalog.plans.store.versions import find_version
from services.catalog.pricing.requests import SimulatedItem
from services.catalog.quotes.rules.drafts import DraftPricing, draft_of, draft_version_of
from services.catalog.quotes.rules.from_cost import KnownCosts, list_price_snapshots
from services.catalog.quotes.rules.snapshots import (
    Known,
    MixedCurrencies,
    price_snapshots,
    version_snapshot,
)
from services.catalog.quotes.store.price_list import EVER, read_revision
from services.catalog.quoting.engine import price
from services.catalog.quoting.errors import (
    AmountOutOfRange,
    CannotReprice,
    NoExchangeRate,
    NoPriceInForce,
    UnreadableInputs,
)
from services.catalog.quoting.lines import Quote
from services.catalog.quoting.proofs.canonical import hash_of
from services.catalog.quoting.proofs.proof import inputs_to_reprice
from services.catalog.quoting.v1.converting import on_each_day
from services.catalog.quoting.v1.engine import ENGINE_VERSION as FIRST_ENGINE
from services.common.db.database import ReadSession
from services.common.errors import Aborted, InvalidArgument, NotFound

__all__ = [
    "RateKey",
    "Refused",
    "Simulated",
    "Simulation",
    "begin_simulation",
    "document_of",
]

REASONS: Final[dict[type[Exception], str]] = {
    CannotReprice: "CANNOT_BE_SIMULATED",
    NoExchangeRate: "NO_EXCHANGE_RATE",
    NoPriceInForce: "NO_PRICE_IN_FORCE",
    AmountOutOfRange: "AMOUNT_OUT_OF_RANGE",
    MixedCurrencies: "MIXED_CURRENCIES",
    UnreadableInputs: "INPUTS_UNREADABLE",
}
"""Why a draft cannot price a month."""


RateKey = tuple[str, date]
"""A currency and the day of its exchange rate from USD."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """The amounts of a subscription's month, priced by a draft, without tax."""

    currency: str
    meter_cents: Mapping[str, int]
    """By kind of usage; plan bases by the kind of their line."""
    rules_left_out: Sequence[str] = ()
    """The codes of the draft's rules that could not price the month."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a draft cannot price a month."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """A draft, compared with a state of the catalog."""

    revision: str
    pricing: DraftPricing

    def rate_needed(self, item: SimulatedItem) -> RateKey | None:
        """The exchange rate that the draft needs for a month; None if it needs none. Pure."""
        if not self.pricing.has_rules:
            return None
        try:
            frozen = inputs_to_reprice(item.inputs_json, item.engine_version)
        except tuple(REASONS):
            return None
        return (frozen.currency, frozen.month.start) if self.pricing.needs_rate(frozen) else None

    def price(self, item: SimulatedItem, rate: Decimal | None = None) -> Simulated | Refused:
        """The amounts of a month, priced by the draft. Pure."""
        try:
            frozen = inputs_to_reprice(item.inputs_json, item.engine_version)
            left_out = self.pricing.rules_left_out(frozen)
            drafted = self.pricing.inputs(frozen, item.unsold, item.tenant_id, rate)
            if item.engine_version != FIRST_ENGINE:
                return Simulated(frozen.currency, meter_cents(price(drafted)), left_out)
            first, *others = (meter_cents(price(inputs)) for inputs in on_each_day(drafted))
        except tuple(REASONS) as error:
            return Refused(REASONS[type(error)], str(error))
        if any(other != first for other in others):
            return Refused(
                REASONS[CannotReprice],
                "by the draft it depends on the days of the usage, which engine 1 did not keep",
            )
        return Simulated(frozen.currency, first, left_out)


async def begin_simulation(
    session: ReadSession,
    document: CatalogDocument | None,
    *,
    plan_code: str,
    plan_version: int,
    revision: str,
) -> Simulation:
    """Compares a draft with the catalog: a document, or a version of a plan.

    Raises InvalidArgument for an unknown version, FailedPrecondition for a document that cannot be
    applied, and Aborted if the catalog is no longer at a revision (empty: not checked).
    """
    found = await read_revision(session)
    if document is None:
        try:
            version = await find_version(session, plan_code, plan_version)
        except NotFound:
            raise InvalidArgument(
                "plan_version",
                f"{plan_code!r} has no version {plan_version}",
                reason="UNKNOWN_VERSION",
            ) from None
        draft = draft_version_of(version_snapshot(version))
        found = f"{found}/{hash_of(repr(version.terms).encode())}"  # a draft can be replaced
    else:
        state = await read_state(session)
        draft = draft_of(plan_changes(state, document), state)
    if revision and revision != found:
        raise Aborted("the catalog changed during the simulation", reason="CATALOG_CHANGED")
    meters = await read_meters(session)
    if document is not None:
        meters = meters.with_declared(document.declared_meters)
    prices = price_snapshots(await all_prices(session))
    # Every list price may be needed, because the months are not known yet.
    listed = list_price_snapshots(await list_prices_in(session, EVER)) if draft.rules else []
    priced, matched = await priced_kinds(session)
    known = Known({}, prices, priced, KnownCosts([], listed), meters, matched)
    return Simulation(found, DraftPricing(draft, known))


# Cached, because every page of a simulation has the same document.
@lru_cache(maxsize=8)
def document_of(text: str, meters: Meters) -> CatalogDocument:
    """Parses a document with the known meters. Raises InvalidArgument."""
    return read_document(text, meters=meters)


def meter_cents(quote: Quote) -> dict[str, int]:
    """The amounts of a billed month by kind of usage, as on its invoice."""
    found: dict[str, int] = {}
    for line in (*quote.first_invoice, *quote.overage, *quote.ad_hoc, *quote.rebilled):
        meter = line.resource_kind or line.kind.value
        found[meter] = found.get(meter, 0) + line.amount_cents
    return found
