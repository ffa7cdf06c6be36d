"""One-off lines: inserts, claims for a draft or invoice, releases and removals."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import case, func, insert, select, text, update

from services.analytics.invoicing.invoices.rules.states import InvoiceStatus, OneOffStatus
from services.analytics.invoicing.one_offs.rules import OneOff
from services.analytics.invoicing.tables import one_off_lines, tenant_invoices
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import page_of
from services.common.db.records import found_of, records_of
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "add_one_off_line",
    "claim_one_off_lines",
    "list_one_off_lines",
    "locked_one_off_line",
    "open_one_off_lines",
    "release_one_off_lines",
    "remove_one_off_line",
]

_LINE = one_off_lines.c
_ADDED: Final = (
    "tenant_id", "deployment_name", "description", "amount_cents", "currency", "reason", "added_by",
    "added_at",
)  # fmt: skip  # a table
_STATUS: Final = case(
    (_LINE.removed_at.is_not(None), OneOffStatus.REMOVED.value),
    (_LINE.invoice_id.is_(None), OneOffStatus.PENDING.value),
    (tenant_invoices.c.status == InvoiceStatus.DRAFT.value, OneOffStatus.DRAFTED.value),
    else_=OneOffStatus.BILLED.value,
)
_WITH_STATUS: Final = select(
    *(one for one in _LINE if one.name != "deployment_id"),
    func.coalesce(_LINE.deployment_id, "").label("deployment_id"),
    _STATUS.label("status"),
).select_from(one_off_lines.outerjoin(tenant_invoices, tenant_invoices.c.id == _LINE.invoice_id))


async def add_one_off_line(session: WriteSession, line: OneOff) -> UUID:
    """Inserts a line for the tenant's next invoice; returns its id."""
    made = await session.execute(
        insert(one_off_lines)
        .values(
            {name: getattr(line, name) for name in _ADDED}
            | {"deployment_id": line.deployment_id or None}
        )
        .returning(_LINE.id)
    )
    line_id: UUID = made.scalar_one()
    return line_id


async def list_one_off_lines(
    session: ReadSession, asked: PageRequest, *, tenant_id: str, status: OneOffStatus | None
) -> Page[OneOff]:
    """Lines with their status, newest first."""
    statement = _WITH_STATUS
    if tenant_id:
        statement = statement.where(_LINE.tenant_id == tenant_id)
    if status is not None:
        statement = statement.where(_STATUS.in_((status.value,)))
    return await page_of(session, OneOff, statement, asked, _LINE.id, descending=True)


async def locked_one_off_line(session: WriteSession, line_id: UUID) -> OneOff:
    """A line, locked until the transaction ends. Raises NotFound."""
    statement = _WITH_STATUS.where(_LINE.id == line_id).with_for_update(of=one_off_lines)
    return found_of(OneOff, await session.execute(statement), "one-off line", line_id)


async def remove_one_off_line(session: WriteSession, removed: OneOff) -> None:
    """Marks a pending line as removed."""
    await session.execute(
        update(one_off_lines)
        .where(_LINE.id == removed.id)
        .values(removed_by=removed.removed_by, removed_at=removed.removed_at)
    )


async def open_one_off_lines(
    session: ReadSession, tenant_ids: Sequence[str], *, given_up: Sequence[UUID] = ()
) -> dict[str, list[OneOff]]:
    """The pending lines of the given tenants, by tenant, oldest first.

    Lines on drafts that will be replaced count as pending.
    """
    statement = _WITH_STATUS.where(
        _LINE.tenant_id.in_(tenant_ids),
        _LINE.removed_at.is_(None),
        _LINE.invoice_id.is_(None) | _LINE.invoice_id.in_(given_up),
    ).order_by(_LINE.tenant_id, _LINE.id)
    found: dict[str, list[OneOff]] = {}
    for line in records_of(OneOff, await session.execute(statement)):
        found.setdefault(line.tenant_id, []).append(line)
    return found


_CLAIM: Final = text("""
    UPDATE one_off_lines AS line SET invoice_id = claimed.invoice_id
    FROM unnest(CAST(:lines AS uuid[]), CAST(:invoices AS uuid[])) AS claimed (id, invoice_id)
    WHERE line.id = claimed.id AND line.removed_at IS NULL AND line.invoice_id IS NULL
    RETURNING line.id
""")


async def claim_one_off_lines(session: WriteSession, billed_on: Mapping[UUID, UUID]) -> bool:
    """Claims lines for the drafts that bill them; returns whether all were still pending."""
    if not billed_on:
        return True
    claimed = await session.execute(
        _CLAIM, {"lines": list(billed_on), "invoices": list(billed_on.values())}
    )
    return len(claimed.all()) == len(billed_on)


async def release_one_off_lines(session: WriteSession, invoice_ids: Sequence[UUID]) -> None:
    """Releases the lines of discarded, void or credited invoices: the next invoices bill them."""
    if invoice_ids:
        await session.execute(
            update(one_off_lines).where(_LINE.invoice_id.in_(invoice_ids)).values(invoice_id=None)
        )
