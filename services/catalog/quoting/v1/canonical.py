"""Inputs and results as canonical JSON: sorted keys, no spaces, exact decimals as text.

The same inputs give the same bytes in every process and on every machine: what is hashed.
"""

import hashlib
from functools import lru_cache
from typing import Any

import orjson

from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.v1.inputs import (
    ChangeInputs,
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Term,
    VersionSnapshot,
)
from services.catalog.quoting.v1.lines import Line, PlanChange, Quote, total
from services.catalog.quoting.v1.numbers import text_of
from services.common.values.periods import Period

__all__ = ["hash_of", "inputs_json", "result_json"]


def hash_of(content: bytes) -> str:
    """SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def inputs_json(inputs: QuoteInputs) -> bytes:
    """Everything that a quote is computed from; the order of addons and usage does not matter."""
    change = inputs.change
    return _dumps(
        {
            "addons": [_addon(held) for held in inputs.addons],
            "calendar": {
                "days": inputs.month.days,
                "free_days": inputs.free_days,
                "month": inputs.month.code,
                "prices_on": None if inputs.prices_on is None else inputs.prices_on.isoformat(),
            },
            "change": None
            if change is None
            else {"days": change.days, "replaced": _replaced(change)},
            "currency": inputs.currency,
            "days": _spans(inputs.term.days),
            "former_terms": [_term(term) for term in inputs.former],
            "plan_version": _version(inputs.term.version),
            "resource_prices": [_price(price) for price in inputs.prices],
            "usage": {fact.resource_kind: text_of(fact.qty) for fact in inputs.usage},
            "usage_facts": {
                fact.resource_kind: fact.facts_hash for fact in inputs.usage if fact.facts_hash
            },
        }
    )


def result_json(quote: Quote) -> bytes:
    """Everything that a quote says."""
    return _dumps(
        {
            "ad_hoc": _lines(quote.ad_hoc),
            "all_in_monthly_cents": quote.all_in_monthly_cents,
            "change": None if quote.change is None else _change(quote.change),
            "first_invoice": _lines(quote.first_invoice),
            "overage": _lines(quote.overage),
            "recurring": _lines(quote.recurring),
        }
    )


def _dumps(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


@lru_cache(maxsize=1024)
def _version(version: VersionSnapshot) -> orjson.Fragment:
    """Versions are many quotes' at once, and immutable: written once."""
    return orjson.Fragment(
        _dumps(
            {
                "currency": version.currency,
                "id": version.id,
                "items": {item.resource_kind: _item(item) for item in version.items},
                "plan_code": version.plan_code,
                "price_cents": version.price_cents,
                "version": version.version,
            }
        )
    )


def _item(item: PlanItem) -> dict[str, Any]:
    cap, package = item.hard_cap_qty, item.package_qty
    return {
        "amount_cents": item.amount_cents,
        "hard_cap_qty": None if cap is None else text_of(cap),
        "included_qty": text_of(item.included_qty),
        "overage_price_cents": text_of(item.overage_price_cents),
        "overage_unit": item.overage_unit,
        "package_qty": None if package is None else text_of(package),
        "pricing_model": item.pricing_model.value,
        "tiers": [
            {
                "unit_price_cents": text_of(tier.unit_price_cents),
                "up_to_qty": None if tier.up_to_qty is None else text_of(tier.up_to_qty),
            }
            for tier in item.tiers
        ],
    }


def _replaced(change: ChangeInputs) -> object:
    """A single one gives up all of the change's days."""
    if len(change.endings) < 2:
        return next((_version(ending.version) for ending in change.endings), None)
    return [
        {"days": ending.days, "plan_version": _version(ending.version)} for ending in change.endings
    ]


def _term(term: Term) -> dict[str, Any]:
    return {"days": _spans(term.days), "plan_version": _version(term.version)}


def _addon(held: HeldAddon) -> dict[str, Any]:
    addon = held.addon
    return {
        "added": held.added,
        "code": addon.code,
        "current": held.current,
        "days": _spans(held.days),
        "id": addon.id,
        "price_cents": addon.price_cents,
        "qty": text_of(addon.qty),
        "resource_kind": addon.resource_kind,
    }


def _price(price: PriceSnapshot) -> dict[str, Any]:
    until = price.effective_to
    return {
        "effective_from": price.effective_from.isoformat(),
        "effective_to": None if until is None else until.isoformat(),
        "id": price.id,
        "resource_kind": price.resource_kind,
        "unit": price.unit,
        "unit_price_cents": text_of(price.unit_price_cents),
    }


def _spans(spans: tuple[Period, ...]) -> list[list[str]]:
    return [[span.start.isoformat(), span.end.isoformat()] for span in spans]


def _lines(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [
        {
            "amount_cents": line.amount_cents,
            "description": line.description,
            "kind": line.kind,
            "meta": line.meta,
            "qty": line.qty,
            "resource_kind": line.resource_kind,
            "unit": line.unit,
            "unit_price_cents": line.unit_price_cents,
        }
        for line in lines
    ]


def _change(change: PlanChange) -> dict[str, Any]:
    return {
        "charges": _lines(change.charges),
        "credits": _lines(change.credits),
        "credits_cents": total(change.credits),
        "net_cents": change.net_cents,
    }
