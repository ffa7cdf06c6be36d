"""The usage behind an invoice line, by the frozen inputs that it was computed from. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, Line, Proof
from services.analytics.usage.rules.figures import DailyUsage
from services.common.values.periods import month_of
from services.common.values.specificity import Match, winner

__all__ = ["usage_behind"]

FIRST_ENGINE: Final = "1"
"""It priced a meter as a whole, without dimensions."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A plan item, a resource price or a rebilling rule."""

    match: Match
    takes_all: bool = False
    """Whether a rule takes what an item or a price covers."""


def usage_behind(
    line: Line, figures: Sequence[DailyUsage], proofs: Iterable[Proof], invoiced: date
) -> list[DailyUsage]:
    """The figures that the line's price prices; `figures` are of its meter, days and dimensions.

    Usage that another row or a rebilling rule prices is not behind it, nor is usage of a day on
    trial or without a term. All figures are, if no proof says more: the first engine's do not.
    """
    month = month_of(line.service_start).start
    inputs = [
        frozen
        for proof in proofs
        if proof.deployment_id == line.deployment_id
        and (proof.service_month or invoiced) == month
        and proof.engine_version != FIRST_ENGINE
        and "terms" in (frozen := orjson.loads(proof.inputs_json))
    ]
    if not inputs:
        return [*figures]
    return [one for one in figures if any(_is_priced(line, one, frozen) for frozen in inputs)]


def _is_priced(line: Line, figure: DailyUsage, inputs: Mapping[str, Any]) -> bool:
    kind, day = line.resource_kind, figure.day.isoformat()
    terms = [
        term["plan_version"]
        for term in inputs["terms"]
        if any(start <= day < end for start, end in term["days"])
    ]
    dimensions = _billed_dimensions(figure, inputs)
    on_trial = any(start <= day < end for start, end in inputs["calendar"]["trial_days"])
    if not terms or on_trial or dimensions is None:
        return False
    [version] = terms
    sold_as = line.meta.get("adjusts_kind") if line.kind == ADJUSTMENT else line.kind
    own = tuple((key, tuple(values.split(", "))) for key, values in sorted(line.dimensions.items()))
    items = (one for name, one in version["items"].items() if name.partition("[")[0] == kind)
    item = winner(map(_row, items), dimensions)
    prices = (one for one in inputs["resource_prices"] if one["resource_kind"] == kind)
    price = winner((_row(one) for one in prices if _in_force(one, day)), dimensions)
    rule = _rule(kind, dimensions, day, version["plan_code"], inputs)
    if rule is not None and (
        rule.takes_all or not (item or price or _has_addon(kind, day, inputs))
    ):
        return sold_as == "rebilled" and dimensions == line.dimensions
    if item is not None:
        return sold_as == "overage" and item.match == own
    return sold_as == "ad_hoc" and price is not None and price.match == own


def _billed_dimensions(figure: DailyUsage, inputs: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The dimensions by which the usage was billed; None if it was not known then.

    They are fewer than those of the figure if more became known later.
    """
    frozen = [
        series.get("dimensions", {})
        for label, series in inputs["usage"].items()
        if label.partition("[")[0] == figure.resource_kind
    ]
    fitting = [one for one in frozen if one.items() <= figure.dimensions.items()]
    return max(fitting, key=len, default=None)


def _rule(
    kind: str, dimensions: Mapping[str, str], day: str, plan_code: str, inputs: Mapping[str, Any]
) -> _Row | None:
    """The rebilling rule that may price the usage; None without a list price for it."""
    rebilling = inputs.get("rebilling", {"list_prices": []})
    if not any(
        one["meter"] == kind
        and one["dimensions"].items() <= dimensions.items()
        and _in_force(one, day)
        for one in rebilling["list_prices"]
    ):
        return None
    fact = {"tenant": rebilling["tenant_id"], "plan": plan_code, "meter": kind}
    if "size" in dimensions:
        fact["sku"] = dimensions["size"]
    return winner(map(_row, rebilling["rules"]), fact)


def _has_addon(kind: str, day: str, inputs: Mapping[str, Any]) -> bool:
    return any(
        one["resource_kind"] == kind and any(start <= day < end for start, end in one["days"])
        for one in inputs["addons"]
    )


def _in_force(price: Mapping[str, Any], day: str) -> bool:
    until = price["effective_to"]
    return bool(price["effective_from"] <= day and (until is None or day < until))


def _row(said: Mapping[str, Any]) -> _Row:
    match = sorted(said.get("match", {}).items())
    return _Row(tuple((key, tuple(values)) for key, values in match), said.get("takes_all", False))
