"""The file names of documents."""

import asyncio
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as pb

from services.analytics.invoicing.invoices.rules.states import InvoiceKind, InvoiceStatus
from services.common.rpc.downloads import file_stem
from tests.invoicing.books import Books
from tests.invoicing.documents import billed
from tests.invoicing.invoices import invoice
from tests.support.environment import environment_of

ID = UUID("00000000-0000-4000-8000-000000abcdef")


async def named(call: Any) -> str:
    """What a download's header says."""
    await call
    return str(dict(await call.initial_metadata())["content-disposition"])


async def arcadia(books: Books, folder: Path, *arguments: str) -> tuple[int, str]:
    """Runs a command in a folder; its exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.app", *arguments,
        env={**environment_of(books.settings), "PYTHONPATH": str(Path.cwd())},
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip  # a table
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_download_is_named_by_the_number(books: Books, tmp_path: Path) -> None:
    invoice = await billed(books)
    note = await books.credit(invoice.id, ((await books.lines_of("acme"))[0].id, 1000))
    for format_, suffix in (("", "pdf"), ("html", "html"), ("focus", "csv")):
        request = pb.DownloadInvoiceRequest(id=invoice.id, format=format_)
        call = books.invoices.DownloadInvoice(request, metadata=books.tenant("acme"))
        assert await named(call) == f'attachment; filename="INV-000001.{suffix}"'
    call = books.invoices.DownloadCreditNote(
        pb.DownloadCreditNoteRequest(id=note.id), metadata=books.operator
    )
    assert await named(call) == 'attachment; filename="CN-000001.pdf"'
    code, said = await arcadia(books, tmp_path, "invoices", "download", invoice.id)
    assert (code, said.startswith("INV-000001.pdf (")) == (0, True), said
    code, said = await arcadia(
        books, tmp_path, "invoices", "notes", "download", note.id, "--format", "html"
    )
    assert (code, said.startswith("CN-000001.html (")) == (0, True), said
    names = ("CN-000001.html", "INV-000001.pdf")
    begins = [(tmp_path / name).read_bytes()[:5].lower() for name in names]
    assert begins == [b"<!doc", b"%pdf-"]


async def test_a_void_notice_is_named_by_its_invoice(books: Books) -> None:
    invoice = await billed(books)
    await books.void(invoice.id)
    request = pb.DownloadVoidNoticeRequest(id=invoice.id)
    call = books.invoices.DownloadVoidNotice(request, metadata=books.operator)
    assert await named(call) == 'attachment; filename="INV-000001-void.pdf"'


@pytest.mark.parametrize(
    ("standing", "stem"),
    [
        ({"number": 42, "status": InvoiceStatus.PAID}, "INV-000042"),
        ({"number": 42, "status": InvoiceStatus.VOID}, "INV-000042"),
        ({}, "draft-acme-2026-04-AUD"),
        ({"kind": InvoiceKind.ONE_OFF}, "draft-acme-2026-04-AUD-abcdef"),
        ({"status": InvoiceStatus.VOID}, "void-acme-2026-04-AUD-abcdef"),
        ({"tenant_id": '../a"b c'}, "draft-..-a-b-c-2026-04-AUD"),
    ],
)
def test_the_file_name_of_a_draft_has_the_tenant(standing: dict[str, Any], stem: str) -> None:
    draft = {"id": ID, "number": None, "status": InvoiceStatus.DRAFT}
    assert file_stem(*invoice(**{**draft, **standing}).title) == stem
