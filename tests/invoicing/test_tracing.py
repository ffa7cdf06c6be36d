"""Which usage is behind an invoice line, by the inputs that priced it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from services.analytics.invoicing.invoices.rules.lines import Line, Proof
from services.analytics.invoicing.invoices.rules.tracing import usage_behind
from services.analytics.usage.rules.figures import DailyUsage

HOURS = "droplet_hours"
SMALL, LARGE, GPU = ({"size": size, "region": "syd1"} for size in ("small", "large", "gpu-1"))


def inputs(
    *items: dict[str, list[str]],
    prices: tuple[dict[str, Any], ...] = (),
    rules: tuple[dict[str, Any], ...] = (),
    used: tuple[dict[str, str], ...] = (SMALL, LARGE, GPU),
    trial: tuple[tuple[str, str], ...] = (),
    addons: tuple[dict[str, Any], ...] = (),
    days: tuple[tuple[str, str], ...] = (("2026-04-01", "2026-05-01"),),
) -> dict[str, Any]:
    """Frozen inputs of April, with a plan that has these items of droplet hours."""
    said: dict[str, Any] = {
        "addons": addons,
        "calendar": {"trial_days": trial},
        "terms": [
            {
                "days": days,
                "plan_version": {
                    "plan_code": "metal",
                    "items": {
                        f"{HOURS}[{number}]" if match else HOURS: {"match": match} if match else {}
                        for number, match in enumerate(items)
                    },
                },
            }
        ],
        "resource_prices": [
            {"resource_kind": HOURS, "effective_from": "2026-01-01", "effective_to": None} | price
            for price in prices
        ],
        "usage": {
            f"{HOURS}[{number}]": {"dimensions": one, "runs": []} for number, one in enumerate(used)
        },
    }
    if rules:
        listed = {"meter": HOURS, "effective_from": "2026-04-05", "effective_to": None}
        prices_of = [listed | {"dimensions": {"size": size}} for size in ("small", "gpu-1")]
        said["rebilling"] = {"tenant_id": "acme", "rules": rules, "list_prices": prices_of}
    return said


def behind(
    frozen: dict[str, Any],
    kind: str = "overage",
    dimensions: dict[str, str] | None = None,
    *,
    day: date = date(2026, 4, 10),
    engine: str = "2",
) -> list[str]:
    """The sizes behind a line of April, of one figure each; `-` without a size."""
    line = Line(
        kind, HOURS, "", Decimal(1), "hour", Decimal(1), 1, {}, "shop",
        date(2026, 4, 1), date(2026, 5, 1), dimensions or {},
    )  # fmt: skip  # a table
    figures = [
        DailyUsage(
            UUID(int=number), "acme", "shop", HOURS, one, day, Decimal(24), 1, "",
            datetime(2026, 4, 11, tzinfo=UTC), None,
        )
        for number, one in enumerate((SMALL, LARGE, GPU))
    ]  # fmt: skip  # a table
    proof = Proof("shop", "s", orjson.dumps(frozen).decode(), "", engine, "")
    other = Proof("blog", "s", orjson.dumps(inputs()).decode(), "", engine, "")
    found = usage_behind(line, figures, [other, proof], date(2026, 4, 1))
    return [one.dimensions.get("size", "-") for one in found]


def test_a_line_without_a_match_has_the_usage_that_no_other_item_prices() -> None:
    frozen = inputs({}, {"size": ["large"]}, {"size": ["gpu-*"]})
    assert behind(frozen) == ["small"]
    assert behind(frozen, dimensions={"size": "large"}) == ["large"]
    assert behind(frozen, dimensions={"size": "gpu-*"}) == ["gpu-1"]


def test_usage_that_an_item_covers_is_behind_no_resource_price() -> None:
    frozen = inputs({"size": ["large"]}, prices=({}, {"match": {"size": ["gpu-1"]}}))
    assert behind(frozen, "ad_hoc") == ["small"]
    assert behind(frozen, "ad_hoc", {"size": "gpu-1"}) == ["gpu-1"]


def test_a_price_that_is_not_in_force_on_the_day_prices_nothing() -> None:
    later = {"match": {"size": ["gpu-1"]}, "effective_from": "2026-04-20"}
    frozen = inputs(prices=({}, later))
    assert behind(frozen, "ad_hoc") == ["small", "large", "gpu-1"]
    assert behind(frozen, "ad_hoc", day=date(2026, 4, 20)) == ["small", "large"]


def test_usage_that_a_rebilling_rule_takes_is_behind_its_line_only() -> None:
    rule = {"match": {"meter": [HOURS], "sku": ["gpu-*"]}, "takes_all": True}
    frozen = inputs({}, rules=(rule,))
    assert behind(frozen) == ["small", "large"]
    assert behind(frozen, "rebilled", GPU) == ["gpu-1"]


def test_a_rule_takes_nothing_without_a_list_price_for_it_on_the_day() -> None:
    rule = {"match": {"meter": [HOURS]}, "takes_all": True}
    frozen = inputs({}, rules=(rule,))
    assert behind(frozen) == ["large"]
    assert behind(frozen, day=date(2026, 4, 4)) == ["small", "large", "gpu-1"]
    assert behind(frozen, "rebilled", SMALL, day=date(2026, 4, 4)) == []


def test_a_rule_that_takes_the_rest_leaves_what_an_item_or_a_price_covers() -> None:
    rule = {"match": {}, "takes_all": False}
    frozen = inputs({"size": ["large"]}, prices=({"match": {"size": ["small"]}},), rules=(rule,))
    assert behind(frozen, "rebilled", GPU) == ["gpu-1"]
    assert behind(frozen, "rebilled", SMALL) == []
    assert behind(frozen, "ad_hoc", {"size": "small"}) == ["small"]
    addon = {"resource_kind": HOURS, "days": [["2026-04-01", "2026-05-01"]]}
    frozen = inputs(rules=(rule,), addons=(addon,))
    assert behind(frozen, "rebilled", GPU) == []


def test_days_on_trial_and_without_a_term_are_behind_no_line() -> None:
    assert behind(inputs({}, trial=(("2026-04-10", "2026-04-11"),))) == []
    assert behind(inputs({}, days=(("2026-04-11", "2026-05-01"),))) == []


def test_usage_is_traced_by_the_dimensions_by_which_it_was_billed() -> None:
    # It was metered without sizes then, and with them later.
    assert behind(inputs({}, {"size": ["large"]}, used=({},))) == ["small", "large", "gpu-1"]
    # What was not known then is not billed.
    assert behind(inputs({}, used=(SMALL,))) == ["small"]


def test_a_line_of_the_first_engine_has_all_usage_of_its_meter() -> None:
    assert behind(inputs({}, {"size": ["large"]}), engine="1") == ["small", "large", "gpu-1"]
