"""Beginning ingests, and closing those that broke off."""

from typing import Final
from uuid import UUID

from services.billing.ingest.rules.provider_invoices import Ingest, ProviderInvoice
from services.billing.ingest.store import ingests
from services.billing.ingest.store.headers import lock_invoice, set_status
from services.common.db.database import WriteSession
from services.common.errors import AlreadyExists

__all__ = ["begin_ingest", "fail_ingest"]

SUPERSEDED: Final = "another run began anew"


async def begin_ingest(
    session: WriteSession, invoice_id: UUID, key: str
) -> tuple[Ingest, ProviderInvoice]:
    """Opens an ingest with nothing staged; the same key again answers the same one.

    An ingest of the invoice that another key left open is closed: its run is over, or will
    be refused from now on. Raises NotFound, and AlreadyExists for another invoice's key.
    """
    invoice = await lock_invoice(session, invoice_id)
    ingest = await ingests.find_ingest(session, key)
    if ingest is not None:
        if ingest.provider_invoice_id != invoice_id:
            raise AlreadyExists(
                f"the key {key!r} names an ingest of another invoice", reason="INGEST_KEY_REUSED"
            )
        if ingest.status == ingests.OPEN:
            ingest = await ingests.empty_ingest(session, ingest.id)
        return ingest, invoice
    for left in await ingests.lock_open_of(session, invoice_id):
        await ingests.close_ingest(session, left.id, "failed", reason=SUPERSEDED)
    opened = await ingests.open_ingest(session, invoice_id, key)
    return opened, await set_status(session, invoice_id, "ingesting")


async def fail_ingest(session: WriteSession, ingest_id: UUID, reason: str) -> ProviderInvoice:
    """Closes an ingest that broke off; one that is closed already stays as it is.

    The header, which is answered, tells the reason. Its lines are not touched.
    """
    ingest = await ingests.lock_ingest(session, ingest_id)
    if ingest.status != ingests.OPEN:
        return await lock_invoice(session, ingest.provider_invoice_id)
    await ingests.close_ingest(session, ingest_id, "failed", reason=reason)
    return await set_status(session, ingest.provider_invoice_id, "failed", error=reason)
