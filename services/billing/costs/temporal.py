"""The durable work that calls of this service start: named here, defined by the workers.

Services do not import workflows: a workflow is started by its name, with plain JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from services.common import durable
from services.common.durable import Started, WorkDesk
from services.common.settings import Settings

__all__ = ["InvoiceStart", "Started", "Work"]

QUEUE: Final = "cloud-billing"
INGEST: Final = "InvoiceIngest"
REMATCH: Final = "CostRematch"
PROVIDER_INVOICE: Final = "ArcadiaProviderInvoice"
TIMEOUT: Final = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class InvoiceStart:
    """An invoice to work on, as the workflows read it; the period is as in `2026-04`."""

    provider_invoice_id: str
    invoice_uuid: str
    period: str = ""


class Work:
    """Starts work at Temporal, to which it connects when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._desk = WorkDesk(settings)

    async def ingest(self, invoice: InvoiceStart) -> Started:
        """Starts the ingest of an invoice, or finds the one that runs.

        Raises Unavailable while Temporal does not answer.
        """
        return await self._start(
            INGEST,
            asdict(invoice),
            f"invoice-ingest/{invoice.invoice_uuid}",
            f"ingest the invoice of {invoice.period or 'an unknown month'}",
            invoice.invoice_uuid,
        )

    async def rematch(self, what: str, invoices: Sequence[InvoiceStart]) -> Started:
        """Starts to match invoices anew, or finds the run that does; `what` names them.

        Raises Unavailable while Temporal does not answer.
        """
        return await self._start(
            REMATCH,
            {"invoices": [asdict(invoice) for invoice in invoices]},
            f"cost-rematch/{what}",
            f"match the lines of {len(invoices)} invoices anew",
            "",
        )

    async def _start(
        self, name: str, argument: Mapping[str, Any], identifier: str, summary: str, uuid: str
    ) -> Started:
        return await self._desk.start(
            durable.Work(
                workflow=name,
                id=identifier,
                queue=QUEUE,
                argument=argument,
                summary=summary,
                timeout=TIMEOUT,
                attributes={PROVIDER_INVOICE: uuid} if uuid else {},
            )
        )
