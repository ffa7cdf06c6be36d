"""The documents of invoices, credit notes and voids: a template, for browsers and as PDF.

The PDF is made by xhtml2pdf: maintained, made of wheels alone on every platform, and laying
out the same HTML that browsers show. Its fonts are ours, so that a name in any Latin, Greek
or Cyrillic letters is printed as it is written.
"""

import asyncio
import io
import logging
import threading
from pathlib import Path
from typing import Any, Final

from google.api import httpbody_pb2
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.analytics.invoicing.invoices.document.view import InvoiceDocument

__all__ = ["FORMATS", "CannotRender", "as_html", "as_pdf", "rendered"]

FOLDER: Final = Path(__file__).parent
FONTS: Final = FOLDER / "fonts"
TEMPLATE: Final = "invoice.html.j2"

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

# Fonts and open files are registered for the whole process while a document is laid out.
_ONE_AT_A_TIME: Final = threading.Lock()

# It tells of every font and every box.
logging.getLogger("xhtml2pdf").setLevel(logging.ERROR)


FORMATS: Final = ("", "pdf", "html")
"""Of a downloaded document; PDF by default."""


class CannotRender(Exception):
    """The template and the layout do not go together: a bug of ours."""


async def rendered(document: InvoiceDocument, wanted: str) -> httpbody_pb2.HttpBody:
    """A document in a format, with its content type. Raises CannotRender."""
    if wanted == "html":
        html = await asyncio.to_thread(as_html, document)
        return httpbody_pb2.HttpBody(content_type="text/html; charset=utf-8", data=html.encode())
    # Laying out pages takes a while: the loop goes on meanwhile.
    pdf = await asyncio.to_thread(as_pdf, document)
    return httpbody_pb2.HttpBody(content_type="application/pdf", data=pdf)


def as_html(document: InvoiceDocument) -> str:
    """The page, complete in itself."""
    return _TEMPLATES.get_template(TEMPLATE).render(invoice=document, pdf=False, fonts="")


def as_pdf(document: InvoiceDocument) -> bytes:
    """The same on A4. Raises CannotRender."""
    page = _TEMPLATES.get_template(TEMPLATE).render(
        invoice=document, pdf=True, fonts=FONTS.as_posix()
    )
    # Imported by whoever asks for a PDF: it is a third of all that the service imports.
    from xhtml2pdf import pisa

    target = io.BytesIO()
    with _ONE_AT_A_TIME:
        result: Any = pisa.CreatePDF(page, dest=target, encoding="utf-8", link_callback=_only_fonts)
    if result.err:
        raise CannotRender(f"{result.err} errors in the layout")
    return target.getvalue()


def _only_fonts(uri: str, _: str) -> str:
    """Lets a document load its fonts and nothing else, whatever a name in it says."""
    path = Path(uri)
    if path.parent != FONTS:
        raise CannotRender(f"a document loads nothing but its fonts, not {uri}")
    return str(path)
