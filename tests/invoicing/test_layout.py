"""The layout of documents with any names."""

import io
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from services.analytics.invoicing.invoices.document.model import (
    DocumentLine,
    DocumentParty,
    DocumentSection,
    Fact,
    InvoiceDocument,
    Payment,
)
from services.analytics.invoicing.invoices.document.typesetting import MAX_TEXT, as_html, as_pdf


def document(**changes: object) -> InvoiceDocument:
    lines = (DocumentLine("Droplet hours", "used 2,160", "672 hours", "0.01", "6.72"),)
    made = InvoiceDocument(
        title="Tax invoice", number="INV-000042", dated=date(2026, 5, 1), status="",
        facts=(
            Fact("Invoice number", "INV-000042"), Fact("Date of issue", "1 May 2026"),
            Fact("Due by", "15 May 2026"),
        ),
        about=(), currency="AUD",
        issuer=DocumentParty("Issuer Pty Ltd", "ABN 11 222", ("Sydney", "a@b.c")),
        recipient=DocumentParty("Łódź & Ωmega <Söhne>", "ABN 51 824 753 556", ("Żółta 5",)),
        tenant_id="acme", sections=(DocumentSection("The shop", lines, "6.72"),),
        totals=(Fact("Subtotal", "64.22"), Fact("GST 10%", "6.42")),
        total=Fact("Total AUD", "70.64"), after_total=(Fact("Amount due", "70.64"),),
        payment=Payment("AUD 70.64", "15 May 2026", ("BSB 000-000",), "INV-000042"),
        chain_hash="ab" * 32,
    )  # fmt: skip  # a table
    return replace(made, **changes)  # type: ignore[arg-type]


def plain(made: InvoiceDocument) -> Any:
    """As it travels to the process that lays it out."""
    return orjson.loads(orjson.dumps(made))


def pdf_of(made: InvoiceDocument, lines: str = "") -> PdfReader:
    return PdfReader(io.BytesIO(as_pdf(plain(made), lines)))


def text_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


EXPECTED = (
    "Tax invoice", "INV-000042", "1 May 2026", "15 May 2026", "Issuer Pty Ltd", "ABN 11 222",
    "51 824 753 556", "The shop", "672 hours", "64.22", "GST 10%", "6.42", "70.64", "BSB 000-000",
)  # fmt: skip  # a table


def test_page_and_pdf_say_the_same_in_any_letters() -> None:
    html = as_html(plain(document()))
    text = text_of(pdf_of(document()))
    for words in EXPECTED:
        assert words in html
        assert words in text
    assert "Łódź &amp; Ωmega &lt;Söhne&gt;" in html
    assert "Łódź & Ωmega <Söhne>" in text
    assert "Page 1 of 1" in text


def test_equal_documents_are_equal_files_of_the_archival_format() -> None:
    first = as_pdf(plain(document()), "a,b\r\n")
    assert as_pdf(plain(document()), "a,b\r\n") == first
    assert as_pdf(plain(document(number="INV-000043")), "a,b\r\n") != first
    pdf = PdfReader(io.BytesIO(first))
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date is not None
    assert pdf.metadata.creation_date.date() == date(2026, 5, 1)
    assert pdf.attachments["INV-000042.csv"] == [b"a,b\r\n"]
    assert pdf.xmp_metadata is not None
    assert b"pdfaid:part>3<" in first
    assert b"pdfaid:conformance>B<" in first


def test_a_long_invoice_goes_on_with_its_headings_on_every_page() -> None:
    [section] = document().sections
    long = replace(section, lines=section.lines * 120)
    pdf = pdf_of(document(sections=(long,)))
    count = len(pdf.pages)
    assert count > 2
    for place, page in enumerate(pdf.pages, start=1):
        text = page.extract_text()
        assert f"Page {place} of {count}" in text
        if place < count:
            assert "QUANTITY" in text
            assert "The shop" in text
    assert "Tax invoice INV-000042" in pdf.pages[1].extract_text()


def test_a_name_without_a_space_is_broken_rather_than_printed_over_the_amounts() -> None:
    name = "deployment-of-" + "somebody-" * 20
    section = replace(document().sections[0], title=name)
    [page] = pdf_of(document(sections=(section,))).pages
    lines = page.extract_text().splitlines()
    assert name in "".join(lines)
    assert max(map(len, lines)) < 100 < len(name)


@pytest.mark.parametrize(
    "name",
    [
        '#eval("1 + 1")', "#import \"@preview/x:1.0.0\"", "*bold* _it_ `raw` $x^2$ = head",
        "a \\ b // c /* d",
        "\"'”", "= Heading", "- item", "<label> @label", "[content] {code}",
        "株式会社 内部网 한국",
        "smile 😀", "naïve Ñandú", "C:\\temp\\new", "{{ invoice.number }} {% raw %}",
    ],
)  # fmt: skip  # a table
def test_names_given_by_people_are_printed_as_text(name: str) -> None:
    section = DocumentSection(name, (DocumentLine(name, name, "1", "1", "1"),), "1")
    made = document(sections=(section,), recipient=DocumentParty(name, "", (name,)))
    assert text_of(pdf_of(made)).count(name) == 5
    assert unescape(as_html(plain(made))).count(name) == 5


def test_a_name_in_a_document_cannot_load_or_run_anything() -> None:
    evil = DocumentParty(
        '<img src="file:///etc/passwd"><script>x()</script>#read("/etc/passwd")', "", ()
    )
    html = as_html(plain(document(recipient=evil)))
    assert "<img" not in html
    assert "<script" not in html
    text = text_of(pdf_of(document(recipient=evil)))
    assert "root:" not in text
    assert '#read("/etc/passwd")' in text


def test_a_right_to_left_name_keeps_its_character_order() -> None:
    text = text_of(pdf_of(document(recipient=DocumentParty("שלום עולם", "", ()))))
    assert "שלום" in text


def test_missing_and_invisible_characters_are_replaced_visibly() -> None:
    made = document(recipient=DocumentParty("a\x00b \u202eolleh 𓀀 c\x1bd", "", ()))
    assert "a\N{REPLACEMENT CHARACTER}b \N{REPLACEMENT CHARACTER}olleh" in text_of(pdf_of(made))
    assert "\u202e" not in as_html(plain(made))


def test_a_name_of_ten_thousand_characters_is_cut() -> None:
    name = "x" * 10_000
    section = DocumentSection(name, (DocumentLine(name, name, "1", "1", "1"),), "1")
    pdf = pdf_of(document(sections=(section,), recipient=DocumentParty(name, "", ())))
    text = "".join("".join(page.extract_text().split()) for page in pdf.pages)
    assert text.count("x" * (MAX_TEXT - 1)) >= 3
    assert "x" * MAX_TEXT not in as_html(plain(document(recipient=DocumentParty(name, "", ()))))


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_can_be_rendered_in_a_document(name: str) -> None:
    section = DocumentSection(name, (DocumentLine(name, name, name, name, name),), name)
    made = document(
        sections=(section,),
        recipient=DocumentParty(name, name, (name, name)),
        about=(name,),
        tenant_id=name,
        facts=(Fact(name, name),),
    )
    assert as_pdf(plain(made)).startswith(b"%PDF")
