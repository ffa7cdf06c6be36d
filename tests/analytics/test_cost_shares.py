"""Shared costs are split among tenants by time, by bytes or by what is stored."""

from datetime import timedelta
from typing import Any

from tests.analytics.account import Analytics, event
from tests.analytics.april import APRIL, PERIOD, STUDIO, line, shares, spans
from tests.analytics.peers import BLOG, SHOP, Span
from tests.analytics.revenue import invoice


async def test_a_droplet_that_changed_owners_is_split_by_time(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    moved = APRIL.start_at + timedelta(days=10)
    analytics.peers.spans = [
        Span(1, APRIL.start_at, moved),
        Span(1, moved, APRIL.end_at, tenant_id="globex", deployment="blog"),
    ]
    analytics.peers.cost_lines = [line("12.00", 1)]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert shares(answer) == {("tenant", "acme"): (7112, 400), ("tenant", "globex"): (0, 800)}
    assert {one.deployment_id for one in answer.by_deployment} == {SHOP.id, BLOG.id}


async def test_pooled_transfer_is_split_by_the_time_of_droplets(analytics: Analytics) -> None:
    analytics.peers.spans = [
        *spans(("acme", "shop"), ("globex", "blog"), ("", "")),
        Span(9, APRIL.start_at, APRIL.end_at, kind="volume", tenant_id="hooli", deployment=""),
    ]
    analytics.peers.cost_lines = [
        line("6.00", kind="bandwidth", classification="shared"),
        line("4.00", kind="bandwidth", classification="shared"),
    ]
    [*_, last] = await analytics.attribute(PERIOD)
    assert last.shared_count == 2
    answer = await analytics.margin(PERIOD)
    assert answer.cogs_cents == 1000
    owned = [one.cogs_cents for one in answer.by_tenant]
    assert sorted(owned) == [333, 333, 334]
    assert {one.tenant_id for one in answer.by_tenant} == {"acme", "globex", ""}


async def test_without_known_bytes_transfer_says_that_it_is_split_by_droplet_time(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = spans(("acme", "shop"))
    analytics.peers.cost_lines = [line("6.00", kind="", classification="shared")]
    await analytics.attribute(PERIOD)
    [split] = (await analytics.margin(PERIOD)).shared_costs
    assert (split.kind, split.amount_usd, split.split_key, split.remark) == (
        "other",
        "6",
        "droplet_time",
        "no outbound bytes are known",
    )


async def test_pooled_transfer_is_split_by_outbound_bytes_not_by_the_time_of_droplets(
    analytics: Analytics,
) -> None:
    analytics.peers.spans = spans(("acme", "shop"), ("globex", "blog"), ("", ""))
    await analytics.record(
        event("a", kind="bandwidth_gb", qty="300.5", day="2026-04-10"),
        event("b", kind="bandwidth_gb", qty="599.5", day="2026-04-30"),
        event("c", kind="bandwidth_gb", qty="100", day="2026-04-01", deployment=BLOG.id),
        event("d", kind="bandwidth_gb", qty="9000", day="2026-05-01", deployment=BLOG.id),
        event("e", kind="llm_tokens", qty="9000", day="2026-04-10", deployment=BLOG.id),
    )
    for day in ("2026-04-01", "2026-04-10", "2026-04-30", "2026-05-01"):
        await analytics.meter(day)
    analytics.peers.cost_lines = [line("10.00", kind="bandwidth", classification="shared")]
    await analytics.attribute(PERIOD)

    answer = await analytics.margin(PERIOD)

    assert {one.tenant_id: one.cogs_cents for one in answer.by_tenant} == {
        "acme": 900,
        "globex": 100,
    }
    [split] = answer.shared_costs
    assert (split.split_key, split.remark, split.unkeyed_owner_count) == ("outbound_bytes", "", 1)


def bucket(number: int, size_gb: str | None, tenant: str, deployment: str, **more: Any) -> Span:
    """A bucket for all of April."""
    told: dict[str, Any] = {"start": APRIL.start_at, "end": APRIL.end_at, **more}
    return Span(
        100 + number, kind="spaces_bucket", size_gb=size_gb, tenant_id=tenant,
        deployment=deployment, **told,
    )  # fmt: skip  # a table


async def test_the_cost_of_spaces_is_split_by_what_each_stored_and_for_how_long(
    analytics: Analytics,
) -> None:
    half = APRIL.start_at + timedelta(days=15)
    analytics.peers.spans = [
        *spans(("hooli", "site")),
        bucket(1, "100", "acme", "shop", end=half),
        bucket(1, "300", "acme", "shop", start=half),
        bucket(2, "50", "globex", "blog"),
        bucket(3, "50", "", ""),
    ]
    analytics.peers.cost_lines = [
        line("5.00", kind="spaces_bucket", classification="shared"),
        line("1.00", kind="spaces_bucket", classification="shared"),
    ]
    await analytics.attribute(PERIOD)

    answer = await analytics.margin(PERIOD)

    assert {(one.attribution, one.tenant_id): one.cogs_cents for one in answer.by_tenant} == {
        ("tenant", "acme"): 400,
        ("tenant", "globex"): 100,
        ("internal", ""): 100,
    }
    [split] = answer.shared_costs
    assert (split.kind, split.amount_usd, split.split_key, split.remark) == (
        "spaces_bucket",
        "6",
        "stored_gb_months",
        "",
    )


async def test_a_bucket_of_unknown_size_does_not_count_as_empty(analytics: Analytics) -> None:
    analytics.peers.spans = [bucket(1, "100", "acme", "shop"), bucket(2, None, "globex", "blog")]
    analytics.peers.cost_lines = [line("6.00", kind="spaces_bucket", classification="shared")]
    await analytics.attribute(PERIOD)

    answer = await analytics.margin(PERIOD)

    assert {one.tenant_id: one.cogs_cents for one in answer.by_tenant} == {
        "acme": 300,
        "globex": 300,
    }
    [split] = answer.shared_costs
    assert (split.split_key, split.remark) == (
        "bucket_time",
        "the size of 1 of 2 buckets is unknown",
    )
    await analytics.attribute(PERIOD)
    assert len((await analytics.margin(PERIOD)).shared_costs) == 1


async def test_shared_costs_without_a_droplet_are_shown_as_unattributed(
    analytics: Analytics,
) -> None:
    analytics.peers.cost_lines = [line("10.00", kind="bandwidth", classification="shared")]
    await analytics.attribute(PERIOD)
    answer = await analytics.margin(PERIOD)
    assert [(one.attribution, one.cogs_cents) for one in answer.by_tenant] == [
        ("unattributed", 1000)
    ]
    [split] = answer.shared_costs
    assert (split.split_key, split.remark) == (
        "none",
        "no outbound bytes are known; no droplet is known",
    )
