"""Issues drafts: takes numbers in a block, and writes the links of the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import func, select, text, update

from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.states import HandOverStatus, InvoiceStatus
from services.analytics.invoicing.tables import invoice_sequences, tenant_invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import record_of, records_of

__all__ = [
    "NumberSequence",
    "advance_sequence",
    "count_drafts",
    "locked_drafts",
    "locked_sequence",
    "next_drafts",
    "read_sequence",
    "seal",
]

_INVOICE = tenant_invoices.c
_IS_DRAFT: Final = _INVOICE.status == InvoiceStatus.DRAFT.value


@dataclass(frozen=True, slots=True)
class NumberSequence:
    """The number sequence of invoices or of credit notes."""

    next: int
    chain_hash: str
    """The hash of the last link; credit notes have no chain."""


async def next_drafts(session: WriteSession, rollup_id: UUID, limit: int) -> Sequence[UUID]:
    """The next drafts of a roll-up, by tenant, which is the order of their numbers."""
    found = await session.execute(
        select(_INVOICE.id)
        .where(_INVOICE.rollup_id == rollup_id, _IS_DRAFT)
        .order_by(_INVOICE.tenant_id)
        .limit(limit)
    )
    return found.scalars().all()


async def count_drafts(session: ReadSession, rollup_id: UUID) -> int:
    """The number of drafts of a roll-up."""
    statement = select(func.count()).where(_INVOICE.rollup_id == rollup_id, _IS_DRAFT)
    return int((await session.execute(statement)).scalar_one())


async def locked_drafts(session: WriteSession, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Those of the given invoices that are drafts, by tenant, locked."""
    statement = (
        select(tenant_invoices)
        .where(_INVOICE.id.in_(invoice_ids), _IS_DRAFT)
        .order_by(_INVOICE.tenant_id)
        .with_for_update()
    )
    return records_of(Invoice, await session.execute(statement))


async def locked_sequence(session: WriteSession, name: str) -> NumberSequence:
    """A sequence, locked until the transaction ends: numbers are unique and have no gaps."""
    statement = select(invoice_sequences).where(invoice_sequences.c.name == name).with_for_update()
    return record_of(NumberSequence, (await session.execute(statement)).one())


async def read_sequence(session: ReadSession, name: str) -> NumberSequence:
    """A sequence, without a lock."""
    statement = select(invoice_sequences).where(invoice_sequences.c.name == name)
    return record_of(NumberSequence, (await session.execute(statement)).one())


async def advance_sequence(session: WriteSession, name: str, following: NumberSequence) -> None:
    """Advances a locked sequence."""
    await session.execute(
        update(invoice_sequences)
        .where(invoice_sequences.c.name == name)
        .values(next=following.next, chain_hash=following.chain_hash)
    )


_SEALED: Final = (
    "id", "number", "issuer", "recipient", "issued_on", "due_on", "issued_at", "chain_hash",
    "previous_chain_hash", "purchase_order",
)  # fmt: skip  # a table
_SEAL: Final = text(f"""
    UPDATE tenant_invoices AS invoice
    SET status = 'issued', {", ".join(f"{name} = sealed.{name}" for name in _SEALED[1:])}
    FROM jsonb_populate_recordset(CAST(NULL AS tenant_invoices), CAST(:sealed AS jsonb))
         AS sealed
    WHERE invoice.id = sealed.id
""")
_HAND_OVER: Final = text("""
    INSERT INTO invoice_hand_overs (invoice_id, tenant_id, number, rollup_id, status, updated_at)
    SELECT id, tenant_id, number, rollup_id, :status, issued_at FROM tenant_invoices
    WHERE id = ANY (CAST(:ids AS uuid[])) ORDER BY number
""")


async def seal(session: WriteSession, issued: Sequence[Invoice], hand_over: HandOverStatus) -> None:
    """Issues locked drafts with their final content, and creates the hand-over of each."""
    sealed = [{name: getattr(one, name) for name in _SEALED} for one in issued]
    await session.execute(_SEAL, {"sealed": orjson.dumps(sealed).decode()})
    ids = [one.id for one in issued]
    await session.execute(_HAND_OVER, {"ids": ids, "status": hand_over.value})
