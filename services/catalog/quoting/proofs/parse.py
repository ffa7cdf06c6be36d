"""Parses inputs from canonical JSON, to price them again."""

from datetime import date
from decimal import Decimal, DecimalException
from functools import lru_cache, partial
from typing import Any, Final

import orjson

from services.catalog.meters.rules.meters import Unit, in_order
from services.catalog.plans.rules.matches import Match, match_of
from services.catalog.plans.rules.plans import PlanItem, PriceTier
from services.catalog.quoting.errors import UnreadableInputs
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
from services.catalog.quoting.rebilling.snapshots import (
    CostRun,
    CostSeries,
    ListPriceSnapshot,
    Rebilling,
    RuleSnapshot,
)
from services.catalog.quoting.units import MeterSnapshot, units_of
from services.catalog.vocabulary import PricingModel
from services.common.values.cost_plus import Markup
from services.common.values.periods import Period

__all__ = ["MAX_CACHED", "read_inputs"]


_USAGE: Final = ',"usage":{'
"""Begins the last member of canonical inputs; what precedes it is common to many quotes."""

MAX_CACHED: Final = 32_768
"""Characters; longer texts are parsed each time, because a caller may send its own to verify."""

Own = tuple[MeterSnapshot, ...]
"""The operator's meters of the inputs."""


def read_inputs(content: str | bytes) -> QuoteInputs:
    """Parses inputs. Raises UnreadableInputs."""
    try:
        return _inputs(content if isinstance(content, str) else content.decode())
    except (ValueError, TypeError, KeyError, AttributeError, DecimalException) as error:
        raise UnreadableInputs(f"{type(error).__name__}: {error}") from error


def _inputs(content: str) -> QuoteInputs:
    before, usage_key, usage = content.rpartition(_USAGE)
    if usage_key and usage.endswith("}") and len(before) <= MAX_CACHED:
        try:
            series = orjson.loads("{" + usage[:-1])
            without_usage = _before_usage(before)
        except orjson.JSONDecodeError:
            pass  # it is not the last member of the inputs, but of a part of them
        else:
            return without_usage(usage=_usage(series, without_usage.keywords["meters"]))
    said = orjson.loads(content)
    without_usage = _without_usage(said)
    return without_usage(usage=_usage(said["usage"], without_usage.keywords["meters"]))


# Cached, because subscriptions with the same plan, addons and days have the same text.
@lru_cache(maxsize=512)
def _before_usage(content: str) -> "partial[QuoteInputs]":
    """The inputs, still without their usage, from the text that precedes it."""
    return _without_usage(orjson.loads(content + "}"))


def _without_usage(said: Any) -> "partial[QuoteInputs]":
    calendar, replaced = said["calendar"], said["replaced_terms"]
    year, month = calendar["month"].split("-")
    meters = _meters(said["meters"]) if "meters" in said else ()
    return partial(
        QuoteInputs,
        month=Period.month(int(year), int(month)),
        currency=_text(said["currency"]),
        terms=_terms(said["terms"], meters),
        addons=_addons_of(orjson.dumps(said["addons"]), meters),
        trial_days=_spans(calendar["trial_days"]),
        prices=tuple([_price(price, meters) for price in said["resource_prices"]]),
        projected_from=_day(calendar["projected_from"]),
        change=None if replaced is None else ChangeInputs(_terms(replaced, meters)),
        rebilling=_rebilling(said["rebilling"], meters) if "rebilling" in said else None,
        meters=meters,
    )


def _meters(said: Any) -> Own:
    return tuple(
        MeterSnapshot(
            _text(code),
            _text(one["name"]),
            in_order(Unit(unit, _factor(factor)) for unit, factor in one["units"].items()),
        )
        for code, one in said.items()
    )


def _terms(said: Any, meters: Own) -> tuple[Term, ...]:
    return _terms_of(orjson.dumps(said), meters)


# Cached, because they are common to many quotes and large.
@lru_cache(maxsize=2048)
def _terms_of(content: bytes, meters: Own) -> tuple[Term, ...]:
    said = orjson.loads(content)
    terms = tuple(
        Term(_version(term["plan_version"], meters), _spans(term["days"])) for term in said
    )
    if not terms:
        raise ValueError("there are no terms")
    return terms


def _usage(said: Any, meters: Own) -> tuple[UsageSeries, ...]:
    return tuple([_series(label, series, meters) for label, series in said.items()])


def _series(label: str, said: Any, meters: Own) -> UsageSeries:
    return UsageSeries(
        resource_kind=_kind(label.partition("[")[0], meters),
        runs=tuple(
            [
                UsageRun(date.fromisoformat(first), _whole(days), _number(qty))
                for first, days, qty in said.get("runs", ())
            ]
        ),
        facts_hash=_text(said.get("facts_hash", "")),
        dimensions=tuple(
            [(key, _text(value)) for key, value in sorted(said.get("dimensions", {}).items())]
        ),
        projected_qty=_decimal(said.get("projected_qty")),
    )


def _version(said: Any, meters: Own) -> VersionSnapshot:
    return VersionSnapshot(
        id=_text(said["id"]),
        plan_code=_text(said["plan_code"]),
        version=_whole(said["version"]),
        price_cents=_whole(said["price_cents"]),
        currency=_text(said["currency"]),
        items=tuple(
            _item(label.partition("[")[0], item, meters) for label, item in said["items"].items()
        ),
    )


def _item(kind: str, said: Any, meters: Own) -> PlanItem:
    return PlanItem(
        resource_kind=_kind(kind, meters),
        included_qty=_number(said["included_qty"]),
        overage_unit=_unit(kind, said["overage_unit"], meters),
        overage_price_cents=_number(said["overage_price_cents"]),
        hard_cap_qty=_decimal(said["hard_cap_qty"]),
        pricing_model=PricingModel(said["pricing_model"]),
        tiers=tuple(
            PriceTier(_decimal(tier["up_to_qty"]), _number(tier["unit_price_cents"]))
            for tier in said["tiers"]
        ),
        package_qty=_decimal(said["package_qty"]),
        amount_cents=_whole(said["amount_cents"]),
        match=_match(said.get("match", {})),
    )


# Cached too: an accrual, its invoice and a simulation have the same ones.
@lru_cache(maxsize=2048)
def _addons_of(content: bytes, meters: Own) -> tuple[HeldAddon, ...]:
    return tuple(_addon(one, meters) for one in orjson.loads(content))


def _addon(said: Any, meters: Own) -> HeldAddon:
    snapshot = AddonSnapshot(
        id=_text(said["id"]),
        code=_text(said["code"]),
        resource_kind=_kind(said["resource_kind"], meters),
        qty=_number(said["qty"]),
        price_cents=_whole(said["price_cents"]),
    )
    return HeldAddon(snapshot, _spans(said["days"]), current=said["current"], added=said["added"])


def _price(said: Any, meters: Own) -> PriceSnapshot:
    return PriceSnapshot(
        id=_text(said["id"]),
        resource_kind=_kind(said["resource_kind"], meters),
        unit=_unit(said["resource_kind"], said["unit"], meters),
        unit_price_cents=_number(said["unit_price_cents"]),
        effective_from=date.fromisoformat(said["effective_from"]),
        effective_to=_day(said["effective_to"]),
        match=_match(said.get("match", {})),
    )


def _match(said: Any) -> Match:
    return match_of({key: list(map(_text, values)) for key, values in said.items()})


def _rebilling(said: Any, meters: Own) -> Rebilling:
    return Rebilling(
        tenant_id=_text(said["tenant_id"]),
        rules=tuple(map(_rule, said["rules"])),
        list_prices=tuple(_list_price(one, meters) for one in said["list_prices"]),
        exchange_rate=_decimal(said["exchange_rate"]),
        rate_on=date.fromisoformat(said["rate_on"]),
        names_values=bool(said.get("names_values")),
        bill_rules=tuple(map(_rule, said.get("bill_rules", ()))),
        costs=tuple(_costs(label, costs) for label, costs in said.get("costs", {}).items()),
    )


def _costs(label: str, said: Any) -> CostSeries:
    product, _, sku = label.partition("[")
    return CostSeries(
        product=product,
        sku=sku.removesuffix("]"),
        meters=tuple(_kind(one, ()) for one in said["meters"]),
        runs=tuple(
            CostRun(date.fromisoformat(first), _whole(days), _number(usd), _whole(charges))
            for first, days, usd, charges in said["runs"]
        ),
        lines_hash=_text(said["lines_hash"]),
    )


def _rule(said: Any) -> RuleSnapshot:
    return RuleSnapshot(
        id=_text(said["id"]),
        code=_text(said["code"]),
        match=_match(said["match"]),
        markup=Markup(
            percent=_number(said["percent"]),
            fixed_cents=_number(said["fixed_cents"]),
            step_cents=_number(said["step_cents"]),
            floor_cents=_number(said["floor_cents"]),
        ),
        takes_all=bool(said["takes_all"]),
        meters=tuple(_kind(one, ()) for one in said.get("meters", ())),
    )


def _list_price(said: Any, meters: Own) -> ListPriceSnapshot:
    return ListPriceSnapshot(
        id=_text(said["id"]),
        meter=_kind(said["meter"], meters),
        dimensions=tuple(sorted(said["dimensions"].items())),
        usd=_number(said["usd"]),
        per_qty=_number(said["per_qty"]),
        effective_from=date.fromisoformat(said["effective_from"]),
        effective_to=_day(said["effective_to"]),
    )


def _spans(said: Any) -> tuple[Period, ...]:
    return tuple(Period(date.fromisoformat(start), date.fromisoformat(end)) for start, end in said)


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)


def _decimal(said: str | None) -> Decimal | None:
    return None if said is None else _number(said)


def _number(said: object) -> Decimal:
    return Decimal(_text(said))


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError(f"{said!r} is not text")
    return said


def _whole(said: object) -> int:
    if type(said) is not int:
        raise ValueError(f"{said!r} is not a whole number")
    return said


def _factor(said: object) -> int:
    factor = _whole(said)
    if factor < 1:
        raise ValueError(f"{factor} is not a factor")
    return factor


def _kind(said: str, meters: Own) -> str:
    units_of(said, meters)
    return said


def _unit(kind: str, said: str, meters: Own) -> str:
    if said not in units_of(kind, meters):
        raise ValueError(f"{said!r} is not a unit of {kind}")
    return said
