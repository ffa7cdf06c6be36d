"""Document downloads: each state of an issued document is rendered once and stored.

Concurrent requests share one rendering, even if the first caller disconnects, and also those of
several processes: the database decides who renders, and the others wait for the stored file.
Drafts change, so they are not stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from google.api import httpbody_pb2

from services.analytics.invoicing.invoices.document.annex import MAX_RESOURCES
from services.analytics.invoicing.invoices.document.charges import charges_of
from services.analytics.invoicing.invoices.document.model import InvoiceDocument
from services.analytics.invoicing.invoices.document.rendering import (
    CONTENT_TYPES,
    FOCUS,
    RENDERER,
    Renderer,
)
from services.analytics.invoicing.invoices.document.view import (
    meters_in,
    names_in,
    view_of,
    view_of_note,
    view_of_void,
)
from services.analytics.invoicing.invoices.rules.invoices import CreditNote, Invoice
from services.analytics.invoicing.invoices.rules.lines import Line, Proof
from services.analytics.invoicing.invoices.rules.states import (
    HandedOver,
    InvoiceKind,
    InvoiceStatus,
)
from services.analytics.invoicing.invoices.store.documents import (
    DocumentKey,
    claim_document,
    keep_document,
    read_document,
)
from services.analytics.invoicing.invoices.store.reading import lines_of, proofs_of, read_invoice
from services.analytics.invoicing.invoices.store.settlements import (
    list_credit_notes,
    read_credit_note,
)
from services.analytics.usage.rules.figures import UsageByResource
from services.analytics.usage.store.reading import usage_by_resource
from services.common.db.database import Database, ReadSession
from services.common.errors import Unavailable
from services.common.identity.callers import ALL
from services.common.rpc.paging import first_page
from services.common.values.clock import Clock

__all__ = ["Documents"]

CLAIM_SECONDS: Final = 0.25
MAX_CLAIMS: Final = 160
"""Interval and number of checks for the file that another process renders."""

MAX_NOTES: Final = first_page(1_000)
"""Maximum credit notes of one invoice: each credits at least one cent of one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """The input of a rendering, read in one transaction."""

    key: DocumentKey
    view: InvoiceDocument
    charges: bytes = b""
    """The lines to attach to the PDF."""


@dataclass
class Documents:
    """The documents of invoices, credit notes and voids, for callers who may see them."""

    database: Database
    renderer: Renderer
    instructions: tuple[str, ...]
    """Payment instructions, one line each."""
    clock: Clock
    _running: dict[DocumentKey, asyncio.Task[bytes]] = field(default_factory=dict, init=False)

    async def of_invoice(self, invoice: Invoice, format_: str) -> httpbody_pb2.HttpBody:
        """The invoice in its current state. Raises what `Renderer.render` raises."""
        return await self._answered(
            _key(HandedOver.INVOICE, invoice, format_), lambda: self._invoice(invoice.id, format_)
        )

    async def of_void(self, invoice: Invoice, format_: str) -> httpbody_pb2.HttpBody:
        """The void notice of an invoice. Raises what `Renderer.render` raises."""
        return await self._answered(
            _key(HandedOver.VOID, invoice, format_), lambda: self._void(invoice.id, format_)
        )

    async def of_note(self, note: CreditNote, format_: str) -> httpbody_pb2.HttpBody:
        """A credit note. Raises what `Renderer.render` raises."""
        return await self._answered(
            _key_of_note(note, format_), lambda: self._note(note.id, format_)
        )

    async def _answered(
        self, key: DocumentKey, read: Callable[[], Awaitable[Source]]
    ) -> httpbody_pb2.HttpBody:
        content = await self._kept(key)
        if content is None:
            running = self._running.get(key)
            if running is None:
                running = asyncio.create_task(self._rendered(key, read))
                self._running[key] = running
                running.add_done_callback(lambda ended: self._ended(key, ended))
            # Shielded: a caller that disconnects must not cancel it for the others.
            content = await asyncio.shield(running)
        return httpbody_pb2.HttpBody(content_type=CONTENT_TYPES[key.format], data=content)

    def _ended(self, key: DocumentKey, ended: "asyncio.Task[bytes]") -> None:
        del self._running[key]
        if not ended.cancelled():
            # No caller may be left to retrieve the exception.
            ended.exception()

    async def of_lines(self, invoice: Invoice, lines: Sequence[Line]) -> httpbody_pb2.HttpBody:
        """The lines of an invoice in FOCUS. Raises what `Renderer.render_lines` raises."""
        async with self.renderer.turn(invoice.tenant_id):
            content = await self.renderer.render_lines(
                " ".join(invoice.title), charges_of(invoice, lines)
            )
        return httpbody_pb2.HttpBody(content_type=CONTENT_TYPES[FOCUS], data=content)

    async def _rendered(self, key: DocumentKey, read: Callable[[], Awaitable[Source]]) -> bytes:
        if key.status == InvoiceStatus.DRAFT:
            async with self.renderer.turn(key.tenant_id):
                source = await read()
                return await self.renderer.render(source.view, key.format, source.charges)
        for _ in range(MAX_CLAIMS):
            async with self.renderer.turn(key.tenant_id):
                content = await self._claimed(key, read)
            if content is not None:
                return content
            await asyncio.sleep(CLAIM_SECONDS)
        raise Unavailable(
            "another process is still rendering the document: try again later",
            reason="DOCUMENT_RENDERER_BUSY",
        )

    async def _claimed(
        self, key: DocumentKey, read: Callable[[], Awaitable[Source]]
    ) -> bytes | None:
        """The document, rendered and stored; None while another process renders it.

        Holds a connection meanwhile: no more than there are rendering processes.
        """
        async with self.database.write(ALL) as session:
            if not await claim_document(session, key):
                return None
            if (kept := await read_document(session, key)) is not None:
                return kept
            source = await read()
            content = await self.renderer.render(source.view, key.format, source.charges)
            await keep_document(session, source.key, content, renderer=RENDERER, at=self.clock())
            return await read_document(session, source.key) or content

    async def _kept(self, key: DocumentKey) -> bytes | None:
        if key.status == InvoiceStatus.DRAFT:
            return None
        async with self.database.read(ALL) as session:
            return await read_document(session, key)

    async def _invoice(self, invoice_id: UUID, format_: str) -> Source:
        async with self.database.read(ALL) as session:
            invoice = await read_invoice(session, ALL, invoice_id)
            lines = (await lines_of(session, [invoice_id]))[invoice_id]
            proofs = (await proofs_of(session, [invoice_id]))[invoice_id]
            notes = await list_credit_notes(session, ALL, MAX_NOTES, invoice_id=invoice_id)
            used = await self._used(session, invoice, proofs)
        view = view_of(
            invoice,
            lines,
            names_in(proofs),
            meters=meters_in(proofs),
            notes=notes.rows[::-1],
            used=used,
            instructions=self.instructions,
        )
        is_attached = format_ != "html" and invoice.status != InvoiceStatus.VOID
        charges = charges_of(invoice, lines) if is_attached else b""
        return Source(_key(HandedOver.INVOICE, invoice, format_), view, charges)

    async def _used(
        self, session: ReadSession, invoice: Invoice, proofs: Sequence[Proof]
    ) -> UsageByResource | None:
        """The usage of the deployments that a month's invoice bills."""
        if invoice.kind == InvoiceKind.ONE_OFF:
            return None
        billed = [one.deployment_id for one in proofs if one.service_month is None]
        return await usage_by_resource(
            session, invoice.tenant_id, invoice.month, [one for one in billed if one], MAX_RESOURCES
        )

    async def _void(self, invoice_id: UUID, format_: str) -> Source:
        async with self.database.read(ALL) as session:
            invoice = await read_invoice(session, ALL, invoice_id)
            lines = (await lines_of(session, [invoice_id]))[invoice_id]
            proofs = (await proofs_of(session, [invoice_id]))[invoice_id]
        view = view_of_void(invoice, lines, names_in(proofs))
        return Source(_key(HandedOver.VOID, invoice, format_), view)

    async def _note(self, note_id: UUID, format_: str) -> Source:
        async with self.database.read(ALL) as session:
            note = await read_credit_note(session, ALL, note_id)
            invoice = await read_invoice(session, ALL, note.invoice_id)
            proofs = (await proofs_of(session, [note.invoice_id]))[note.invoice_id]
        view = view_of_note(note, invoice, names_in(proofs))
        return Source(_key_of_note(note, format_), view)


def _key(document: HandedOver, invoice: Invoice, format_: str) -> DocumentKey:
    return DocumentKey(
        document=document,
        document_id=invoice.id,
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
        format=format_ or "pdf",
        status=invoice.status if invoice.number is not None else InvoiceStatus.DRAFT,
        credited_cents=invoice.credited_cents,
    )


def _key_of_note(note: CreditNote, format_: str) -> DocumentKey:
    return DocumentKey(
        document=HandedOver.CREDIT_NOTE,
        document_id=note.id,
        invoice_id=note.invoice_id,
        tenant_id=note.tenant_id,
        format=format_ or "pdf",
        status=InvoiceStatus.ISSUED,
        credited_cents=0,
    )
