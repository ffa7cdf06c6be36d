"""One-off lines on a tenant's next invoice, and one-off invoices."""

import asyncio
from datetime import UTC, datetime

import grpc
import pytest
from arcadia.analytics.v1 import attribution_service_pb2 as attribution_pb
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from arcadia.analytics.v1 import invoicing_service_pb2 as steps_pb
from arcadia.analytics.v1 import margin_service_pb2 as margin_pb
from arcadia.analytics.v1.attribution_service_pb2_grpc import AttributionServiceStub
from arcadia.analytics.v1.margin_service_pb2_grpc import MarginServiceStub

from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL, MAY, Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop")
STORE = Subscription("globex", "store")


async def refusal(call: object) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call  # type: ignore[misc]
    return refused.value.code(), reason_of(refused.value)


async def test_a_line_added_by_hand_is_on_the_next_invoice_and_taxed_as_the_others(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP, STORE]
    added = await books.add_line("acme", 12_345, deployment_id="shop")
    given = await books.add_line("acme", -2_345, description="Goodwill")
    assert (added.deployment_id, added.status) == (SHOP.deployment_id, "pending")
    await books.rolled_up()

    lines = await books.lines_of("acme")
    assert [(line.kind, line.amount_cents, line.deployment_id) for line in lines] == [
        ("plan_base", 5000, SHOP.deployment_id),
        ("one_off", -2_345, ""),
        ("one_off", 12_345, SHOP.deployment_id),
        ("tax", 1500, ""),
    ]
    assert (lines[2].description, lines[2].qty, lines[2].unit) == ("Data recovery", "1", "item")
    assert lines[2].meta["reason"] == "as agreed by phone"
    invoice = await books.invoice_of("acme")
    assert (invoice.subtotal_cents, invoice.tax_cents, invoice.kind) == (15_000, 1500, "month")
    assert {(one.id, one.status, one.invoice_id) for one in await books.added_lines()} == {
        (one.id, "billed", invoice.id) for one in (added, given)
    }
    answer = await books.verify(invoice.id)
    assert answer.verified
    assert [part.engine_version for part in answer.parts if part.engine_version[:3] == "one"] == [
        "one_off/1",
        "one_off/1",
    ]
    trace = pb.TraceInvoiceLineRequest(invoice_id=invoice.id, line_id=lines[2].id)
    traced = await books.invoices.TraceInvoiceLine(trace, metadata=books.tenant("acme"))
    assert (traced.price_type, traced.price_id) == ("one_off_line", added.id)
    assert (await books.verify_chain()).complete

    await books.rolled_up(MAY)
    assert [line.kind for line in await books.lines_of("acme", MAY)] == ["plan_base", "tax"]


async def test_a_tenant_that_has_nothing_but_a_line_added_by_hand_gets_an_invoice(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.add_line("initech", 700)
    rollup = await books.rolled_up()
    assert (rollup.tenant_count, rollup.issued_count) == (2, 2)
    invoice = await books.invoice_of("initech")
    assert (invoice.subtotal_cents, invoice.tax_cents) == (700, 70)
    assert (await books.verify(invoice.id)).verified


async def test_a_line_in_another_currency_makes_an_invoice_of_its_own(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.add_line("acme", 700, currency="USD")
    rollup = await books.rolled_up()
    assert rollup.issued_count == 2
    found = await books.listed(tenant_id="acme", period=APRIL)
    assert {(one.currency, one.subtotal_cents) for one in found} == {("AUD", 5000), ("USD", 700)}
    assert [one.status for one in await books.added_lines()] == ["billed"]


async def test_a_line_that_waits_is_removed_and_one_that_is_drafted_or_billed_is_not(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    gone = await books.add_line("acme", 100)
    stays = await books.add_line("acme", 200)
    removed = await books.remove_line(gone.id, request_id="remove-1")
    assert (removed.status, removed.removed_by) == ("removed", "op")
    assert await books.remove_line(gone.id, request_id="remove-1") == removed
    assert (await refusal(books.remove_line(gone.id)))[1] == "ONE_OFF_LINE_NOT_PENDING"
    rollup = await books.drafted()
    assert [one.id for one in await books.added_lines(status="drafted")] == [stays.id]
    assert (await refusal(books.remove_line(stays.id)))[1] == "ONE_OFF_LINE_NOT_PENDING"
    await books.move(rollup.id, "issuing")
    await books.issue(rollup.id)
    assert (await refusal(books.remove_line(stays.id)))[1] == "ONE_OFF_LINE_NOT_PENDING"
    assert (await books.invoice_of("acme")).subtotal_cents == 5200
    assert [one.id for one in await books.added_lines(tenant_id="acme", status="removed")] == [
        gone.id
    ]


async def test_a_line_is_billed_again_when_its_invoice_is_voided_or_credited_in_full(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    line = await books.add_line("acme", 100)
    await books.rolled_up()
    await books.void((await books.invoice_of("acme")).id)
    assert (await books.added_lines())[0].status == "pending"
    await books.rolled_up()
    first = await books.invoice_of("acme")
    assert first.subtotal_cents == 5100
    await books.credit(first.id)
    assert (await books.added_lines())[0].status == "pending"
    await books.rolled_up()
    [_, _, second] = sorted(await books.listed(period=APRIL), key=lambda one: one.number)
    [found] = await books.added_lines()
    assert (found.id, found.status, found.invoice_id) == (line.id, "billed", second.id)


async def test_a_line_on_a_draft_that_is_drafted_anew_is_on_the_new_one(books: Books) -> None:
    """Also of a tenant that has no subscription: it is planned again for its line."""
    books.catalog.subscriptions = [SHOP]
    await books.add_line("acme", 100)
    await books.add_line("initech", 300)
    await books.drafted()
    await books.add_line("acme", 50)
    await books.rolled_up(force=True)
    assert (await books.invoice_of("acme")).subtotal_cents == 5150
    assert (await books.invoice_of("initech")).subtotal_cents == 300
    assert {one.status for one in await books.added_lines()} == {"billed"}


async def test_a_line_on_a_draft_that_is_undone_waits_again(books: Books) -> None:
    await books.add_line("initech", 300)
    await books.drafted()
    await books.void((await books.invoice_of("initech")).id)
    assert [one.status for one in await books.added_lines()] == ["pending"]


async def test_a_line_that_is_removed_while_it_is_priced_is_not_billed(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    line = await books.add_line("acme", 100)
    rollup = await books.begin()
    [cursor] = await books.plan(rollup.id)
    books.catalog.meanwhile = lambda: books.execute(
        "UPDATE one_off_lines SET removed_at = now(), removed_by = 'op' WHERE id = %s", line.id
    )
    assert await refusal(books.draft(rollup.id, cursor)) == (
        grpc.StatusCode.ABORTED,
        "ONE_OFF_LINE_MOVED",
    )
    await books.draft(rollup.id, cursor)
    assert (await books.invoice_of("acme")).subtotal_cents == 5000


async def test_an_invoice_is_made_at_once_and_lives_as_any_other(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    asked = datetime.now(UTC)
    draft = await books.bill_at_once(
        "acme", ("Migration", 40_000, "shop"), ("Discount", -3_995, ""), request_id="one-1"
    )
    assert (draft.kind, draft.status, draft.number) == ("one_off", "draft", "")
    assert f"{asked:%Y-%m}-01" <= draft.period <= f"{datetime.now(UTC):%Y-%m}-01"
    assert (draft.subtotal_cents, draft.tax_cents, draft.total_cents) == (36_005, 3_601, 39_606)
    assert await books.listed(books.tenant("acme"), period=draft.period) == []

    issued = await books.issue_by_hand(draft.id, request_id="issue-1")
    assert (issued.number, issued.status) == ("INV-000002", "issued")
    assert await books.issue_by_hand(draft.id, request_id="issue-1") == issued
    assert (await refusal(books.issue_by_hand(draft.id)))[1] == "INVOICE_NOT_DRAFT"
    assert (await books.verify(draft.id)).verified
    walked = await books.verify_chain()
    assert (walked.complete, walked.invoice_count) == (True, 2)
    member = books.tenant("acme")
    assert [one.id for one in await books.listed(member, period=draft.period)] == [draft.id]
    page = await books.invoices.DownloadInvoice(
        pb.DownloadInvoiceRequest(id=draft.id, format="html"), metadata=member
    )
    for words in ("Migration", "The shop", "Account", "396.06", "as agreed by phone"):
        assert words in page.data.decode()

    assert (await books.pay(draft.id)).status == "paid"
    assert (await books.credit(draft.id)).total_cents == 39_606
    assert (await books.verify_chain()).complete


async def test_the_same_invoice_made_twice_is_one_and_another_is_another(books: Books) -> None:
    first = await books.bill_at_once("acme", ("Setup", 100, ""), request_id="one-1")
    assert await books.bill_at_once("acme", ("Setup", 100, ""), request_id="one-1") == first
    second = await books.bill_at_once("acme", ("Setup", 100, ""))
    assert {first.id, second.id} == {one.id for one in await books.listed(tenant_id="acme")}


async def test_a_one_off_invoice_does_not_prevent_billing_or_undoing_a_month(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    draft = await books.bill_at_once("acme", ("Setup", 100, ""))
    books.execute("UPDATE tenant_invoices SET period = %s", APRIL)
    rollup = await books.drafted()
    assert rollup.drafted_count == 1
    books.execute("UPDATE rollups SET decision = 'undo', reason = 'x' WHERE id = %s", rollup.id)
    request = steps_pb.DiscardDraftsRequest(rollup_id=rollup.id)
    answer = await books.steps.DiscardDrafts(request, metadata=books.worker)
    assert (answer.discarded_count, answer.remaining_count) == (1, 0)
    assert (await books.get(draft.id)).invoice.status == "draft"


async def test_a_one_off_invoice_is_taxed_by_the_tenants_region(books: Books) -> None:
    books.execute(
        "INSERT INTO tax_rules (tax_region, label, rate_percent, effective_from, created_by,"
        " created_at) VALUES ('NZ', 'GST', 15, '2020-01-01', 'op', now())"
    )
    await books.save_profile("acme", tax_region="NZ")
    draft = await books.bill_at_once("acme", ("Setup", 100, ""))
    assert (draft.tax_rate_percent, draft.tax_cents) == ("15", 15)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_cents": 0},
        {"amount_cents": 10**15 + 1},
        {"currency": "aud"},
        {"currency": ""},
        {"description": " "},
        {"description": "x" * 201},
        {"reason": ""},
        {"tenant_id": ""},
        {"deployment_id": "nobodys"},
        {"deployment_id": STORE.deployment_id},
    ],
)
async def test_a_line_that_makes_no_sense_is_refused_with_its_field(
    books: Books, wrong: dict[str, object]
) -> None:
    books.catalog.subscriptions = [SHOP, STORE]
    [field] = wrong
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.add_line(**{"tenant": "acme", "amount_cents": 100, **wrong})  # type: ignore[arg-type]
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (refused.value.details() or "")
    assert await books.added_lines() == []


async def test_an_invoice_that_charges_nothing_is_refused(books: Books) -> None:
    for lines in ((), (("Discount", -1, ""),), (("Setup", 5, ""), ("Discount", -5, ""))):
        code, _ = await refusal(books.bill_at_once("acme", *lines))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert await books.listed() == []


async def test_a_line_of_a_deployment_counts_to_its_margin_and_another_to_its_tenants(
    books: Books,
) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.add_line("acme", 700, deployment_id="shop")
    await books.add_line("acme", 30)
    await books.rolled_up()
    await AttributionServiceStub(books.channel).RefreshMargin(
        attribution_pb.RefreshMarginRequest(period=APRIL), metadata=books.worker
    )
    margin = await MarginServiceStub(books.channel).GetMargin(
        margin_pb.GetMarginRequest(period=APRIL), metadata=books.operator
    )
    assert (margin.revenue_state, margin.revenue_cents) == ("final", 5730)
    assert {(one.deployment_id, one.revenue_cents) for one in margin.by_deployment} == {
        (SHOP.deployment_id, 5700),
        ("", 30),
    }


async def test_lines_added_while_drafts_are_made_are_on_one_invoice_each(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    rollup = await books.begin()
    [cursor] = await books.plan(rollup.id)
    await asyncio.gather(
        books.draft(rollup.id, cursor), *(books.add_line("acme", 100) for _ in range(5))
    )
    await books.move(rollup.id, "issuing")
    await books.issue(rollup.id)
    await books.rolled_up(MAY)
    total = sum([(await books.invoice_of("acme", one)).subtotal_cents for one in (APRIL, MAY)])
    assert total == 2 * 5000 + 5 * 100
