from datetime import date

import pytest
import typer
from arcadia.analytics.v1.usage_pb2 import DailyUsage

from cli.invoicing.usage import days_of, totals
from services.analytics.usage.requests import dimension_filter
from services.common.errors import InvalidArgument


def test_a_month_is_metered_up_to_today() -> None:
    assert [one.day for one in days_of("2028-02", date(2028, 3, 9))] == [*range(1, 30)]
    assert [one.day for one in days_of("2026-11", date(2026, 11, 3))] == [1, 2, 3]
    for wrong in ("2026-12", "2026-13", "May"):
        with pytest.raises(typer.BadParameter):
            days_of(wrong, date(2026, 11, 30))


def test_usage_is_summed_by_kind_and_dimensions() -> None:
    def used(day: str, qty: str, **dimensions: str) -> DailyUsage:
        return DailyUsage(day=day, resource_kind="droplet_hours", qty=qty, dimensions=dimensions)

    assert totals(
        [
            used("2026-04-11", "24", size="s-2", region="syd1"),
            used("2026-04-11", "0.5"),
            used("2026-04-10", "1.5", region="syd1", size="s-2"),
        ]
    ) == [
        ("droplet_hours", "", "0.5", "1"),
        ("droplet_hours", "region=syd1 size=s-2", "25.5", "2"),
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [("size", "a dimension with a value, as in size="), ("size=a;size=b", "is named twice")],
)
def test_a_filter_by_dimension_needs_a_value_and_names_a_dimension_once(
    said: str, told: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        dimension_filter(said)
    assert told in refused.value.violations[0].description
