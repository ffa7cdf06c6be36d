"""An invoice to download, and the text of its PDF."""

import io
from typing import Any

from arcadia.analytics.v1 import invoice_service_pb2 as pb
from pypdf import PdfReader

from tests.invoicing.books import Books
from tests.invoicing.catalog import Subscription

SHOP = Subscription("acme", "shop", addons=1)


async def billed(books: Books) -> Any:
    books.catalog.subscriptions = [SHOP]
    await books.save_profile("acme", name="Acme Pty Ltd")
    await books.rolled_up()
    return await books.invoice_of("acme")


async def downloaded(books: Books, invoice_id: str, who: Any = None, format_: str = "") -> bytes:
    request = pb.DownloadInvoiceRequest(id=invoice_id, format=format_)
    answer = await books.invoices.DownloadInvoice(request, metadata=who or books.operator)
    return bytes(answer.data)


def told_by(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
