"""The steps of a roll-up: one invoice a tenant and month, whatever is sent twice or breaks off."""

import asyncio

import grpc
import pytest
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1 import rollup_service_pb2 as pb

from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL, MARCH, MAY, Books
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
        ("plan_base", "1", 5000), ("addon", "1", 750), ("overage", "672", 672), ("tax", "10", 642),
    ]  # fmt: skip
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
        BLOG.deployment_id, SHOP.deployment_id, SHOP.deployment_id,
    ]  # fmt: skip
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


async def test_one_tenants_failure_is_parked_and_stops_nobody(books: Books) -> None:
    books.subscribe_tenants(3)
    books.catalog.refused["tenant-001"] = "NO_PRICE_IN_FORCE"

    rollup = await books.rolled_up()

    assert (rollup.tenant_count, rollup.issued_count, rollup.failed_count) == (3, 2, 1)
    [failure] = await books.failures(rollup.id)
    assert (failure.tenant_id, failure.reason) == ("tenant-001", "NO_PRICE_IN_FORCE")
    assert failure.deployment_id == books.catalog.subscriptions[1].deployment_id
    assert failure.attempt_count == 1


async def test_subscriptions_in_two_currencies_are_no_invoice(books: Books) -> None:
    books.catalog.subscriptions = [SHOP, Subscription("acme", "blog", currency="USD")]
    rollup = await books.drafted()
    [failure] = await books.failures(rollup.id)
    assert failure.reason == "MIXED_CURRENCIES"


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
    books.used_late(SHOP, "droplet_hours", "12")
    await books.rolled_up(MAY)
    [later] = [line for line in await books.lines_of("acme", MAY) if line.kind == "adjustment"]
    assert (later.qty, later.amount_cents) == ("12", 12)


async def test_late_usage_is_billed_once_whichever_invoice_of_it_is_voided(books: Books) -> None:
    """Allowance 1488 h: 1400 on time, then 88 late within it, then 50 over it."""
    books.catalog.subscriptions = [SHOP]
    books.used(SHOP, "droplet_hours", "1400", "2026-03-10")
    books.used_late(SHOP, "droplet_hours", "88")
    await books.rolled_up(APRIL)
    books.used_late(SHOP, "droplet_hours", "50")
    await books.rolled_up(MAY)
    await books.void((await books.invoice_of("acme", APRIL)).id)
    await books.rolled_up(APRIL)
    await books.rolled_up("2026-06-01")
    billed = [
        line.amount_cents
        for month in (APRIL, MAY, "2026-06-01")
        for line in await books.lines_of("acme", month)
        if line.kind == "adjustment"
    ]
    assert billed == [50]


async def test_late_usage_that_comes_while_its_invoice_is_priced_is_billed_too(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used_late(SHOP, "llm_tokens", "5000")
    more = "UPDATE usage_adjustments SET qty = 8000, fact_count = 2, facts_hash = 'more'"
    books.catalog.meanwhile = lambda: books.execute(more)
    rollup = await books.begin()
    [cursor] = await books.plan(rollup.id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.draft(rollup.id, cursor)
    assert (refused.value.code(), reason_of(refused.value)) == (
        grpc.StatusCode.ABORTED, "LATE_USAGE_MOVED",
    )  # fmt: skip
    # The work tries again.
    await books.draft(rollup.id, cursor)
    [late] = [line for line in await books.lines_of("acme") if line.kind == "adjustment"]
    assert late.amount_cents == 8


async def test_a_tenant_whose_sum_is_beyond_all_invoices_is_parked_alone(books: Books) -> None:
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


async def test_a_draft_that_is_forced_anew_bills_the_late_usage_of_the_old_one(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    books.used_late(SHOP, "llm_tokens", "5000")
    await books.drafted()
    again = await books.rolled_up(force=True)
    assert again.issued_count == 1
    lines = await books.lines_of("acme")
    assert [line.amount_cents for line in lines if line.kind == "adjustment"] == [5]
    await books.rolled_up(MAY)
    assert "adjustment" not in {line.kind for line in await books.lines_of("acme", MAY)}


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


async def test_usage_that_is_on_nobodys_invoice_is_told_of(books: Books) -> None:
    shop, left = Subscription("acme", "shop"), Subscription("acme", "left")
    gone, failing = Subscription("globex", "gone"), Subscription("initech", "shop")
    books.catalog.subscriptions = [shop, failing]
    books.catalog.refused["initech"] = "NO_PRICE_IN_FORCE"
    for one, kind in (
        (shop, "droplet_hours"), (left, "droplet_hours"), (left, "dns_zones"),
        (gone, "llm_tokens"), (failing, "droplet_hours"),
    ):  # fmt: skip
        books.used(one, kind, "5")
    books.used(Subscription("acme", "later"), "droplet_hours", "5", day="2026-05-01")
    books.used(Subscription("acme", "idle"), "droplet_hours", "0")
    rollup = await books.drafted()
    request = steps_pb.CheckRollupRequest(rollup_id=rollup.id)
    told = (await books.steps.CheckRollup(request, metadata=books.worker)).unbilled_deployments
    assert [(one.tenant_id, one.deployment_id, list(one.resource_kinds)) for one in told] == [
        ("acme", left.deployment_id, ["dns_zones", "droplet_hours"]),
        ("globex", gone.deployment_id, ["llm_tokens"]),
    ]
