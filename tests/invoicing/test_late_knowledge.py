"""Late usage is billed later, never lost: with the real catalog, metering and roll-up."""

import asyncio
from dataclasses import replace
from typing import Any

from services.common.values.periods import Period
from tests.analytics.account import event
from tests.analytics.peers import Span, at
from tests.invoicing.test_with_the_catalog import Month, month, subscribed

__all__ = ["month"]  # a fixture

APRIL, MAY, JUNE = "2026-04-01", "2026-05-01", "2026-06-01"
HALF = "500000000000000"
"""Of what a figure may be at most."""


async def billed(month: Month, period: str) -> Any:
    """A month is metered, closed and rolled up; its roll-up."""
    year, number, _ = map(int, period.split("-"))
    await month.metering.meter_month(Period.month(year, number))
    await month.metering.close(period)
    return await month.books.rolled_up(period)


async def adjusted(month: Month, period: str) -> list[tuple[str, str, int]]:
    """The kind, the month and the amount of each adjustment on acme's invoice of a month."""
    return [
        (line.resource_kind, line.service_start, line.amount_cents)
        for line in await month.books.lines_of("acme", period)
        if line.kind == "adjustment"
    ]


async def test_a_machine_that_is_seen_only_after_its_month_was_closed_is_billed_with_the_next(
    month: Month,
) -> None:
    """3 droplets all April are 672 h over the allowance; one of them was found in May."""
    await subscribed(month, "acme", "shop")
    await month.runs("acme", "shop", 2)
    await billed(month, APRIL)
    await month.runs("acme", "shop", 1)
    await month.metering.meter_month(Period.month(2026, 4))
    await billed(month, MAY)
    assert await adjusted(month, MAY) == [("droplet_hours", APRIL, 672)]
    await billed(month, JUNE)
    assert await adjusted(month, JUNE) == []


async def test_a_machine_that_turns_out_to_have_been_gone_is_given_back(month: Month) -> None:
    """3 droplets all April are 672 h over the allowance; one was gone on the 21st: 240 h less."""
    await subscribed(month, "acme", "shop")
    await month.runs("acme", "shop", 3)
    await billed(month, APRIL)
    month.inventory.spans[-1] = replace(month.inventory.spans[-1], end=at("2026-04-21"))
    await month.metering.meter_month(Period.month(2026, 4))
    await billed(month, MAY)
    assert await adjusted(month, MAY) == [("droplet_hours", APRIL, -240)]


async def test_an_event_that_is_voided_after_its_month_was_billed_is_given_back(
    month: Month,
) -> None:
    """Counted twice: 10,000 hours over the allowance, and 10,000 more that were not."""
    deployment = await subscribed(month, "acme", "shop")
    for key, hours in (("right", "11488"), ("wrong", "10000")):
        await month.metering.record(
            event(key, kind="droplet_hours", qty=hours, day="2026-04-10", deployment=deployment.id)
        )
    await billed(month, APRIL)
    await month.metering.void("wrong")
    await billed(month, MAY)
    assert await adjusted(month, MAY) == [("droplet_hours", APRIL, -10_000)]
    await month.metering.void("wrong")
    await billed(month, JUNE)
    assert await adjusted(month, JUNE) == []


async def test_usage_from_before_its_deployment_was_registered_is_billed_when_it_is(
    month: Month,
) -> None:
    """Tagged all April, registered in May, subscribed by the operator from the first of April."""
    await subscribed(month, "acme", "other")
    await month.runs("acme", "shop", 3)
    await billed(month, APRIL)
    month.shop.clock.set("2026-05-10")
    deployment = await month.shop.deploy("shop", month.shop.tenant("acme"))
    await month.shop.subscribe(
        deployment.id, token=month.shop.operator, plan_code="studio", starts_on=APRIL
    )
    await billed(month, MAY)
    made = await adjusted(month, MAY)
    assert sorted(made) == [("", APRIL, 5000), ("droplet_hours", APRIL, 672)]


async def test_a_tenant_whose_usage_adds_up_beyond_the_bound_stops_nobody_else(
    month: Month,
) -> None:
    shop = await subscribed(month, "acme", "shop")
    await subscribed(month, "globex", "blog")
    for key in ("a", "b", "c"):
        receipt = await month.metering.record(
            event(key, qty=HALF, day="2026-04-10", deployment=shop.id)
        )
        assert receipt.accepted_count == 1
    rollup = await billed(month, APRIL)
    assert (rollup.issued_count, rollup.failed_count) == (1, 1)
    [parked] = await month.books.failures(rollup.id)
    assert (parked.tenant_id, parked.reason) == ("acme", "OUT_OF_RANGE")
    await month.metering.void("c")
    await month.books.rolled_up(APRIL)
    assert (await month.books.invoice_of("acme")).subtotal_cents > 0


async def test_a_stream_of_late_events_stops_no_roll_up_and_every_event_is_billed_once(
    month: Month,
) -> None:
    """An hour at a cent each, over an allowance that is used up."""
    deployment = await subscribed(month, "acme", "shop")
    month.inventory.spans = [
        Span(number, at(APRIL), at(MAY), tenant_id="acme", deployment="shop") for number in range(3)
    ]
    await billed(month, APRIL)
    sent = 0
    over = asyncio.Event()

    async def stream(number: int) -> None:
        nonlocal sent
        turn = 0
        while not over.is_set():
            turn += 1
            late = event(
                f"{number}-{turn}",
                kind="droplet_hours",
                qty="1",
                day="2026-04-10",
                deployment=deployment.id,
            )
            await month.metering.record(late)
            sent += 1

    streams = [asyncio.create_task(stream(number)) for number in range(4)]
    may = await billed(month, MAY)
    over.set()
    await asyncio.gather(*streams)
    assert (may.status, may.issued_count) == ("completed", 1)
    await billed(month, JUNE)
    late = [cents for period in (MAY, JUNE) for _, _, cents in await adjusted(month, period)]
    assert sum(late) == sent
