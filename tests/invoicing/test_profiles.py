"""Billing profiles: accepted values, and the copy on an invoice."""

import io
from typing import Any

import grpc
import psycopg
import pytest
from arcadia.analytics.v1 import billing_profile_service_pb2 as profiles_pb
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from pypdf import PdfReader

from tests.analytics.account import reason_of
from tests.invoicing.books import Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop")


async def text_of(books: Books, invoice_id: str) -> str:
    request = pb.DownloadInvoiceRequest(id=invoice_id)
    document = await books.invoices.DownloadInvoice(request, metadata=books.operator)
    [page] = PdfReader(io.BytesIO(document.data)).pages
    return " ".join(page.extract_text().split())


@pytest.mark.parametrize("abn", ["51 824 753 557", "1", "DE123456789", "५१८२४७५३५५६"])
async def test_a_business_number_whose_check_digits_are_wrong_is_refused_by_its_field(
    books: Books, abn: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.save_profile("acme", party={"abn": abn})
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(refused.value) == "MALFORMED_ABN"
    assert (refused.value.details() or "").startswith("recipient.abn: ")
    assert books.rows("SELECT 1 FROM billing_profiles") == []


async def test_a_business_number_is_kept_as_it_is_printed(books: Books) -> None:
    saved = await books.save_profile("acme", party={"abn": "51824753556"})
    assert saved.recipient.abn == "51 824 753 556"
    assert (await books.save_profile("acme", party={"abn": " "})).recipient.abn == ""


async def test_the_number_of_another_regions_register_is_kept_as_it_is(books: Books) -> None:
    books.execute(
        "INSERT INTO tax_rules (tax_region, label, rate_percent, effective_from, created_by,"
        " created_at) VALUES ('DE', 'USt', 19, '2020-01-01', 'op', now())"
    )
    saved = await books.save_profile("acme", tax_region="DE", party={"abn": "DE123456789"})
    assert saved.recipient.abn == "DE123456789"


async def test_an_invoice_quotes_the_purchase_order_of_its_issue_for_good(books: Books) -> None:
    books.catalog.subscriptions = [SHOP, Subscription("globex", "store")]
    saved = await books.save_profile("acme", name="Acme Pty Ltd", purchase_order=" PO #42* ")
    assert saved.purchase_order == "PO #42*"
    await books.rolled_up()
    await books.save_profile("acme", name="Acme Pty Ltd", purchase_order="PO 43")
    invoice = await books.invoice_of("acme")
    assert invoice.purchase_order == "PO #42*"
    assert not (await books.invoice_of("globex")).HasField("purchase_order")
    assert "Purchase order PO #42*" in await text_of(books, invoice.id)
    with pytest.raises(psycopg.errors.RestrictViolation):
        books.execute("UPDATE tenant_invoices SET purchase_order = 'PO 43'")
    walked = await books.verify_chain()
    assert (walked.verified, walked.invoice_count) == (True, 2)


async def test_the_chain_notices_a_purchase_order_that_was_changed(books: Books) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.save_profile("acme", purchase_order="PO 42")
    await books.rolled_up()
    books.execute("ALTER TABLE tenant_invoices DISABLE TRIGGER keep_issued")
    books.execute("UPDATE tenant_invoices SET purchase_order = 'PO 43'")
    walked = await books.verify_chain()
    assert (walked.verified, walked.broken_number) == (False, "INV-000001")


async def test_a_purchase_order_that_is_too_long_is_refused(books: Books) -> None:
    request: Any = profiles_pb.SaveBillingProfileRequest(
        tenant_id="acme", recipient={"name": "Acme"}, tax_region="AU", purchase_order="x" * 101
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.profiles.SaveBillingProfile(request, metadata=books.operator)
    assert (refused.value.details() or "").startswith("purchase_order: ")
