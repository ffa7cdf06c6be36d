"""Issue: numbers in a block, the next links of the chain, and the drafts are sealed for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Row, bindparam, func, select, text, update

from services.analytics.invoicing.invoices.rules.chain import Sealed, chain_hash
from services.analytics.invoicing.invoices.rules.states import HandOverStatus, InvoiceStatus
from services.analytics.invoicing.profiles.rules.parties import Party, Recipient
from services.analytics.invoicing.profiles.store import recipients
from services.analytics.invoicing.tables import (
    invoice_sequences,
    tenant_invoices,
)
from services.common.db.database import ReadSession, WriteSession

__all__ = ["Issue", "count_drafts", "end_of_chain", "issue", "next_drafts", "take_numbers"]

_INVOICE = tenant_invoices.c


@dataclass(frozen=True, slots=True)
class Issue:
    """How invoices are issued."""

    issuer: Party
    issued_on: date
    due_after: timedelta
    hand_over: HandOverStatus
    """Where the hand-over of each begins."""
    at: datetime


async def next_drafts(session: WriteSession, rollup_id: UUID, limit: int) -> Sequence[UUID]:
    """The next drafts of a roll-up, by tenant: the order of their numbers."""
    found = await session.execute(
        select(_INVOICE.id)
        .where(_INVOICE.rollup_id == rollup_id, _INVOICE.status == InvoiceStatus.DRAFT.value)
        .order_by(_INVOICE.tenant_id)
        .limit(limit)
    )
    return list(found.scalars())


async def count_drafts(session: ReadSession, rollup_id: UUID) -> int:
    """How many drafts a roll-up has."""
    statement = select(func.count()).where(
        _INVOICE.rollup_id == rollup_id, _INVOICE.status == InvoiceStatus.DRAFT.value
    )
    return int((await session.execute(statement)).scalar_one())


async def take_numbers(session: WriteSession, name: str) -> Row[Any]:
    """A sequence, locked until this transaction ends: numbers have no gap, and one taker."""
    statement = select(invoice_sequences).where(invoice_sequences.c.name == name).with_for_update()
    return (await session.execute(statement)).one()


async def end_of_chain(session: ReadSession) -> Row[Any]:
    """The next number of an invoice, and the hash that it will hold."""
    statement = select(invoice_sequences).where(invoice_sequences.c.name == "invoice")
    return (await session.execute(statement)).one()


_SEAL: Final = text("""
    UPDATE tenant_invoices AS invoice
    SET status = 'issued', number = sealed.number, issuer = CAST(:issuer AS jsonb),
        recipient = sealed.recipient, purchase_order = sealed.purchase_order,
        issued_on = :issued_on, due_on = :due_on, issued_at = :at,
        chain_hash = sealed.hash, previous_chain_hash = sealed.previous
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]), CAST(:recipients AS jsonb[]),
                CAST(:orders AS text[]), CAST(:hashes AS text[]), CAST(:previous AS text[]))
         AS sealed (id, number, recipient, purchase_order, hash, previous)
    WHERE invoice.id = sealed.id
""")
_HAND_OVER: Final = text("""
    INSERT INTO invoice_hand_overs (invoice_id, tenant_id, number, rollup_id, status, updated_at)
    SELECT id, tenant_id, number, rollup_id, :status, :at FROM tenant_invoices
    WHERE id = ANY (CAST(:ids AS uuid[])) ORDER BY number
""")
_ADVANCE: Final = (
    update(invoice_sequences)
    .where(invoice_sequences.c.name == bindparam("sequence"))
    .values(next=bindparam("following"), chain_hash=bindparam("hash"))
)


async def issue(session: WriteSession, invoice_ids: Sequence[UUID], how: Issue) -> int:
    """Issues those of these invoices that are drafts, by tenant; how many that were."""
    sequence = await take_numbers(session, "invoice")
    # Read under the lock: whoever issued meanwhile left nothing to issue twice.
    drafts = (
        await session.execute(
            select(tenant_invoices)
            .where(_INVOICE.id.in_(invoice_ids), _INVOICE.status == InvoiceStatus.DRAFT.value)
            .order_by(_INVOICE.tenant_id)
            .with_for_update()
        )
    ).all()
    if not drafts:
        return 0
    billed = await recipients(session, [draft.tenant_id for draft in drafts])
    numbers = range(sequence.next, sequence.next + len(drafts))
    previous, hashes = [], []
    last = sequence.chain_hash
    for draft, number in zip(drafts, numbers, strict=True):
        previous.append(last)
        last = chain_hash(last, _sealed(draft, number, billed[draft.tenant_id], how))
        hashes.append(last)
    ids = [draft.id for draft in drafts]
    await session.execute(
        _SEAL,
        {
            "ids": ids,
            "numbers": list(numbers),
            "recipients": [_json(billed[draft.tenant_id].party) for draft in drafts],
            "orders": [billed[draft.tenant_id].purchase_order for draft in drafts],
            "issuer": _json(how.issuer),
            "issued_on": how.issued_on,
            "due_on": how.issued_on + how.due_after,
            "hashes": hashes,
            "previous": previous,
            "at": how.at,
        },
    )
    await session.execute(_HAND_OVER, {"ids": ids, "status": how.hand_over.value, "at": how.at})
    await session.execute(
        _ADVANCE, {"sequence": "invoice", "following": numbers.stop, "hash": last}
    )
    return len(drafts)


def _sealed(draft: Row[Any], number: int, recipient: Recipient, how: Issue) -> Sealed:
    return Sealed(
        number=number,
        tenant_id=draft.tenant_id,
        period=draft.period,
        currency=draft.currency,
        subtotal_cents=draft.subtotal_cents,
        tax_cents=draft.tax_cents,
        total_cents=draft.total_cents,
        tax_label=draft.tax_label,
        tax_rate_percent=draft.tax_rate_percent,
        issuer=how.issuer,
        recipient=recipient.party,
        issued_on=how.issued_on,
        due_on=how.issued_on + how.due_after,
        lines_hash=draft.lines_hash,
        proofs_hash=draft.proofs_hash,
        kind=draft.kind,
        purchase_order=recipient.purchase_order,
    )


def _json(party: Party) -> str:
    return orjson.dumps(party).decode()
