"""Voids, credits, forced drafts and late usage in any order: each usage is billed once.

With the real catalog, metering and roll-up; every expected amount is computed by hand.
"""

from itertools import count
from typing import Any

import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb

from services.analytics.invoicing.rollups.repricing import ClosedMonth
from tests.analytics.account import event
from tests.invoicing.test_unbilled import unbilled
from tests.invoicing.test_with_the_catalog import Month, month

__all__ = ["month"]  # a fixture

MARCH, APRIL, MAY, JUNE, JULY, AUGUST = (f"2026-{number:02}-01" for number in range(3, 9))

PLANS = """
plans:
  - {code: ten, name: Ten, price_cents: 0, currency: AUD, items: [
      {resource_kind: bandwidth_gb, included_qty: 0, overage_unit: gb, overage_price_cents: 10}]}
  - {code: flat, name: Flat, price_cents: 0, currency: AUD, items: [
      {resource_kind: bandwidth_gb, included_qty: 10, overage_unit: gb, pricing_model: flat,
       amount_cents: 3000}]}
  - {code: yen, name: Yen, price_cents: 10000, currency: JPY, items: [
      {resource_kind: bandwidth_gb, included_qty: 0, overage_unit: gb, overage_price_cents: 3}]}
"""
"""10 cents a GB; 30.00 a month as soon as 10 GB are used; ¥10,000 a month and ¥3 a GB."""

_keys = count(1)


@pytest.fixture(autouse=True)
async def sold(month: Month) -> None:
    """The plans of these tests."""
    await month.shop.catalog.ApplyCatalog(
        catalog_pb.ApplyCatalogRequest(document=PLANS), metadata=month.shop.operator
    )


async def held(
    month: Month, plan: str, start: str, tenant: str = "acme", slug: str = "shop"
) -> tuple[str, str]:
    """A new deployment that is subscribed from a day on, which is today: both ids."""
    month.shop.clock.set(start)
    deployment = await month.shop.deploy(slug, month.shop.tenant(tenant))
    subscription = await month.shop.subscribe(deployment.id, plan, token=month.shop.operator)
    return deployment.id, subscription.id


async def used(
    month: Month, deployment: str, qty: int, day: str, kind: str = "bandwidth_gb"
) -> str:
    """Usage of a day; the key of its event."""
    key = f"odd-{next(_keys)}"
    receipt = await month.metering.send(
        event(key, kind=kind, qty=str(qty), day=day, deployment=deployment)
    )
    assert receipt.accepted_count == 1
    return key


async def closed(month: Month, period: str) -> None:
    """A month that was metered to its end, and is closed."""
    month.books.execute(
        "INSERT INTO work_passes (work, subject, pass_key, state, until, started_at,"
        " completed_at) SELECT 'metering', day::date, 'test', 'current',"
        " day + interval '2 day', now(), now() FROM generate_series(%s::date,"
        " %s::date + interval '1 month' - interval '1 day', interval '1 day') AS day"
        " ON CONFLICT DO NOTHING",
        period,
        period,
    )
    await month.metering.close(period)


async def billed(month: Month, *periods: str, **how: Any) -> Any:
    """Months are closed and rolled up, one after the other; the last roll-up."""
    rollup = None
    for period in periods:
        await closed(month, period)
        rollup = await month.books.rolled_up(period, **how)
        assert await month.books.failures(rollup.id) == []
    return rollup


async def total(month: Month, currency: str = "AUD") -> int:
    """What acme is billed in all, without tax, by what is neither void nor credited in full."""
    [(cents,)] = month.books.rows(
        "SELECT coalesce(sum(subtotal_cents), 0) FROM tenant_invoices WHERE tenant_id = 'acme'"
        " AND currency = %s AND status <> 'void' AND credited_in_full_at IS NULL",
        currency,
    )
    return int(cents)


async def listed(month: Month) -> list[tuple[str, str]]:
    """The days and quantities of April's unbilled usage."""
    return [(one.day, one.qty) for one in await unbilled(month.books)]


@pytest.mark.parametrize("force", [False, True])
async def test_who_left_keeps_the_draft_of_what_was_learned_late_when_a_month_is_run_again(
    month: Month, force: bool
) -> None:
    """5 GB of April, learned in May of who left in April: 50 cents, on a draft that broke off."""
    shop, subscription = await held(month, "ten", APRIL)
    await held(month, "ten", APRIL, tenant="globex")
    month.shop.clock.set("2026-04-20")
    await month.shop.change("CancelSubscription", subscription, effective_on="2026-04-21")
    await billed(month, APRIL)
    await used(month, shop, 5, "2026-04-20")
    await closed(month, MAY)
    broken = await month.books.drafted(MAY)
    await month.books.move(broken.id, "failed", "broke off")
    await billed(month, MAY, force=force)
    assert (await month.books.invoice_of("acme", MAY)).subtotal_cents == 50


@pytest.mark.parametrize("how", ["void", "credit"])
async def test_credits_of_later_invoices_are_not_given_twice(month: Month, how: str) -> None:
    """April is 100, May adds 50, June gives 150 back: ended before April. Then April is void."""
    shop, subscription = await held(month, "ten", "2026-03-20")
    await held(month, "ten", "2026-03-20", tenant="globex")
    await billed(month, MARCH)
    await used(month, shop, 10, "2026-04-20")
    await billed(month, APRIL)
    await used(month, shop, 5, "2026-04-20")
    await billed(month, MAY)
    month.shop.clock.set("2026-06-05")
    await month.shop.change("CancelSubscription", subscription, effective_on=APRIL)
    await billed(month, JUNE)
    assert await total(month) == 0
    april = (await month.books.invoice_of("acme", APRIL)).id
    await (month.books.void(april) if how == "void" else month.books.credit(april))
    assert await total(month) == -100
    await billed(month, APRIL)
    assert await total(month) == 0
    await billed(month, JULY)
    assert await total(month) == 0


async def test_usage_of_days_that_were_paused_only_after_their_month_was_billed_is_listed(
    month: Month,
) -> None:
    """20 of 30 days are left of Studio, and 992 of its hours; 1588 h on a paused day."""
    shop, subscription = await held(month, "studio", APRIL)
    await used(month, shop, 1588, "2026-04-15", "droplet_hours")
    await used(month, shop, 100, "2026-04-05", "droplet_hours")
    await billed(month, APRIL)
    assert await total(month) == 5200
    month.shop.clock.set("2026-05-10")
    await month.shop.change("PauseSubscription", subscription, effective_on="2026-04-11")
    await month.shop.change("ResumeSubscription", subscription, effective_on="2026-04-21")
    await billed(month, MAY)
    assert await total(month) == 3333 + 5000
    assert await listed(month) == [("2026-04-15", "1588")]


async def test_a_pause_that_costs_nothing_leaves_its_usage_on_the_list(month: Month) -> None:
    shop, subscription = await held(month, "flat", APRIL)
    await used(month, shop, 3, "2026-04-15")
    await billed(month, APRIL)
    assert await listed(month) == []
    month.shop.clock.set("2026-05-10")
    await month.shop.change("PauseSubscription", subscription, effective_on="2026-04-11")
    await month.shop.change("ResumeSubscription", subscription, effective_on="2026-04-21")
    assert await listed(month) == [("2026-04-15", "3")]
    await billed(month, MAY, JUNE)
    assert (await total(month), month.books.open_changes()) == (0, 0)
    assert await listed(month) == [("2026-04-15", "3")]
    assert (await billed(month, APRIL)).unbilled.usage_count == 1


async def test_who_left_is_billed_and_given_back_what_is_learned_late(month: Month) -> None:
    """What was used on the day it ended is on nobody's bill."""
    shop, subscription = await held(month, "ten", APRIL)
    wrong = await used(month, shop, 100, "2026-04-05")
    month.shop.clock.set("2026-04-20")
    await month.shop.change("CancelSubscription", subscription, effective_on="2026-04-21")
    await billed(month, APRIL)
    await used(month, shop, 5, "2026-04-20")
    await used(month, shop, 7, "2026-04-21")
    await billed(month, MAY)
    assert await total(month) == 1050
    assert await listed(month) == [("2026-04-21", "7")]
    await month.metering.void(wrong)
    await billed(month, JUNE)
    given_back = await month.books.invoice_of("acme", JUNE)
    assert (given_back.subtotal_cents, given_back.tax_cents) == (-1000, -100)
    await month.books.void(given_back.id)
    assert await total(month) == 1050
    await billed(month, JULY, JUNE, AUGUST)
    assert await total(month) == 50


@pytest.mark.parametrize(
    "order",
    [
        ["credit april"],
        ["void april"],
        ["void may"],
        ["void april", "void may"],
        ["void may", "void april", "bill may"],
        ["credit may", "credit april"],
    ],
)
async def test_a_plan_change_and_late_usage_survive_voids_and_credits_in_any_order(
    month: Month, order: list[str]
) -> None:
    """Pro from 16 April, agreed in May: 2500 and 6000; 1638 h before it less 744 are 894 over."""
    shop, subscription = await held(month, "studio", APRIL)
    await used(month, shop, 1588, "2026-04-05", "droplet_hours")
    await billed(month, APRIL)
    await used(month, shop, 50, "2026-04-05", "droplet_hours")
    month.shop.clock.set("2026-05-10")
    await month.shop.change("ChangePlan", subscription, plan_code="pro", effective_on="2026-04-16")
    await billed(month, MAY)
    assert await total(month) == 2500 + 6000 + 894 + 12000
    await used(month, shop, 6, "2026-04-05", "droplet_hours")
    for step in order:
        what, period = step.replace("april", APRIL).replace("may", MAY).split(" ")
        if what == "bill":
            await billed(month, period)
            continue
        invoice = (await month.books.invoice_of("acme", period)).id
        await (month.books.void(invoice) if what == "void" else month.books.credit(invoice))
    await used(month, shop, 4, "2026-04-05", "droplet_hours")
    await billed(month, APRIL, MAY, JUNE)
    assert await total(month) == 2500 + 6000 + 904 + 24000
    await billed(month, JULY)
    assert await total(month) == 2500 + 6000 + 904 + 36000


async def test_a_month_of_engine_1_is_adjusted_by_engine_1_until_it_is_billed_again(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Studio from the 16th: engine 1 spread 6480 h of the 5th over the billed days."""
    shop, _ = await held(month, "studio", "2026-04-16")
    await used(month, shop, 6480, "2026-04-05", "droplet_hours")
    with monkeypatch.context() as before_the_upgrade:
        before_the_upgrade.setattr(ClosedMonth, "engine_of", lambda *_: "1")
        await billed(month, APRIL)
    first = 2500 + 6480 - 744
    assert await total(month) == first
    late = await used(month, shop, 100, "2026-04-05", "droplet_hours")
    await billed(month, MAY)
    assert await total(month) == first + 100 + 5000
    await month.metering.void(late)
    await billed(month, JUNE)
    assert await total(month) == first + 2 * 5000
    await month.books.void((await month.books.invoice_of("acme", APRIL)).id)
    await billed(month, APRIL, JULY)
    assert await total(month) == 2500 + 3 * 5000
    assert await listed(month) == [("2026-04-05", "6480")]


async def test_a_deployment_that_changed_its_currency_is_adjusted_in_each(month: Month) -> None:
    """10 GB at 10 cents until 16 May, ¥10,000 from then on: 16 of 31 days are ¥5,161."""
    shop, subscription = await held(month, "ten", APRIL)
    await used(month, shop, 10, "2026-04-05")
    await billed(month, APRIL)
    month.shop.clock.set("2026-05-16")
    await month.shop.change("CancelSubscription", subscription, effective_on="2026-05-16")
    await month.shop.subscribe(shop, "yen", token=month.shop.operator)
    await used(month, shop, 10, "2026-05-05")
    await used(month, shop, 10, "2026-05-25")
    await billed(month, MAY)
    for day in ("2026-04-05", "2026-05-05", "2026-05-25"):
        await used(month, shop, 5, day)
    await billed(month, JUNE)
    assert await total(month) == 100 + 100 + 50 + 50
    assert await total(month, "JPY") == 5161 + 30 + 15 + 10000


@pytest.mark.parametrize("how", ["void", "credit"])
@pytest.mark.parametrize(("currency", "left"), [("JPY", "AUD"), ("AUD", "JPY")])
async def test_a_month_credited_in_one_currency_is_billed_again_in_that_one_only(
    month: Month, how: str, currency: str, left: str
) -> None:
    """15 GB of April are 150 cents, and ¥45 beside ¥10,000: 10 of each were billed at first."""
    shop, _ = await held(month, "ten", APRIL)
    toko, _ = await held(month, "yen", APRIL, slug="toko")
    for one in (shop, toko):
        await used(month, one, 10, "2026-04-05")
    await billed(month, APRIL)
    [april] = [
        one
        for one in await month.books.listed(tenant_id="acme", period=APRIL)
        if one.currency == currency
    ]
    await (month.books.void(april.id) if how == "void" else month.books.credit(april.id))
    for one in (shop, toko):
        await used(month, one, 5, "2026-04-05")
    await billed(month, MAY)
    base, of_april = {"AUD": 0, "JPY": 10000}, {"AUD": 150, "JPY": 10045}
    assert await total(month, currency) == base[currency]
    assert await total(month, left) == of_april[left] + base[left]
    await billed(month, APRIL, JUNE)
    assert await total(month, currency) == of_april[currency] + 2 * base[currency]
    assert await total(month, left) == of_april[left] + 2 * base[left]
    assert month.books.open_changes() == 0
