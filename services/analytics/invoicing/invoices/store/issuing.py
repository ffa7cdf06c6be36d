"""Drafts that are issued: numbers in a block, the next links of the chain, sealed for good."""

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
    """Where the numbers of invoices, or of credit notes, go on."""

    next: int
    chain_hash: str
    """Of the last link of the chain of invoices; credit notes have none."""


async def next_drafts(session: WriteSession, rollup_id: UUID, limit: int) -> Sequence[UUID]:
    """The next drafts of a roll-up, by tenant: the order of their numbers."""
    found = await session.execute(
        select(_INVOICE.id)
        .where(_INVOICE.rollup_id == rollup_id, _IS_DRAFT)
        .order_by(_INVOICE.tenant_id)
        .limit(limit)
    )
    return found.scalars().all()


async def count_drafts(session: ReadSession, rollup_id: UUID) -> int:
    """How many drafts a roll-up has."""
    statement = select(func.count()).where(_INVOICE.rollup_id == rollup_id, _IS_DRAFT)
    return int((await session.execute(statement)).scalar_one())


async def locked_drafts(session: WriteSession, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Those of these invoices that are drafts, by tenant; nobody moves them meanwhile."""
    statement = (
        select(tenant_invoices)
        .where(_INVOICE.id.in_(invoice_ids), _IS_DRAFT)
        .order_by(_INVOICE.tenant_id)
        .with_for_update()
    )
    return records_of(Invoice, await session.execute(statement))


async def locked_sequence(session: WriteSession, name: str) -> NumberSequence:
    """A sequence, locked until this transaction ends: numbers have no gap, and one taker."""
    statement = select(invoice_sequences).where(invoice_sequences.c.name == name).with_for_update()
    return record_of(NumberSequence, (await session.execute(statement)).one())


async def read_sequence(session: ReadSession, name: str) -> NumberSequence:
    """A sequence as it is now."""
    statement = select(invoice_sequences).where(invoice_sequences.c.name == name)
    return record_of(NumberSequence, (await session.execute(statement)).one())


async def advance_sequence(session: WriteSession, name: str, following: NumberSequence) -> None:
    """Has a locked sequence go on from another number."""
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
    """Issues locked drafts with what they say now, and begins the hand-over of each."""
    sealed = [{name: getattr(one, name) for name in _SEALED} for one in issued]
    await session.execute(_SEAL, {"sealed": orjson.dumps(sealed).decode()})
    ids = [one.id for one in issued]
    await session.execute(_HAND_OVER, {"ids": ids, "status": hand_over.value})
