"""A month of a subscription as engine 1 took it: usage summed, and spread over the days.

Only for months that engine 1 billed: what is learned late of them is priced by their own rules.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from services.catalog.quoting.inputs import QuoteInputs as Inputs
from services.catalog.quoting.inputs import UsageSeries
from services.catalog.quoting.inputs import VersionSnapshot as Version
from services.catalog.quoting.spans import days_in
from services.catalog.quoting.v1.canonical import hash_of
from services.catalog.quoting.v1.inputs import (
    AddonSnapshot,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    UsageFact,
    VersionSnapshot,
)
from services.common.values.periods import Period

__all__ = ["month_inputs"]


def month_inputs(inputs: Inputs, borne: Period) -> QuoteInputs:
    """The inputs of engine 1 for those of a month with its usage by day.

    Prices with a match are left out: there were none in the months that engine 1 billed.

    `borne` are the days whose usage the subscription bears, also those that it does not bill.
    """
    *former, term = (Term(_version(one.version), one.days) for one in inputs.terms)
    used: dict[str, list[UsageSeries]] = {}
    for series in inputs.usage:
        used.setdefault(series.resource_kind, []).append(series)
    facts = [UsageFact(kind, _qty(of, borne), _facts_hash(of)) for kind, of in used.items()]
    return QuoteInputs(
        month=inputs.month,
        currency=inputs.currency,
        term=term,
        former=tuple(former),
        addons=tuple(
            HeldAddon(AddonSnapshot(**_fields(held.addon)), held.days, current=held.current)
            for held in inputs.addons
        ),
        free_days=days_in(inputs.trial_days),
        usage=tuple(fact for fact in facts if fact.qty),
        prices=tuple(PriceSnapshot(**_fields(price)) for price in inputs.prices if not price.match),
    )


def _qty(used: Sequence[UsageSeries], borne: Period) -> Decimal:
    """The usage of some days; engine 1 knows no dimensions."""
    return sum(
        (
            run.qty * (min(run.end, borne.end) - max(run.first, borne.start)).days
            for series in used
            for run in series.runs
            if run.first < borne.end and borne.start < run.end
        ),
        Decimal(0),
    )


def _facts_hash(used: Sequence[UsageSeries]) -> str:
    """The hash of the facts; of several series, that of their sorted hashes."""
    hashes = sorted(series.facts_hash for series in used)
    return hashes[0] if len(hashes) == 1 else hash_of("\n".join(hashes).encode())


def _version(version: Version) -> VersionSnapshot:
    return VersionSnapshot(
        version.id,
        version.plan_code,
        version.version,
        version.price_cents,
        version.currency,
        tuple(item for item in version.items if not item.match),
    )


def _fields(snapshot: Any) -> dict[str, Any]:
    """The fields of a snapshot, which both engines name alike; engine 1 knows no matches."""
    return {name: getattr(snapshot, name) for name in snapshot.__slots__ if name != "match"}
