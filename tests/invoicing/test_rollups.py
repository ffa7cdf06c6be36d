"""The steps of a roll-up: one invoice per tenant and month, despite repeats and interruptions."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest
from arcadia.analytics.v1 import rollup_service_pb2 as pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb

from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL, JUNE, MARCH, MAY, Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop", addons=1)
BLOG = Subscription("acme", "blog")
STORE = Subscription("globex", "store")


async def test_studio_with_storage_and_three_droplets_in_april_comes_to_70_64(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "droplet_hours", "2160")

    rollup = await books.rolled_up()

    assert (rollup.drafted_count, rollup.issued_count) == (1, 1)
    invoice = await books.invoice_of("acme")
    assert (invoice.subtotal_cents, invoice.tax_cents, invoice.total_cents) == (6422, 642, 7064)
    assert (invoice.status, invoice.number, invoice.currency) == ("issued", "INV-000001", "AUD")
    assert (invoice.issued_on, invoice.due_on) == ("2026-05-01", "2026-05-15")
    lines = await books.lines_of("acme")
    assert [(line.kind, line.qty, line.amount_cents) for line in lines] == [
        ("plan_base", "1", 5000),
        ("addon", "1", 750),
        ("overage", "672", 672),
        ("tax", "10", 642),
    ]
    assert [line.deployment_id for line in lines] == [SHOP.deployment_id] * 3 + [""]
    assert lines[-1].description == "GST 10%"

    again = await books.rolled_up()
    assert (again.drafted_count, again.skipped_count, again.issued_count) == (0, 1, 0)


async def test_studio_with_five_droplets_in_april_has_a_subtotal_of_71_12(books: Books) -> None:
    books.catalog.subscriptions = [BLOG]
    books.used(BLOG, "droplet_hours", "3600")
    await books.rolled_up()
    assert (await books.invoice_of("acme")).subtotal_cents == 7112


async def test_a_tenant_gets_one_invoice_for_all_its_deployments(books: Books) -> None:
    books.catalog.subscriptions = [SHOP, BLOG, STORE]
    rollup = await books.rolled_up()
    assert rollup.issued_count == 2
    lines = await books.lines_of("acme")
    assert [line.deployment_id for line in lines[:-1]] == [
        BLOG.deployment_id,
        SHOP.deployment_id,
        SHOP.deployment_id,
    ]
    assert [(total.currency, total.total_cents) for total in rollup.totals] == [
        ("AUD", 11825 + 5500)
    ]


async def test_every_step_may_be_sent_again(books: Books) -> None:
    books.subscribe_tenants(5)
    rollup = await books.begin(key="invoice-rollup/2026-04/run")
    assert (await books.begin(key="invoice-rollup/2026-04/run")).id == rollup.id
    cursors = await books.plan(rollup.id)
    assert await books.plan(rollup.id) == cursors
    for cursor in [*cursors, *cursors]:
        answer = await books.draft(rollup.id, cursor)
        assert answer.drafted_count in {1, 2}
    await books.move(rollup.id, "issuing")
    await books.move(rollup.id, "issuing")
    while (await books.issue(rollup.id, limit=2)).remaining_count:
        pass
    assert (await books.issue(rollup.id)).issued_count == 0
    assert [one.number for one in sorted(await books.listed(), key=lambda one: one.tenant_id)] == [
        f"INV-{number:06d}" for number in range(1, 6)
    ]


async def test_one_tenants_failure_does_not_stop_the_others(books: Books) -> None:
    books.subscribe_tenants(3)
    books.catalog.refused["tenant-001"] = "NO_PRICE_IN_FORCE"

    rollup = await books.rolled_up()

    assert (rollup.tenant_count, rollup.issued_count, rollup.failed_count) == (3, 2, 1)
    [failure] = await books.failures(rollup.id)
    assert (failure.tenant_id, failure.reason) == ("tenant-001", "NO_PRICE_IN_FORCE")
    assert failure.deployment_id == books.catalog.subscriptions[1].deployment_id
    assert failure.attempt_count == 1


async def test_a_tenant_gets_an_invoice_for_each_currency(books: Books) -> None:
    dollars = Subscription("acme", "blog", currency="USD")
    books.catalog.subscriptions = [SHOP, dollars]
    rollup = await books.rolled_up()
    assert (rollup.drafted_count, rollup.issued_count, rollup.failed_count) == (1, 2, 0)
    found = await books.listed(tenant_id="acme")
    assert sorted((one.currency, one.subtotal_cents) for one in found) == [
        ("AUD", 5750),
        ("USD", 5000),
    ]
    again = await books.rolled_up()
    assert (again.drafted_count, again.skipped_count, again.issued_count) == (0, 1, 0)
    # One of them is voided: only that one is made again.
    [voided] = [one for one in found if one.currency == "USD"]
    await books.void(voided.id)
    third = await books.rolled_up()
    assert (third.drafted_count, third.issued_count) == (1, 1)
    assert {(one.currency, one.status) for one in await books.listed(tenant_id="acme")} == {
        ("AUD", "issued"),
        ("USD", "issued"),
        ("USD", "void"),
    }


async def test_force_replaces_the_draft_of_each_currency(books: Books) -> None:
    books.catalog.subscriptions = [SHOP, Subscription("acme", "blog", currency="USD")]
    first = await books.drafted()
    await books.move(first.id, "failed", "broke off")
    books.catalog.subscriptions = [
        SHOP,
        Subscription("acme", "blog", base_cents=6000, currency="USD"),
    ]
    forced = await books.rolled_up(force=True)
    assert forced.issued_count == 2
    assert sorted(one.subtotal_cents for one in await books.listed(tenant_id="acme")) == [
        5750,
        6000,
    ]


async def test_force_replaces_drafts_and_nothing_that_was_issued(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    first = await books.drafted()
    await books.move(first.id, "failed", "broke off")
    books.catalog.subscriptions = [Subscription("acme", "shop", base_cents=6000)]
    kept = await books.drafted()
    assert kept.drafted_count == 1
    assert (await books.invoice_of("acme")).subtotal_cents == 5750
    await books.move(kept.id, "failed", "broke off")
    forced = await books.rolled_up(force=True)
    assert forced.issued_count == 1
    assert (await books.invoice_of("acme")).subtotal_cents == 6000
    books.catalog.subscriptions = [Subscription("acme", "shop", base_cents=7000)]
    again = await books.rolled_up(force=True)
    assert (again.skipped_count, again.issued_count) == (1, 0)
    assert (await books.invoice_of("acme")).subtotal_cents == 6000


async def test_a_run_that_broke_off_anywhere_is_finished_by_the_next(books: Books) -> None:
    books.subscribe_tenants(7)
    broken = await books.begin()
    cursors = await books.plan(broken.id)
    await books.draft(broken.id, cursors[1])
    next_one = await books.rolled_up()
    assert (next_one.drafted_count, next_one.issued_count) == (7, 7)
    listed = await books.rollups.ListRollups(pb.ListRollupsRequest(), metadata=books.operator)
    assert [one.status for one in listed.rollups] == ["completed", "failed"]


async def test_pages_drafted_at_the_same_time_and_twice_make_one_invoice_each(
    books: Books,
) -> None:
    books.subscribe_tenants(12)
    rollup = await books.begin()
    cursors = await books.plan(rollup.id)
    await asyncio.gather(*(books.draft(rollup.id, cursor) for cursor in cursors * 2))
    checked = await books.checked(rollup.id)
    assert (checked.drafted_count, checked.failed_count) == (12, 0)
    assert len(await books.listed()) == 12


async def test_late_usage_becomes_an_adjustment_that_names_its_own_period(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "droplet_hours", "1400", day="2026-03-10")
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "droplet_hours", "188")

    await books.rolled_up(APRIL)

    lines = await books.lines_of("acme")
    [late] = [line for line in lines if line.kind == "adjustment"]
    assert (late.service_start, late.service_end) == ("2026-03-01", "2026-04-01")
    assert (late.qty, late.amount_cents) == ("100", 100)
    assert late.deployment_id == SHOP.deployment_id
    assert (late.meta["adjusts_kind"], late.meta["adjusts_period"]) == ("overage", MARCH)
    books.used_late(SHOP, "droplet_hours", "12")
    await books.rolled_up(MAY)
    assert await books.adjustments("acme", MAY) == [("2026-05", "12", 12)]
    assert books.open_changes() == 0
    verified = await books.verify((await books.invoice_of("acme", MAY)).id)
    assert verified.verified


async def test_late_usage_is_billed_once_whichever_invoice_of_it_is_voided(books: Books) -> None:
    """Allowance 1488 h: 1400 on time, then 88 late within it, then 50 over it."""
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "droplet_hours", "1400", "2026-03-10")
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "droplet_hours", "138")
    await books.rolled_up(APRIL)
    books.used_late(SHOP, "droplet_hours", "20")
    await books.rolled_up(MAY)
    await books.void((await books.invoice_of("acme", APRIL)).id)
    await books.rolled_up(APRIL)
    await books.rolled_up(JUNE)
    assert await books.adjustments("acme", APRIL, MAY, JUNE) == [
        ("2026-04", "50", 50),
        ("2026-05", "20", 20),
    ]


async def test_late_usage_that_comes_while_its_invoice_is_priced_waits_for_the_next(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "5000")
    books.catalog.meanwhile = lambda: books.used_late(SHOP, "llm_tokens", "3000")
    await books.rolled_up(APRIL)
    assert books.open_changes() == 1
    await books.rolled_up(MAY)
    assert await books.adjustments("acme", APRIL, MAY) == [
        ("2026-04", "5", 5),
        ("2026-05", "3", 3),
    ]


async def test_a_stream_of_late_events_starves_no_roll_up(books: Books) -> None:
    """Each page is drafted the first time, however many events come while it is priced."""
    books.subscribe_tenants(6)
    await books.rolled_up(MARCH)
    for one in books.catalog.subscriptions:
        books.used_late(one, "llm_tokens", "1000")

    def more() -> None:
        for one in books.catalog.subscriptions:
            books.used_late(one, "llm_tokens", "1000")

    rollup = await books.begin(APRIL)
    for cursor in await books.plan(rollup.id):
        books.catalog.meanwhile = more
        await books.draft(rollup.id, cursor)
    assert (await books.checked(rollup.id)).drafted_count == 6


async def test_usage_that_another_invoice_bills_meanwhile_is_not_billed_twice(books: Books) -> None:
    """Two months are rolled up at once, and both read the same change of March."""
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "5000")
    april, may = await books.begin(APRIL), await books.begin(MAY)
    [cursor], [other] = await books.plan(april.id), await books.plan(may.id)
    answers = await asyncio.gather(
        books.draft(april.id, cursor), books.draft(may.id, other), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
    assert all(reason_of(one) == "INVOICES_MOVED" for one in refused)
    # The work tries again.
    await books.draft(april.id, cursor)
    await books.draft(may.id, other)
    assert [cents for _, _, cents in await books.adjustments("acme", APRIL, MAY)] == [5]


async def test_a_voided_event_of_a_billed_month_is_given_back(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "llm_tokens", "900000", day="2026-03-10")
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "-400000")
    await books.rolled_up(APRIL)
    assert await books.adjustments("acme", APRIL) == [("2026-04", "-400", -400)]
    assert (await books.invoice_of("acme")).subtotal_cents == 5750 - 400


async def test_a_month_that_costs_less_than_billed_gives_a_credit(books: Books) -> None:
    """Of who left, nothing else is billed: the invoice is negative, and nothing is lost."""
    left = Subscription("acme", "shop", ends_on="2026-04-01")
    books.catalog.subscriptions = [left]
    books.used(left, "llm_tokens", "900000", day="2026-03-10")
    await books.rolled_up(MARCH)
    books.used_late(left, "llm_tokens", "-900000")
    await books.rolled_up(APRIL)
    assert (await books.invoice_of("acme")).total_cents == -990


async def test_a_subscription_backdated_into_a_billed_month_is_billed_by_the_next(
    books: Books,
) -> None:
    books.catalog.subscriptions = [STORE]
    books.close(MARCH)
    await books.rolled_up(MARCH)
    shop = Subscription("acme", "shop", starts_on="2026-03-14", base_cents=5167)
    books.catalog.subscriptions = [STORE, shop]
    books.catalog.backdated = [
        pricing_pb.BackdatedChange(
            subscription_id=shop.id,
            deployment_id=shop.deployment_id,
            tenant_id="acme",
            effective_from="2026-03-14",
        )
    ]
    books.used(shop, "llm_tokens", "7000", day="2026-03-10")
    books.used(shop, "llm_tokens", "4000", day="2026-03-20")
    books.close(APRIL)
    await books.rolled_up(APRIL)
    lines = [line for line in await books.lines_of("acme") if line.kind == "adjustment"]
    # 18 of 31 days of 51.67, and the tokens of the days that it holds.
    assert [
        (line.qty, line.unit, line.price_base_qty, line.amount_cents, line.service_start)
        for line in lines
    ] == [("18", "day", "31", 3000, "2026-03-14"), ("4", "1k_tokens", "1", 4, "2026-03-14")]
    assert (await books.invoice_of("acme")).subtotal_cents == 5167 + 3004
    # The cursor went on: nothing is noted twice. What was noted of April costs nothing.
    await books.rolled_up(MAY)
    assert await books.adjustments("acme", MAY) == []
    assert books.open_changes() == 0


async def test_a_subscription_that_ended_earlier_than_was_billed_is_given_back(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP, STORE]
    await books.rolled_up(MARCH)
    books.catalog.subscriptions = [STORE]
    books.catalog.ended = [replace(SHOP, ends_on="2026-03-01")]
    books.changed(SHOP, cause="subscription")
    rollup = await books.rolled_up(APRIL)
    assert rollup.failed_count == 0
    assert await books.adjustments("acme", APRIL) == [
        ("2026-04", "-1", -5000),
        ("2026-04", "-1", -750),
    ]
    assert (await books.verify((await books.invoice_of("acme")).id)).verified


async def test_a_month_is_priced_again_by_the_engine_that_billed_it(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "5000")
    await books.rolled_up(APRIL)
    assert books.catalog.engines == ["", "", "test/1"]


async def test_a_voided_month_is_billed_by_its_own_roll_up_less_what_later_ones_adjusted(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "llm_tokens", "1000", day="2026-03-10")
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "5000")
    await books.rolled_up(APRIL)
    await books.void((await books.invoice_of("acme", MARCH)).id)
    books.used_late(SHOP, "llm_tokens", "2000")
    await books.rolled_up(MAY)
    assert await books.adjustments("acme", MAY) == []
    await books.rolled_up(MARCH)
    march = await books.invoice_of("acme", MARCH)
    assert march.subtotal_cents == 5750 + 8 - 5
    assert await books.adjustments("acme", MARCH) == [("2026-03", "-5", -5)]
    assert (await books.verify(march.id)).verified
    await books.void((await books.invoice_of("acme", APRIL)).id)
    await books.rolled_up(APRIL)
    assert await books.adjustments("acme", APRIL) == [("2026-04", "5", 5)]
    assert books.open_changes() == 0


async def test_an_invalid_quantity_fails_only_its_own_tenant(books: Books) -> None:
    """The catalog refuses the batch as a whole; the others are priced all the same."""
    books.subscribe_tenants(7)
    books.catalog.most = Decimal(1000)
    odd = books.catalog.subscriptions[4]
    books.used(odd, "llm_tokens", "1001")
    books.used(books.catalog.subscriptions[5], "llm_tokens", "1000")
    rollup = await books.begin()
    for cursor in await books.plan(rollup.id, tenants_per_page=7):
        await books.draft(rollup.id, cursor)
    checked = await books.checked(rollup.id)
    assert (checked.drafted_count, checked.failed_count) == (6, 1)
    [failure] = await books.failures(rollup.id)
    assert (failure.tenant_id, failure.reason) == (odd.tenant_id, "OUT_OF_RANGE")
    assert "page_token" not in failure.message
    assert failure.deployment_id == odd.deployment_id


async def test_a_tenant_with_a_sum_out_of_range_fails_alone(books: Books) -> None:
    huge = [Subscription("acme", slug, base_cents=2**62) for slug in ("a", "b")]
    books.catalog.subscriptions = [*huge, Subscription("globex", "shop")]
    rollup = await books.rolled_up()
    assert (rollup.issued_count, rollup.failed_count) == (1, 1)
    [failure] = await books.failures(rollup.id)
    assert (failure.tenant_id, failure.reason) == ("acme", "AMOUNT_TOO_LARGE")
    nul = pb.RetryRollupRequest(id=rollup.id, tenant_ids=["a\0"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.rollups.RetryRollup(nul, metadata=books.operator)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_forced_new_draft_bills_the_late_usage_of_the_old_one(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "5000")
    await books.drafted()
    again = await books.rolled_up(force=True)
    assert again.issued_count == 1
    await books.rolled_up(MAY)
    assert await books.adjustments("acme", APRIL, MAY) == [("2026-04", "5", 5)]


async def test_late_usage_of_a_tenant_that_left_is_billed_all_the_same(books: Books) -> None:
    left = Subscription("acme", "shop", ends_on="2026-04-01")
    books.catalog.subscriptions = [left, STORE]
    await books.rolled_up(MARCH)
    books.used_late(left, "llm_tokens", "5000")
    rollup = await books.rolled_up(APRIL)
    assert rollup.issued_count == 2
    assert (await books.invoice_of("acme")).subtotal_cents == 5


async def test_late_usage_of_a_discarded_draft_is_billed_by_the_next(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up(MARCH)
    books.used_late(SHOP, "llm_tokens", "5000")
    await books.drafted(APRIL)
    draft = await books.invoice_of("acme")
    await books.void(draft.id)
    await books.rolled_up(APRIL)
    kinds = [line.kind for line in await books.lines_of("acme")]
    assert kinds.count("adjustment") == 1


async def test_a_month_that_has_not_ended_is_not_rolled_up(books: Books) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.begin("2150-01-01")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(refused.value) == "PERIOD_NOT_ENDED"
