"""The durable work that calls of this service start: named here, defined by the workers.

Services do not import workflows: a workflow is started by its name, with plain JSON.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError

from services.common.errors import Unavailable
from services.common.settings import Settings

__all__ = ["InvoiceStart", "Started", "Work"]

QUEUE: Final = "cloud-billing"
INGEST: Final = "InvoiceIngest"
REMATCH: Final = "CostRematch"
PROVIDER_INVOICE: Final = SearchAttributeKey.for_keyword("ArcadiaProviderInvoice")
TIMEOUT: Final = timedelta(hours=20)
CONNECT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class InvoiceStart:
    """An invoice to work on, as the workflows read it; the period is as in `2026-04`."""

    provider_invoice_id: str
    invoice_uuid: str
    period: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was started, or that was found running."""

    workflow_id: str
    run_id: str


class Work:
    """Starts work at Temporal, to which it connects when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None

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
        self, name: str, given: dict[str, object], workflow_id: str, summary: str, uuid: str
    ) -> Started:
        attributes = [SearchAttributePair(PROVIDER_INVOICE, uuid)] if uuid else []
        client = await self._connected()
        try:
            handle = await client.start_workflow(
                name,
                given,
                id=workflow_id,
                task_queue=QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                execution_timeout=TIMEOUT,
                search_attributes=TypedSearchAttributes(attributes),
                static_summary=summary,
            )
        except RPCError as error:
            raise _down() from error
        return Started(workflow_id, handle.result_run_id or "")

    async def _connected(self) -> Client:
        if self._client is None:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._client = await Client.connect(
                        self._settings.temporal(), namespace=self._settings.temporal_namespace
                    )
            except (RuntimeError, TimeoutError) as error:
                raise _down() from error
        return self._client


def _down() -> Unavailable:
    return Unavailable("Temporal does not answer", reason="TEMPORAL_DOWN")
