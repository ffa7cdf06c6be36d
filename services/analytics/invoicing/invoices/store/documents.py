"""Stored documents: one rendering per state, never deleted."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from services.analytics.invoicing.invoices.rules.states import HandedOver
from services.analytics.invoicing.tables import invoice_documents
from services.common.db.database import ReadSession, WriteSession

__all__ = ["DocumentKey", "claim_document", "keep_document", "read_document"]

_KEPT = invoice_documents.c

CLAIM: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:state, 0))")


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A document in a format and a state.

    An invoice shows payments and credits, so each of them results in another file.
    """

    document: HandedOver
    document_id: UUID
    """The invoice's id, or the credit note's."""
    invoice_id: UUID
    tenant_id: str
    format: str
    status: str
    """The invoice's status; drafts are never stored."""
    credited_cents: int
    """The credited amount of the invoice; 0 for a credit note."""


async def claim_document(session: WriteSession, key: DocumentKey) -> bool:
    """Locks the rendering of a state until the transaction ends; returns whether it succeeded."""
    state = (
        f"document/{key.document.value}/{key.document_id}/{key.format}/{key.status}"
        f"/{key.credited_cents}"
    )
    return bool((await session.execute(CLAIM, {"state": state})).scalar_one())


async def read_document(session: ReadSession, key: DocumentKey) -> bytes | None:
    """The stored file of a document; None if this state was never rendered."""
    statement = select(_KEPT.content).where(
        _KEPT.document_id == key.document_id,
        _KEPT.document == key.document.value,
        _KEPT.format == key.format,
        _KEPT.status == key.status,
        _KEPT.credited_cents == key.credited_cents,
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    return None if found is None else bytes(found)


async def keep_document(
    session: WriteSession, key: DocumentKey, content: bytes, *, renderer: str, at: datetime
) -> None:
    """Stores a file unless another process already stored this state."""
    await session.execute(
        insert(invoice_documents)
        .values(
            **asdict(key),
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            renderer=renderer,
            created_at=at,
        )
        .on_conflict_do_nothing(constraint="invoice_documents_state_key")
    )
