"""Computes the changes that bring event meters to those of a catalog document. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.catalog.meters.rules.costs import NewCost
from services.catalog.meters.rules.declaring import check_not_retired, check_unchanged, updated
from services.catalog.meters.rules.meters import MeterCost, MeterTerms, StoredMeter

__all__ = ["MeterEntry", "changed_terms", "costs_to_set"]


@dataclass(frozen=True, slots=True)
class MeterEntry:
    """An event meter in a document, with its costs by month."""

    code: str
    terms: MeterTerms | None
    """None for a built-in meter, of which a document states the costs alone."""
    costs: tuple[NewCost, ...] = ()


def changed_terms(entry: MeterEntry, known: StoredMeter | None) -> MeterTerms | None:
    """The meter as the entry makes it; None if it does not change it, or is of a built-in meter.

    Units and dimensions that the entry does not name are kept. Raises FailedPrecondition for a
    retired meter, and for a change of what cannot change.
    """
    if entry.terms is None or known is None:
        return entry.terms
    check_not_retired(known)
    field = f"document: meter {entry.code}: "
    check_unchanged(known.terms, entry.terms, field)
    terms = updated(
        known.terms,
        name=entry.terms.name,
        units=entry.terms.units,
        dimensions=entry.terms.dimensions,
        field=field,
    )
    return None if terms == known.terms else terms


def costs_to_set(entry: MeterEntry, known: Iterable[MeterCost]) -> list[NewCost]:
    """The costs of an entry that are not in force as it states them, by month.

    One holds until its end or the next one, of the entry or known.
    """
    kept = {one.effective_from: one for one in known if one.meter_code == entry.code}
    begins = sorted({*kept, *(one.effective_from for one in entry.costs)})
    wanted = [
        replace(cost, effective_to=_end(cost, begins))
        for cost in sorted(entry.costs, key=lambda one: one.effective_from)
    ]
    return [cost for cost in wanted if not _is_stated(cost, kept.get(cost.effective_from))]


def _end(cost: NewCost, begins: Sequence[date]) -> date | None:
    ends = [day for day in begins if day > cost.effective_from]
    if cost.effective_to is not None:
        ends.append(cost.effective_to)
    return min(ends, default=None)


def _is_stated(cost: NewCost, known: MeterCost | None) -> bool:
    return known is not None and (
        known.unit,
        known.unit_cost_cents,
        known.currency,
        known.effective_to,
    ) == (cost.unit, cost.unit_cost_cents, cost.currency, cost.effective_to)
