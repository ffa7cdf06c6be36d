"""The documents of invoices, credit notes and voids."""

import asyncio
import io
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import grpc
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as pb
from pypdf import PdfReader

from services.analytics.invoicing.invoices import documents
from services.analytics.invoicing.invoices.document.model import DocumentLine, InvoiceDocument
from services.analytics.invoicing.invoices.document.rendering import RENDERER, Renderer
from services.analytics.invoicing.invoices.document.sections import MAX_LINES
from services.analytics.invoicing.invoices.document.view import view_of
from services.analytics.invoicing.invoices.store import documents as store
from services.analytics.invoicing.invoices.store.reading import read_invoice
from services.analytics.invoicing.profiles.rules.parties import Party
from services.analytics.invoicing.profiles.rules.terms import Terms
from services.common.identity.callers import ALL
from services.common.settings import Settings
from tests.analytics.account import reason_of
from tests.invoicing.books import Books
from tests.invoicing.catalog import Subscription
from tests.invoicing.documents import SHOP, billed, downloaded, told_by
from tests.invoicing.invoices import invoice, line


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
        "The shop", line.description, "−10.00", "GST 10% −1.00", "−11.00",
    ):  # fmt: skip  # a table
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
    assert "Subtotal 0.00 GST 10% −0.75 Credited AUD −0.75" in told


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
        "Acme Pty Ltd", "Total AUD 63.25", "Void −63.25", "Amount due 0.00",
    ):  # fmt: skip  # a table
        assert words in told


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers and formats of the documents that were rendered, in their order."""
    seen: list[str] = []
    render = Renderer.render

    async def counted(
        self: Renderer, document: InvoiceDocument, format_: str, charges: bytes
    ) -> bytes:
        seen.append(f"{document.number} {format_}")
        return await render(self, document, format_, charges)

    monkeypatch.setattr(Renderer, "render", counted)
    return seen


async def test_an_issued_invoice_is_rendered_once_and_answers_the_same_bytes(
    books: Books, renders: list[str]
) -> None:
    invoice = await billed(books)
    first = await asyncio.gather(
        *(downloaded(books, invoice.id) for _ in range(4)),
        *(downloaded(books, invoice.id, books.tenant("acme")) for _ in range(4)),
    )
    assert renders == ["INV-000001 pdf"]
    assert set(first) == {await downloaded(books, invoice.id)}
    await downloaded(books, invoice.id, format_="html")
    await downloaded(books, invoice.id, format_="html")
    assert renders == ["INV-000001 pdf", "INV-000001 html"]
    kept = books.rows(
        "SELECT tenant_id, document, format, status, content, renderer FROM invoice_documents"
        " ORDER BY id"
    )
    assert kept[0] == ("acme", "invoice", "pdf", "issued", first[0], RENDERER)
    assert len(kept) == 2


async def test_of_two_replicas_one_renders_and_the_other_waits_for_the_file(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = await billed(books)
    rendering, asked = asyncio.Event(), asyncio.Event()
    renders: list[str] = []
    render, claim = Renderer.render, store.claim_document

    async def slow(self: Renderer, document: InvoiceDocument, *more: Any) -> bytes:
        renders.append(document.number)
        rendering.set()
        await asked.wait()
        return await render(self, document, *more)

    async def claimed(*arguments: Any) -> bool:
        is_ours = await claim(*arguments)
        if not is_ours:
            asked.set()
        return is_ours

    monkeypatch.setattr(Renderer, "render", slow)
    monkeypatch.setattr(documents, "claim_document", claimed)
    replicas = [
        documents.Documents(books.database, Renderer(), (), lambda: datetime.now(UTC))
        for _ in range(2)
    ]
    async with books.database.read(ALL) as session:
        kept = await read_invoice(session, ALL, UUID(invoice.id))
    first = asyncio.create_task(replicas[0].of_invoice(kept, "pdf"))
    await rendering.wait()
    second = await replicas[1].of_invoice(kept, "pdf")
    assert (await first).data == second.data
    assert renders == ["INV-000001"]


async def test_each_credit_and_the_payment_make_another_document_and_the_former_stay(
    books: Books, renders: list[str]
) -> None:
    invoice = await billed(books)
    line = (await books.lines_of("acme"))[0]
    issued = told_by(await downloaded(books, invoice.id))
    assert "Amount due by 15 May 2026 AUD 63.25" in issued
    assert "Total AUD 63.25 Amount due 63.25" in issued
    assert "Line amounts exclude GST, which is charged on all lines." in issued
    await books.credit(invoice.id, (line.id, 1000))
    credited = told_by(await downloaded(books, invoice.id))
    today = f"{datetime.now(UTC):%-d %B %Y}"
    assert f"Credit note CN-000001, {today} −11.00 Amount due 52.25" in credited
    await books.pay(invoice.id, paid_on="2026-05-12", reference="bank 17")
    paid = told_by(await downloaded(books, invoice.id))
    assert "PAID" in paid
    assert "Paid on 12 May 2026 (bank 17) −52.25 Amount due 0.00" in paid
    assert "Amount due by" not in paid
    await books.credit(invoice.id, (line.id, 1000))
    owed = told_by(await downloaded(books, invoice.id))
    assert "−52.25 Balance in your favour 11.00" in owed
    assert len(renders) == 4
    [(count,)] = books.rows("SELECT count(*) FROM invoice_documents")
    assert count == 4


async def test_a_draft_is_rendered_each_time_and_not_kept(books: Books, renders: list[str]) -> None:
    books.catalog.subscriptions = [SHOP]
    await books.drafted()
    draft = await books.invoice_of("acme")
    told = told_by(await downloaded(books, draft.id))
    assert "Invoice DRAFT" in told
    assert "Tax invoice" not in told
    await downloaded(books, draft.id)
    assert renders == ["not issued pdf"] * 2
    assert books.rows("SELECT 1 FROM invoice_documents") == []


async def test_a_renderer_that_died_is_an_error_with_a_reason_and_the_next_download_works(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = await billed(books)
    render = Renderer.render

    async def dies(self: Renderer, *arguments: Any) -> bytes:
        return await render(replace(self, command=(sys.executable, "-c", "1 / 0")), *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Renderer, "render", dies)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await downloaded(books, invoice.id)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(refused.value) == "DOCUMENT_RENDERER_DIED"
    assert books.rows("SELECT 1 FROM invoice_documents") == []
    assert (await downloaded(books, invoice.id)).startswith(b"%PDF")


async def test_a_disconnected_caller_does_not_stop_a_rendering(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = await billed(books)
    render, begun, go_on = Renderer.render, asyncio.Event(), asyncio.Event()

    async def slow(self: Renderer, *arguments: Any) -> bytes:
        begun.set()
        await go_on.wait()
        return await render(self, *arguments)

    monkeypatch.setattr(Renderer, "render", slow)
    impatient = asyncio.create_task(downloaded(books, invoice.id))
    await begun.wait()
    patient = asyncio.create_task(downloaded(books, invoice.id))
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    begun.clear()
    go_on.set()
    assert (await patient).startswith(b"%PDF")
    assert not begun.is_set()


async def test_a_hanging_document_does_not_delay_other_tenants(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.catalog.subscriptions = [SHOP, Subscription("globex", "store")]
    await books.rolled_up()
    acme, globex = await books.invoice_of("acme"), await books.invoice_of("globex")
    render, begun, go_on = Renderer.render, asyncio.Event(), asyncio.Event()

    async def hangs(self: Renderer, document: InvoiceDocument, *more: Any) -> bytes:
        if document.tenant_id == "acme":
            begun.set()
            await go_on.wait()
        return await render(self, document, *more)

    monkeypatch.setattr(Renderer, "render", hangs)
    hanging = asyncio.create_task(downloaded(books, acme.id))
    await begun.wait()
    # A second document of the same tenant waits for the first, and takes no place of another's.
    next_of_it = asyncio.create_task(downloaded(books, acme.id, format_="html"))
    assert (await downloaded(books, globex.id)).startswith(b"%PDF")
    assert (await downloaded(books, globex.id, format_="html")).startswith(b"<!DOCTYPE")
    go_on.set()
    assert (await hanging).startswith(b"%PDF")
    assert (await next_of_it).startswith(b"<!DOCTYPE")


async def test_an_invoice_carries_its_lines_as_a_file(books: Books) -> None:
    invoice = await billed(books)
    pdf = await downloaded(books, invoice.id)
    [file] = PdfReader(io.BytesIO(pdf)).attachments["INV-000001.csv"]
    assert file == await downloaded(books, invoice.id, format_="focus")


async def test_how_to_pay_is_printed_where_something_is_owed(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ("Example Bank, BSB 000-000", "Account 1234 5678")
    monkeypatch.setattr(
        "services.analytics.invoicing.invoices.documents.view_of",
        lambda *row, **how: view_of(*row, **how | {"instructions": lines}),
    )
    invoice = await billed(books)
    told = told_by(await downloaded(books, invoice.id))
    for words in (*lines, "Reference: INV-000001"):
        assert words in told
    await books.pay(invoice.id)
    assert lines[0] not in told_by(await downloaded(books, invoice.id))


def test_an_invoice_of_too_many_lines_shows_what_each_deployment_comes_to() -> None:
    count = MAX_LINES // 2 + 1
    lines = [line(deployment_id=f"d{place // 2}") for place in range(2 * count)]
    made = view_of(invoice(number=1), lines, {"d0": "The shop"})
    [section] = made.sections
    assert (section.title, section.subtotal) == (f"{count:,} deployments", f"{100 * count:,}.00")
    assert section.lines[0] == DocumentLine("The shop", "", "2 lines", "", "100.00")
    [about] = made.about
    assert about.startswith(
        f"Each deployment is shown with the total of its lines: {2 * count:,} lines"
    )
    assert about.endswith(
        "All lines are in INV-000001.csv, which is attached to the PDF of this invoice."
    )


def test_how_to_pay_comes_from_the_environment() -> None:
    terms = Terms.of(Settings(payment_instructions="Example Bank, BSB 000-000 | Account 1234 5678"))
    assert terms.payment_instructions == ("Example Bank, BSB 000-000", "Account 1234 5678")


def test_a_number_of_another_register_is_not_called_an_abn() -> None:
    made = view_of(
        invoice(issuer=Party("Us", "51 824 753 556"), recipient=Party("Them", "DE123456789")),
        [],
        {},
    )
    assert made.issuer.number == "ABN 51 824 753 556"
    assert made.recipient.number == "Business number DE123456789"


def shown(**changes: Any) -> DocumentLine:
    """A line as it is shown on an invoice."""
    [section] = view_of(invoice(), [line(**changes)], {}).sections
    [made] = section.lines
    return made


def test_the_quantity_and_price_of_a_line_of_days_multiply_to_its_amount() -> None:
    line = shown(
        qty=Decimal(12), unit="day", price_base_qty=Decimal(31), amount_cents=1935,
        service_days=12, service_start=date(2026, 5, 20),
        service_end=date(2026, 6, 1), meta={"proration": "12/31"},
    )  # fmt: skip  # a table
    assert (line.qty, line.unit_price, line.amount) == ("12 of 31 days", "50.00 / 31 days", "19.35")
    assert line.note == "20 to 31 May 2026"


def test_a_line_of_packages_and_one_of_tiers_multiply() -> None:
    packages = shown(
        kind="overage", qty=Decimal(3), unit="package", unit_price_cents=Decimal(250),
        amount_cents=750, meta={"used": "2160", "allowance": "1488"},
        dimensions={"region": "syd1", "size": "s-1vcpu-1gb"},
    )  # fmt: skip  # a table
    assert (packages.qty, packages.unit_price, packages.amount) == ("3 packages", "2.50", "7.50")
    assert packages.note == "region syd1, size s-1vcpu-1gb; used 2,160, 1,488 included"
    tier = shown(
        kind="overage",
        qty=Decimal("1000.5"),
        unit="1k_tokens",
        unit_price_cents=Decimal("0.4"),
        amount_cents=400,
    )
    assert (tier.qty, tier.unit_price, tier.amount) == (
        "1,000.5 × 1,000 tokens",
        "0.004",
        "4.00",
    )


def test_a_quantity_that_no_decimal_equals_is_shown_as_its_fraction() -> None:
    line = shown(qty=Decimal("111.290322580645"), unit="hour", meta={"exact_qty": "3450/31"})
    assert line.qty == "3450/31 hours"
