"""Credit notes: in full with re-billing, of tax only, and never too much."""

import asyncio

import grpc
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as pb

from tests.analytics.account import reason_of
from tests.invoicing.books import APRIL, Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop", addons=1)
STORE = Subscription("globex", "store")


async def refusal(call: object) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call  # type: ignore[misc]
    return refused.value.code(), reason_of(refused.value)


async def billed(books: Books, *, paid: bool = False) -> str:
    """The id of acme's issued invoice of 57.50 and 5.75 of tax."""
    books.catalog.subscriptions = [SHOP]
    await books.rolled_up()
    invoice = await books.invoice_of("acme")
    if paid:
        await books.pay(invoice.id)
    return str(invoice.id)


@pytest.mark.parametrize("paid", [False, True])
async def test_a_month_credited_in_full_is_billed_again_whether_paid_or_not(
    books: Books, paid: bool
) -> None:
    invoice_id = await billed(books, paid=paid)
    assert (await books.rolled_up()).skipped_count == 1

    note = await books.credit(invoice_id)
    credited = (await books.get(invoice_id)).invoice
    assert note.total_cents == credited.total_cents == credited.credited_cents == 6325
    assert credited.status == ("paid" if paid else "issued")
    assert credited.HasField("credited_in_full_at")

    books.used(SHOP, "droplet_hours", "1588")
    again = await books.rolled_up()
    assert (again.issued_count, again.skipped_count) == (1, 0)
    numbers = {
        one.number: (one.total_cents, one.credited_cents)
        for one in await books.listed(tenant_id="acme", period=APRIL)
    }
    assert numbers == {"INV-000001": (6325, 6325), "INV-000002": (6435, 0)}
    assert (await books.rolled_up()).skipped_count == 1
    assert (await books.verify_chain()).complete


async def test_an_invoice_that_was_credited_in_part_bills_its_month_still(books: Books) -> None:
    invoice_id = await billed(books)
    await books.credit(invoice_id, ((await books.lines_of("acme"))[0].id, 4999))
    again = await books.rolled_up()
    assert (again.issued_count, again.skipped_count) == (0, 1)
    await books.credit(invoice_id)
    assert (await books.rolled_up()).issued_count == 1


async def test_notes_that_come_to_the_whole_together_free_the_month_as_one_does(
    books: Books,
) -> None:
    invoice_id = await billed(books, paid=True)
    *lines, tax = await books.lines_of("acme")
    await books.credit(invoice_id, (tax.id, 575))
    for line in lines:
        assert not (await books.get(invoice_id)).invoice.HasField("credited_in_full_at")
        assert (await books.credit(invoice_id, (line.id, line.amount_cents))).tax_cents == 0
    assert (await books.get(invoice_id)).invoice.HasField("credited_in_full_at")
    assert (await books.rolled_up()).issued_count == 1


async def test_a_tax_alone_is_credited_all_of_it_or_a_part(books: Books) -> None:
    invoice_id = await billed(books, paid=True)
    tax = (await books.lines_of("acme"))[-1]
    part = await books.credit(invoice_id, (tax.id, 75))
    assert (part.subtotal_cents, part.tax_cents, part.total_cents) == (0, 75, 75)
    assert [(line.kind, line.amount_cents) for line in part.lines] == [("tax", 75)]
    code, _ = await refusal(books.credit(invoice_id, (tax.id, 501)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert (await books.credit(invoice_id, (tax.id, 500))).total_cents == 500
    code, _ = await refusal(books.credit(invoice_id, (tax.id, 1)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    rest = await books.credit(invoice_id)
    assert (rest.subtotal_cents, rest.tax_cents) == (5750, 0)
    invoice = (await books.get(invoice_id)).invoice
    assert invoice.credited_cents == invoice.total_cents == 6325


async def test_an_invoice_of_which_only_tax_was_credited_is_not_voided(books: Books) -> None:
    invoice_id = await billed(books)
    await books.credit(invoice_id, ((await books.lines_of("acme"))[-1].id, 1))
    assert (await refusal(books.void(invoice_id)))[1] == "INVOICE_CREDITED"


async def test_a_draft_and_a_void_invoice_are_not_credited(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.drafted()
    draft = await books.invoice_of("acme")
    assert await refusal(books.credit(draft.id)) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "INVOICE_NOT_ISSUED",
    )
    voided = await books.void(draft.id)
    assert (await refusal(books.credit(voided.id)))[1] == "INVOICE_NOT_ISSUED"


async def test_the_same_credit_sent_twice_is_one(books: Books) -> None:
    invoice_id = await billed(books)
    first = await books.credit(invoice_id, request_id="credit-1")
    assert await books.credit(invoice_id, request_id="credit-1") == first
    assert (await books.get(invoice_id)).invoice.credited_cents == first.total_cents


async def test_credits_at_the_same_moment_take_back_no_more_than_was_charged(books: Books) -> None:
    invoice_id = await billed(books)
    answers = await asyncio.gather(
        *(books.credit(invoice_id) for _ in range(4)), return_exceptions=True
    )
    made = [one for one in answers if not isinstance(one, BaseException)]
    refused = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
    assert (len(made), len(refused)) == (1, 3)
    assert {reason_of(one) for one in refused} == {"NOTHING_TO_CREDIT"}
    assert books.rows("SELECT number, total_cents FROM credit_notes") == [(1, 6325)]


async def test_the_database_lets_nobody_say_that_an_invoice_was_credited_in_full_unless_it_was(
    books: Books,
) -> None:
    invoice_id = await billed(books)
    await books.credit(invoice_id, ((await books.lines_of("acme"))[0].id, 1))
    with pytest.raises(Exception, match="never rewritten"):
        books.execute("UPDATE tenant_invoices SET credited_in_full_at = now()")
    await books.credit(invoice_id)
    for change in ("credited_in_full_at = NULL", "credited_in_full_at = now()"):
        with pytest.raises(Exception, match="never rewritten"):
            books.execute(f"UPDATE tenant_invoices SET {change}")


async def test_the_revenue_of_a_month_billed_again_is_that_of_its_second_invoice(
    books: Books,
) -> None:
    invoice_id = await billed(books)
    await books.credit(invoice_id)
    await books.rolled_up()
    lines = books.rows(
        "SELECT sum(l.amount_cents)::bigint - (SELECT sum(subtotal_cents) FROM credit_notes)"
        " FROM tenant_invoice_lines l WHERE l.kind <> 'tax'"
    )
    assert lines == [(5750,)]
    credits_of = pb.ListCreditNotesRequest(invoice_id=invoice_id)
    listed = await books.invoices.ListCreditNotes(credits_of, metadata=books.tenant("acme"))
    assert [one.total_cents for one in listed.credit_notes] == [6325]
