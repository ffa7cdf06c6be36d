"""Canonical JSON of inputs and results: sorted keys, no spaces, exact decimals as text.

Equal inputs give equal bytes in every process and on every machine; these bytes are hashed.
"""

import hashlib
from datetime import date
from functools import lru_cache
from typing import Any

import orjson

from services.catalog.plans.rules.matches import Match, named
from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.inputs import (
    HeldAddon,
    PriceSnapshot,
    QuoteInputs,
    Spans,
    Term,
    UsageSeries,
    VersionSnapshot,
)
from services.catalog.quoting.lines import Line, PlanChange, Quote, content_of, total
from services.catalog.quoting.numbers import text_of
from services.catalog.quoting.rebilling.snapshots import CostSeries, Rebilling, RuleSnapshot
from services.catalog.quoting.units import MeterSnapshot
from services.common.values.periods import Period

__all__ = ["hash_of", "inputs_json", "result_json"]


def hash_of(content: bytes) -> str:
    """SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def inputs_json(inputs: QuoteInputs) -> bytes:
    """The canonical JSON of inputs; the order of addons and usage does not matter."""
    change = inputs.change
    terms, addons = (
        _terms_and_addons(inputs.terms, inputs.addons)
        if inputs.projected_from is not None
        else (_terms(inputs.terms), [_addon(held) for held in inputs.addons])
    )
    rebilling = {} if inputs.rebilling is None else {"rebilling": _rebilling(inputs.rebilling)}
    meters = {"meters": _meters(inputs.meters)} if inputs.meters else {}
    return _dumps(
        rebilling
        | meters
        | {
            "addons": addons,
            "calendar": _calendar(inputs.month, inputs.projected_from, inputs.trial_days),
            "currency": inputs.currency,
            "replaced_terms": None if change is None else [_term(one) for one in change.replaced],
            "resource_prices": [_price(price) for price in inputs.prices],
            "terms": terms,
            "usage": {series.label: _usage(series) for series in inputs.usage},
        }
    )


def result_json(quote: Quote) -> bytes:
    """The canonical JSON of a quote."""
    recurring, prorated = quote.fixed_json or map(_lines, (quote.recurring, quote.first_invoice))
    rebilled = {"rebilled": _lines(quote.rebilled)} if quote.rebilled else {}
    return _dumps(
        rebilled
        | {
            "ad_hoc": _lines(quote.ad_hoc),
            "all_in_monthly_cents": quote.all_in_monthly_cents,
            "change": None if quote.change is None else _change(quote.change),
            "first_invoice": prorated,
            "overage": _lines(quote.overage),
            "recurring": recurring,
        }
    )


def _dumps(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


@lru_cache(maxsize=2048)
def _calendar(month: Period, projected_from: date | None, trial_days: Spans) -> orjson.Fragment:
    """Cached: common to all quotes of a month, except for trial days."""
    return orjson.Fragment(
        _dumps(
            {
                "days": month.days,
                "month": month.code,
                "projected_from": projected_from,
                "trial_days": _spans(trial_days),
            }
        )
    )


def _usage(series: UsageSeries) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if series.projected_qty is not None:
        said["projected_qty"] = text_of(series.projected_qty)
    else:
        said["runs"] = [[run.first, run.days, text_of(run.qty)] for run in series.runs]
    if series.facts_hash:
        said["facts_hash"] = series.facts_hash
    if series.dimensions:
        said["dimensions"] = dict(series.dimensions)
    return said


@lru_cache(maxsize=1024)
def _version(version: VersionSnapshot) -> orjson.Fragment:
    """Cached: a version is immutable and common to many quotes."""
    return orjson.Fragment(
        _dumps(
            {
                "currency": version.currency,
                "id": version.id,
                "items": {
                    named(item.resource_kind, item.match): _item(item) for item in version.items
                },
                "plan_code": version.plan_code,
                "price_cents": version.price_cents,
                "version": version.version,
            }
        )
    )


def _item(item: PlanItem) -> dict[str, Any]:
    cap, package = item.hard_cap_qty, item.package_qty
    return _with_match(item.match) | {
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


@lru_cache(maxsize=2048)
def _terms(terms: tuple[Term, ...]) -> orjson.Fragment:
    """Cached: common to most subscriptions, unlike addons."""
    return orjson.Fragment(_dumps([_term(term) for term in terms]))


@lru_cache(maxsize=2048)
def _terms_and_addons(
    terms: tuple[Term, ...], addons: tuple[HeldAddon, ...]
) -> tuple[orjson.Fragment, orjson.Fragment]:
    """Cached: common to most previews."""
    return _terms(terms), orjson.Fragment(_dumps([_addon(held) for held in addons]))


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


def _with_match(match: Match) -> dict[str, Any]:
    return {"match": dict(match)} if match else {}


def _price(price: PriceSnapshot) -> dict[str, Any]:
    return _with_match(price.match) | {
        "effective_from": price.effective_from,
        "effective_to": price.effective_to,
        "id": price.id,
        "resource_kind": price.resource_kind,
        "unit": price.unit,
        "unit_price_cents": text_of(price.unit_price_cents),
    }


@lru_cache(maxsize=1024)
def _meters(meters: tuple[MeterSnapshot, ...]) -> orjson.Fragment:
    """Cached: common to many quotes."""
    return orjson.Fragment(
        _dumps(
            {
                one.code: {
                    "name": one.name,
                    "units": {unit.unit: unit.factor for unit in one.units},
                }
                for one in meters
            }
        )
    )


def _rebilling(rebilling: Rebilling) -> dict[str, Any]:
    rate = rebilling.exchange_rate
    more: dict[str, Any] = {"names_values": True} if rebilling.names_values else {}
    if rebilling.bill_rules:
        more["bill_rules"] = [
            _rule(rule) | {"meters": rule.meters} for rule in rebilling.bill_rules
        ]
    if rebilling.costs:
        more["costs"] = {costs.label: _costs(costs) for costs in rebilling.costs}
    return more | {
        "exchange_rate": None if rate is None else text_of(rate),
        "list_prices": [
            {
                "dimensions": dict(price.dimensions),
                "effective_from": price.effective_from,
                "effective_to": price.effective_to,
                "id": price.id,
                "meter": price.meter,
                "per_qty": text_of(price.per_qty),
                "usd": text_of(price.usd),
            }
            for price in rebilling.list_prices
        ],
        "rate_on": rebilling.rate_on,
        "rules": [_rule(rule) for rule in rebilling.rules],
        "tenant_id": rebilling.tenant_id,
    }


def _rule(rule: RuleSnapshot) -> dict[str, Any]:
    return {
        "code": rule.code,
        "fixed_cents": text_of(rule.markup.fixed_cents),
        "floor_cents": text_of(rule.markup.floor_cents),
        "id": rule.id,
        "match": dict(rule.match),
        "percent": text_of(rule.markup.percent),
        "step_cents": text_of(rule.markup.step_cents),
        "takes_all": rule.takes_all,
    }


def _costs(costs: CostSeries) -> dict[str, Any]:
    return {
        "lines_hash": costs.lines_hash,
        "meters": costs.meters,
        "runs": [[run.first, run.days, text_of(run.usd), run.charges] for run in costs.runs],
    }


def _spans(spans: Spans) -> list[list[date]]:
    return [[span.start, span.end] for span in spans]


def _lines(lines: tuple[Line, ...]) -> list[Any]:
    return [content_of(one) for one in lines]


def _change(change: PlanChange) -> dict[str, Any]:
    return {
        "charges": _lines(change.charges),
        "credits": _lines(change.credits),
        "credits_cents": total(change.credits),
        "net_cents": change.net_cents,
    }
