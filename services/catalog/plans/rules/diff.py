"""Computes the changes that bring the catalog to a document. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from services.catalog.meters.rules.entries import changed_terms, costs_to_set
from services.catalog.plans.rules.changes import (
    AddonChange,
    AddonEntry,
    CatalogDocument,
    CatalogState,
    Change,
    MeterChange,
    MeterCostChange,
    PlanEntry,
    PlanEntryChange,
    VersionChange,
)
from services.catalog.plans.rules.deciding import check_items_decide
from services.catalog.plans.rules.matches import named
from services.catalog.plans.rules.plans import (
    Addon,
    Plan,
    VersionTerms,
)
from services.catalog.plans.rules.price_diff import price_changes
from services.catalog.plans.rules.words import differences, meter_words, words_of
from services.catalog.rebilling.rules.rule_diff import rule_changes
from services.common.errors import FailedPrecondition

__all__ = ["missing_from", "plan_changes"]


def plan_changes(state: CatalogState, wanted: CatalogDocument) -> list[Change]:
    """The changes in the order in which they can be applied; empty if there are none.

    Raises FailedPrecondition for changes that are not possible: the kind or currency of an addon,
    a unit price that was set, or two rows or rules that tie for some usage.
    """
    plans = {plan.code: plan for plan in state.plans}
    addons = {addon.code: addon for addon in state.addons}
    changes: list[Change] = [*_meter_changes(state, wanted)]
    for entry in wanted.plans:
        version = state.newest_versions.get(entry.code, 0) + 1
        changes += _plan_changes(entry, plans.get(entry.code), version)
    for addon in wanted.addons:
        changes += _addon_changes(addon, addons.get(addon.code))
    changes += price_changes(wanted.prices, state.prices)
    return changes + rule_changes(wanted.rules, state.rules)


def missing_from(state: CatalogState, wanted: CatalogDocument) -> CatalogDocument:
    """Keeps only entries that the catalog does not have, so an operator's changes are kept.

    A plan, addon or rule is identified by its code, a price by its kind and currency.
    """
    plans = {plan.code for plan in state.plans}
    addons = {addon.code for addon in state.addons}
    meters = {one.terms.code for one in state.meters} | {one.meter_code for one in state.costs}
    priced = {(kept.price.resource_kind, kept.price.currency) for kept in state.prices}
    ruled = {kept.rule.code for kept in state.rules}
    return CatalogDocument(
        meters=tuple(entry for entry in wanted.meters if entry.code not in meters),
        plans=tuple(entry for entry in wanted.plans if entry.code not in plans),
        addons=tuple(entry for entry in wanted.addons if entry.code not in addons),
        prices=tuple(
            price for price in wanted.prices if (price.resource_kind, price.currency) not in priced
        ),
        rules=tuple(rule for rule in wanted.rules if rule.code not in ruled),
    )


def _meter_changes(state: CatalogState, wanted: CatalogDocument) -> Iterable[Change]:
    """Meters come first, because plans and prices name them."""
    known = {one.terms.code: one for one in state.meters}
    for entry in wanted.meters:
        code, before = entry.code, known.get(entry.code)
        terms = changed_terms(entry, before)
        if terms is not None:
            told = differences(meter_words(before.terms if before else None), meter_words(terms))
            action = "update" if before else "create"
            yield MeterChange(action, "meter", code, told, terms=terms)
        for cost in costs_to_set(entry, state.costs):
            told = differences({}, words_of(cost))
            key = f"{code} {cost.effective_from}"
            yield MeterCostChange("create", "meter_cost", key, told, cost=cost)


def _plan_changes(entry: PlanEntry, plan: Plan | None, version: int) -> Iterable[Change]:
    if plan is None:
        yield PlanEntryChange("create", "plan", entry.code, (f"name {entry.name}",), entry=entry)
    elif plan.name != entry.name:
        names = (f"name {plan.name} → {entry.name}",)
        yield PlanEntryChange("update", "plan", entry.code, names, entry=entry)
    active = plan.active_version.terms if plan and plan.active_version else None
    terms = entry.terms
    if terms is not None and active is not None and entry.keeps_items:
        terms = replace(terms, items=active.items)
    if terms is None or _version_words(terms) == _version_words(active):
        return
    told = differences(_version_words(active), _version_words(terms))
    draft = VersionChange(
        "create",
        "plan_version",
        f"{entry.code}/{version}",
        told,
        plan_code=entry.code,
        version=version,
        terms=terms,
    )
    check_items_decide(terms, f"document: plan {entry.code}: ")
    yield draft
    yield replace(draft, action="publish", differences=())


def _addon_changes(entry: AddonEntry, addon: Addon | None) -> Iterable[Change]:
    if addon is not None and addon.terms == entry.terms:
        return
    told = differences(words_of(addon.terms if addon else None), words_of(entry.terms))
    if addon is None:
        yield AddonChange("create", "addon", entry.code, told, entry=entry)
        return
    for name in ("resource_kind", "currency"):
        if getattr(addon.terms, name) != getattr(entry.terms, name):
            raise FailedPrecondition(
                f"addon {entry.code}: its {name} cannot be changed; create another addon",
                reason="ADDON_FIXED",
                metadata={"field": "document", "code": entry.code},
            )
    yield AddonChange("update", "addon", entry.code, told, entry=entry)


def _version_words(terms: VersionTerms | None) -> dict[str, str]:
    if terms is None:
        return {}
    words = {"price_cents": str(terms.price_cents), "currency": terms.currency}
    for item in terms.items:
        row = named(item.resource_kind, item.match)
        words |= {f"{row}.{name}": text for name, text in words_of(item).items()}
    return words
