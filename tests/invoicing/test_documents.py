"""The documents of invoices, credit notes and voids, as a person checks them."""

import io
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from pypdf import PdfReader

from services.analytics.invoicing.invoices.document.view import DocumentLine, view_of
from tests.analytics.account import reason_of
from tests.invoicing.books import Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop", addons=1)


async def billed(books: Books) -> Any:
    books.catalog.subscriptions = [SHOP]
    await books.save_profile("acme", name="Acme Pty Ltd")
    await books.rolled_up()
    return await books.invoice_of("acme")


def text_of(document: Any) -> str:
    assert document.content_type == "application/pdf"
    [page] = PdfReader(io.BytesIO(document.data)).pages
    return " ".join(page.extract_text().split())


async def test_a_credit_note_names_its_invoice_its_number_why_and_what_it_takes_back(
    books: Books,
) -> None:
    invoice = await billed(books)
    line = (await books.lines_of("acme"))[0]
    note = await books.credit(invoice.id, (line.id, 1000))
    assert note.invoice_number == "INV-000001"
    request = pb.DownloadCreditNoteRequest(id=note.id)
    document = await books.invoices.DownloadCreditNote(request, metadata=books.tenant("acme"))
    told = text_of(document)
    for words in (
        "Adjustment note", "CN-000001", "Corrects invoice INV-000001", "a test", "Acme Pty Ltd",
        "The shop", line.description, "−10.00", "GST 10% −1.00", "−11.00",  # noqa: RUF001
    ):  # fmt: skip
        assert words in told
    html = pb.DownloadCreditNoteRequest(id=note.id, format="html")
    page = await books.invoices.DownloadCreditNote(html, metadata=books.operator)
    assert page.content_type.startswith("text/html")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.invoices.DownloadCreditNote(request, metadata=books.tenant("globex"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_credit_of_a_tax_alone_says_so(books: Books) -> None:
    invoice = await billed(books)
    note = await books.credit(invoice.id, ((await books.lines_of("acme"))[-1].id, 75))
    request = pb.DownloadCreditNoteRequest(id=note.id)
    told = text_of(await books.invoices.DownloadCreditNote(request, metadata=books.operator))
    assert "Only tax is credited." in told
    assert "Subtotal 0.00 GST 10% −0.75 Credited AUD −0.75" in told  # noqa: RUF001


async def test_a_void_notice_says_which_invoice_is_void_since_when_and_why(books: Books) -> None:
    invoice = await billed(books)
    request = pb.DownloadVoidNoticeRequest(id=invoice.id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await books.invoices.DownloadVoidNotice(request, metadata=books.operator)
    assert reason_of(refused.value) == "INVOICE_NOT_VOID"
    voided = await books.void(invoice.id)
    assert voided.void_reason == "a test"
    told = text_of(await books.invoices.DownloadVoidNotice(request, metadata=books.tenant("acme")))
    for words in (
        "Void notice", "INV-000001", "Invoice INV-000001 is void: a test", "Voided on",
        "Acme Pty Ltd", "Total AUD 63.25", "Void −63.25", "Amount due 0.00",  # noqa: RUF001
    ):  # fmt: skip
        assert words in told


def shown(**changes: Any) -> DocumentLine:
    """A line as it is shown on an invoice."""
    line = SimpleNamespace(
        **{
            "kind": "plan_base", "description": "Plan: Studio", "qty": Decimal(1), "unit": "month",
            "unit_price_cents": Decimal(5000), "price_base_qty": Decimal(1), "amount_cents": 5000,
            "meta": {}, "dimensions": {}, "deployment_id": "d", "service_days": None,
            "service_start": date(2026, 5, 1), "service_end": date(2026, 6, 1), **changes,
        }
    )  # fmt: skip
    invoice = SimpleNamespace(
        status="issued", number=1, period=date(2026, 5, 1), currency="AUD", issuer=None,
        recipient=None, tenant_id="acme", subtotal_cents=0, tax_cents=0, total_cents=0,
        tax_label="GST", tax_rate_percent=Decimal(10), credited_cents=0, issued_on=None,
        due_on=None, chain_hash="", kind="month",
    )  # fmt: skip
    [section] = view_of(invoice, [line], {}).sections  # type: ignore[arg-type, list-item]
    [made] = section.lines
    return made


def test_a_line_of_days_reads_as_a_pocket_calculator_takes_it() -> None:
    line = shown(
        qty=Decimal(12), unit="day", price_base_qty=Decimal(31), amount_cents=1935,
        service_days=12, service_start=date(2026, 5, 20), meta={"proration": "12/31"},
    )  # fmt: skip
    assert (line.qty, line.unit_price, line.amount) == ("12 of 31 days", "50.00 / 31 days", "19.35")
    assert line.note == "20 May 2026 to 31 May 2026"


def test_a_line_of_packages_and_one_of_tiers_multiply() -> None:
    packages = shown(
        kind="overage", qty=Decimal(3), unit="package", unit_price_cents=Decimal(250),
        amount_cents=750, meta={"used": "2160", "allowance": "1488"},
        dimensions={"region": "syd1", "size": "s-1vcpu-1gb"},
    )  # fmt: skip
    assert (packages.qty, packages.unit_price, packages.amount) == ("3 package", "2.50", "7.50")
    assert packages.note == "region syd1, size s-1vcpu-1gb; used 2,160, 1,488 included"
    tier = shown(
        kind="overage", qty=Decimal("1000.5"), unit="1k_tokens", unit_price_cents=Decimal("0.4"),
        amount_cents=400,
    )  # fmt: skip
    assert (tier.qty, tier.unit_price, tier.amount) == (
        "1,000.5 × 1k tokens", "0.004", "4.00",  # noqa: RUF001
    )  # fmt: skip


def test_a_quantity_that_no_decimal_equals_is_shown_as_its_fraction() -> None:
    line = shown(qty=Decimal("111.290322580645"), unit="hour", meta={"exact_qty": "3450/31"})
    assert line.qty == "3450/31 hour"
