"""Metered quantities: exact to the second, and additive however time is split."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds.metering import Basis, MeterRule
from services.analytics.meters import BUILT_IN
from services.analytics.usage.rules.metering import Interval, day_of, meter
from services.analytics.usage.rules.readings import RULES, quantity
from services.common.values.periods import Period, month_of

APRIL = Period.month(2026, 4)
MAY = Period.month(2026, 5)
BOX = UUID(int=1)

Usage = tuple[str, tuple[tuple[str, str], ...]]
"""A kind of usage with its dimensions."""


def interval(
    kind: str = "droplet",
    start: datetime = APRIL.start_at,
    end: datetime = APRIL.end_at,
    *,
    size_gb: str | None = None,
    status: str = "active",
    resource_id: UUID = BOX,
    deployment_id: str = "shop",
    **fields: str,
) -> Interval:
    size = None if size_gb is None else Decimal(size_gb)
    return Interval(
        resource_id, kind, "web-1", "acme", deployment_id, start, end, status, size,
        fields={f"attrs.{name}": value for name, value in fields.items()},
    )  # fmt: skip  # a table


def used(*intervals: Interval, within: Period = APRIL) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for fact in meter(intervals, within).facts:
        totals[fact.resource_kind] = totals.get(fact.resource_kind, Decimal(0)) + fact.qty
    return totals


def test_a_droplet_up_for_a_whole_month_of_30_days_is_720_hours() -> None:
    assert used(interval()) == {"droplet_hours": 720}


def test_two_droplets_two_zones_and_snapshots_over_ten_days_of_a_month_of_31() -> None:
    start, end = MAY.start_at, MAY.start_at + timedelta(days=10)
    totals = used(
        interval("droplet", start, end),
        interval("droplet", start, end, resource_id=UUID(int=2)),
        interval("domain", start, end),
        interval("domain", start, end, resource_id=UUID(int=3)),
        interval("snapshot", start, end, size_gb="31"),
        interval("snapshot", start, end, size_gb="12.4", resource_id=UUID(int=4)),
        within=MAY,
    )
    assert totals["droplet_hours"] == 480
    assert totals["dns_zones"].quantize(Decimal("0.001")) == Decimal("0.645")
    assert totals["snapshot_gb_month"] == 14


@pytest.mark.parametrize(
    ("kind", "usage"),
    [
        ("droplet", "droplet_hours"),
        ("spaces_bucket", "spaces_gb_month"),
        ("snapshot", "snapshot_gb_month"),
        ("image", "snapshot_gb_month"),
        ("domain", "dns_zones"),
        ("volume", "volume_gb_month"),
        ("load_balancer", "load_balancer_hours"),
    ],
)
def test_each_kind_maps_to_its_kind_of_usage(kind: str, usage: str) -> None:
    assert set(used(interval(kind, size_gb="1"))) == {usage}
    assert usage in BUILT_IN


def test_a_database_counts_the_hours_of_its_cluster_and_its_storage() -> None:
    assert used(interval("database", size_gb="61", num_nodes="3")) == {
        "database_hours": 720,
        "database_storage_gb_month": 61,
    }
    # Storage that is unknown hides no hours.
    unknown = meter([interval("database")], APRIL)
    assert [fact.resource_kind for fact in unknown.facts] == ["database_hours"]
    assert [one.resource_kind for one in unknown.unmeasured] == ["database_storage_gb_month"]


def test_a_control_plane_counts_while_it_is_highly_available() -> None:
    assert used(interval("kubernetes_cluster", ha="true")) == {"kubernetes_ha_hours": 720}
    assert used(interval("kubernetes_cluster", ha="false")) == {}


def test_a_reserved_ip_counts_while_it_leads_nowhere_and_not_while_that_is_unknown() -> None:
    assert used(interval("reserved_ip", droplet="")) == {"reserved_ip_hours": 720}
    assert used(interval("reserved_ip", droplet="42")) == {}
    assert used(interval("reserved_ip")) == {}


def test_an_app_counts_the_containers_of_its_services_and_workers() -> None:
    spec = {
        "services": [
            {"name": "web", "instance_size_slug": "apps-s-1vcpu-1gb", "instance_count": 2},
            {"name": "api", "autoscaling": {"min_instance_count": 3}},
        ],
        "workers": [{"name": "mail"}],
        "jobs": [{"name": "migrate"}],
        "static_sites": [{"name": "docs"}],
    }
    assert used(interval("app", spec=json.dumps(spec))) == {"app_container_hours": 720 * 6}
    for empty in ("{}", "", "null"):
        assert used(interval("app", spec=empty)) == {}


def by_dimensions(*intervals: Interval, within: Period = APRIL) -> dict[Usage, Decimal]:
    totals: dict[Usage, Decimal] = {}
    for fact in meter(intervals, within).facts:
        of = (fact.resource_kind, tuple(fact.dimensions.items()))
        totals[of] = totals.get(of, Decimal(0)) + fact.qty
    return totals


@pytest.mark.parametrize(
    ("image", "known"),
    [
        ('{"id": 7, "slug": null, "type": "snapshot"}', (("image_kind", "snapshot"),)),
        ('{"id": 7, "slug": "debian-12-x64"}', ()),
        ('{"id": 7, "type": null}', ()),
        ("", ()),
    ],
)
def test_the_kind_of_a_droplets_image_is_read_where_the_provider_tells_it(
    image: str, known: tuple[tuple[str, str], ...]
) -> None:
    assert by_dimensions(interval(image=image)) == {("droplet_hours", known): 720}


@pytest.mark.parametrize("odd", ["x" * 101, "a,b=c", "a b", "gpu-*"])
def test_an_implausible_value_of_a_dimension_counts_as_unknown(odd: str) -> None:
    spec = {"workers": [{"instance_size_slug": odd}, {"instance_size_slug": "s-1"}]}
    assert by_dimensions(interval("app", spec=json.dumps(spec))) == {
        ("app_container_hours", ()): 720,
        ("app_container_hours", (("size", "s-1"),)): 720,
    }


def test_an_app_counts_its_containers_by_size_and_those_of_unknown_size_without() -> None:
    spec = {
        "services": [
            {"name": "web", "instance_size_slug": "apps-s-1vcpu-1gb", "instance_count": 2},
            {"name": "api", "instance_size_slug": "APPS-S-1vcpu-1gb"},
        ],
        "workers": [{"name": "mail"}],
    }
    assert by_dimensions(interval("app", spec=json.dumps(spec))) == {
        ("app_container_hours", (("size", "apps-s-1vcpu-1gb"),)): 720 * 3,
        ("app_container_hours", ()): 720,
    }


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "s-1", "s-2", "s-3"]), st.integers(1, 50)),
        min_size=1, max_size=6,
    ),
    st.integers(0, 30 * 86_400 - 1),
    st.integers(1, 86_400),
)  # fmt: skip  # a table
def test_the_sum_over_dimensions_is_the_usage_without_dimensions(
    sizes: list[tuple[str, int]], start: int, seconds: int
) -> None:
    workers = [{"instance_size_slug": size, "instance_count": count} for size, count in sizes]
    began = APRIL.start_at + timedelta(seconds=start)
    ended = min(began + timedelta(seconds=seconds), APRIL.end_at)
    app = interval("app", began, ended, spec=json.dumps({"workers": workers}))
    parts = by_dimensions(app)
    whole = quantity(Basis.HOURS, Decimal(sum(count for _, count in sizes)), began, ended)
    assert sum(parts.values()) == whole
    assert all(qty >= 0 for qty in parts.values())
    assert set(parts) == {
        ("app_container_hours", (("size", size),) if size else ()) for size, _ in sizes
    }


def test_storage_is_its_size_times_its_share_of_the_month() -> None:
    half = APRIL.start_at + timedelta(days=15)
    assert used(interval("spaces_bucket", end=half, size_gb="250.5")) == {
        "spaces_gb_month": Decimal("125.25")
    }


def test_it_counts_to_the_second() -> None:
    start = datetime(2026, 4, 3, 10, 0, 0, tzinfo=UTC)
    [(_, hours)] = used(interval(start=start, end=start + timedelta(seconds=3601))).items()
    assert abs(Fraction(hours) - Fraction(3601, 3600)) < Fraction(1, 10**11)


def test_a_droplet_that_is_powered_off_does_not_count() -> None:
    off = meter([interval(status="off")], APRIL)
    assert (off.facts, off.unmetered) == ([], 0)


def test_a_kind_may_declare_that_it_counts_while_powered_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = MeterRule("droplet_hours", counts_powered_off=True)
    assert isinstance(RULES, dict)
    monkeypatch.setitem(RULES, "droplet", (always,))
    assert used(interval(status="off")) == {"droplet_hours": 720}


def test_resources_without_a_deployment_or_meter_give_no_usage_fact() -> None:
    metered = meter([interval(deployment_id=""), interval("vpc")], APRIL)
    assert (list(metered.facts), metered.unmetered) == ([], 2)


def test_an_unknown_size_is_unknown_and_not_zero() -> None:
    metered = meter([interval("snapshot")], APRIL)
    assert (list(metered.facts), metered.unmetered) == ([], 1)
    [unknown] = metered.unmeasured
    assert (unknown.resource_kind, unknown.reason) == ("snapshot_gb_month", "the size is unknown")


def test_only_the_part_within_the_day_counts() -> None:
    day = day_of(date(2026, 4, 30))
    long = interval(start=day.start_at + timedelta(hours=20), end=day.end_at + timedelta(days=9))
    [fact] = meter([long], day).facts
    assert (fact.qty, fact.fact_to) == (Decimal(4), day.end_at)


MOMENTS = st.integers(0, 90 * 86_400).map(
    lambda seconds: datetime(2026, 1, 17, tzinfo=UTC) + timedelta(seconds=seconds)
)
SIZES = st.decimals(Decimal("0.01"), Decimal(100_000), places=3)


@given(
    basis=st.sampled_from([Basis.HOURS, Basis.MONTHS]),
    cuts=st.lists(MOMENTS, min_size=2, max_size=12, unique=True),
    size=SIZES,
    order=st.randoms(use_true_random=False),
)
def test_cutting_a_span_anywhere_in_any_order_changes_nothing(
    basis: Basis, cuts: list[datetime], size: Decimal, order: object
) -> None:
    whole = quantity(basis, size, min(cuts), max(cuts))
    parts = [quantity(basis, size, start, end) for start, end in pairwise(sorted(cuts))]
    order.shuffle(parts)  # type: ignore[attr-defined]
    assert sum(parts) == whole


@given(kind=st.sampled_from(sorted(RULES)), start=MOMENTS, end=MOMENTS, size=SIZES)
def test_metering_day_by_day_gives_what_metering_at_once_gives(
    kind: str, start: datetime, end: datetime, size: Decimal
) -> None:
    start, end = min(start, end), max(start, end)
    span = interval(kind, start, end, size_gb=str(size))
    days = Period(date(2026, 1, 1), date(2026, 5, 1))
    by_day: dict[str, Decimal] = {}
    for number in range(days.days):
        day = day_of(days.start + timedelta(days=number))
        for fact in meter([span], day).facts:
            by_day[fact.resource_kind] = by_day.get(fact.resource_kind, Decimal(0)) + fact.qty
    assert by_day == used(span, within=days)


@given(
    kind=st.sampled_from(["spaces_bucket", "snapshot", "image"]),
    size=SIZES,
    month=st.integers(1, 12),
)
def test_a_whole_month_of_storage_is_exactly_its_size(kind: str, size: Decimal, month: int) -> None:
    period = Period.month(2026, month)
    stored = interval(kind, period.start_at, period.end_at, size_gb=str(size))
    assert used(stored, within=period) == {RULES[kind][0].code: size}


@given(start=MOMENTS, length=st.integers(1, 40 * 86_400), size=SIZES)
def test_no_quantity_is_off_by_more_than_the_last_digit(
    start: datetime, length: int, size: Decimal
) -> None:
    end = start + timedelta(seconds=length)
    true_share = Fraction(0)
    at = start
    while at < end:
        month = month_of(at.date())
        until = min(end, month.end_at)
        true_share += Fraction((until - at) // timedelta(seconds=1), month.days * 86_400)
        at = until
    got = Fraction(quantity(Basis.MONTHS, size, start, end))
    assert abs(got - true_share * Fraction(size)) <= Fraction(3, 10**12)
