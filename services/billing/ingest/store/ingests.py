"""Ingests in the making: opened, staged, and closed one way or the other."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update

from services.billing.ingest.store.headers import lock_invoice, set_status
from services.billing.ingest.tables import cloud_ingests as ingests
from services.billing.ingest.tables import cloud_staged_items, cloud_staged_lines
from services.common.db.database import WriteSession
from services.common.errors import AlreadyExists, FailedPrecondition, NotFound

__all__ = ["Begun", "begin_ingest", "close_ingest", "fail_ingest", "lock_ingest", "lock_open"]

OPEN: Final = "open"
SUPERSEDED: Final = "another run began anew"


@dataclass(frozen=True, slots=True)
class Begun:
    """An ingest and its invoice."""

    ingest: Row[Any]
    invoice: Row[Any]


async def begin_ingest(session: WriteSession, invoice_id: UUID, key: str) -> Begun:
    """Opens an ingest with nothing staged; the same key again answers the same one.

    An ingest of the invoice that another key left open is closed: its run is over, or will
    be refused from now on. Raises NotFound, and AlreadyExists for another invoice's key.
    """
    invoice = await lock_invoice(session, invoice_id)
    known = await session.execute(select(ingests).where(ingests.c.key == key).with_for_update())
    ingest = known.one_or_none()
    if ingest is not None:
        if ingest.provider_invoice_id != invoice_id:
            raise AlreadyExists(
                f"the key {key!r} names an ingest of another invoice", reason="INGEST_KEY_REUSED"
            )
        if ingest.status == OPEN:
            ingest = await _empty(session, ingest.id)
        return Begun(ingest, invoice)
    await _supersede(session, invoice_id)
    opened = await session.execute(
        insert(ingests)
        .values(provider_invoice_id=invoice_id, key=key, started_at=func.now())
        .returning(ingests)
    )
    return Begun(opened.one(), await set_status(session, invoice_id, "ingesting"))


async def lock_ingest(session: WriteSession, ingest_id: UUID) -> Row[Any]:
    """An ingest that nobody else changes until this transaction ends. Raises NotFound."""
    query = select(ingests).where(ingests.c.id == ingest_id).with_for_update()
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("ingest", str(ingest_id))
    return found


async def lock_open(session: WriteSession, ingest_id: UUID) -> Row[Any]:
    """The same, of one that is open. Raises NotFound, and FailedPrecondition when it is closed."""
    found = await lock_ingest(session, ingest_id)
    if found.status != OPEN:
        raise FailedPrecondition(
            f"the ingest is {found.status}: {found.reason}".rstrip(": "), reason="INGEST_CLOSED"
        )
    return found


async def fail_ingest(session: WriteSession, ingest_id: UUID, reason: str) -> Row[Any]:
    """Closes an ingest that broke off; one that is closed already stays as it is.

    The header, which is answered, tells the reason. Its lines are not touched.
    """
    ingest = await lock_ingest(session, ingest_id)
    if ingest.status != OPEN:
        return await lock_invoice(session, ingest.provider_invoice_id)
    await close_ingest(session, ingest_id, "failed", reason=reason)
    return await set_status(session, ingest.provider_invoice_id, "failed", error=reason)


async def close_ingest(
    session: WriteSession, ingest_id: UUID, status: str, *, reason: str = ""
) -> None:
    """Closes an ingest and clears what it staged."""
    await _clear(session, ingest_id)
    await session.execute(
        update(ingests)
        .where(ingests.c.id == ingest_id)
        .values(status=status, reason=reason, finished_at=func.now())
    )


async def _supersede(session: WriteSession, invoice_id: UUID) -> None:
    left = await session.execute(
        select(ingests.c.id)
        .where(ingests.c.provider_invoice_id == invoice_id, ingests.c.status == OPEN)
        .with_for_update()
    )
    for (ingest_id,) in left.all():
        await close_ingest(session, ingest_id, "failed", reason=SUPERSEDED)


async def _empty(session: WriteSession, ingest_id: UUID) -> Row[Any]:
    await _clear(session, ingest_id)
    nothing: dict[str, int | Decimal | None] = {
        "row_count": None,
        "amount_usd": None,
        "item_count": 0,
    }
    emptied = await session.execute(
        update(ingests).where(ingests.c.id == ingest_id).values(**nothing).returning(ingests)
    )
    return emptied.one()


async def _clear(session: WriteSession, ingest_id: UUID) -> None:
    for staged in (cloud_staged_lines, cloud_staged_items):
        await session.execute(delete(staged).where(staged.c.ingest_id == ingest_id))
