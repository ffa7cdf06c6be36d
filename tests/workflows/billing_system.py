"""Billing on a fresh database, over a simulated account, with the worker that ingests bills."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import psycopg
from arcadia.billing.v1 import ingest_service_pb2 as pb
from arcadia.billing.v1.ingest_service_pb2_grpc import IngestServiceStub

from contracts.costs import InvoiceIngestInput
from services.common.rpc.clients import connect as connect_service
from services.common.settings import Service
from tests.workflows.system import System

__all__ = ["Bills"]

HEADERS = {"authorization": "Bearer somebody"}


@dataclass(frozen=True)
class Bills:
    """The parts, and what a test asks of them."""

    system: System
    """Its rows are those of billing's database."""

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of billing's database."""
        with psycopg.connect(self.system.admin_url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def told(self, path: str, **parameters: Any) -> Any:
        """What the provider answers."""
        answer = httpx.get(
            f"{self.system.simulator.url}{path}", headers=HEADERS, params=parameters, timeout=120
        )
        answer.raise_for_status()
        return answer.json()

    def issued(self) -> list[str]:
        """The UUIDs of the provider's invoices, newest first."""
        invoices = self.told("/v2/customers/my/invoices", per_page=200)["invoices"]
        return [invoice["invoice_uuid"] for invoice in invoices]

    def truth(self, uuid: str) -> Counter[tuple[str, Decimal, str]]:
        """Description, amount and resource of every line, as the simulator knows it."""
        lines = self.told(f"/_simulator/truth/invoices/{uuid}")["lines"]
        return Counter(
            (line["description"], Decimal(line["amount"]), line["resource_uuid"]) for line in lines
        )

    def kept(self, uuid: str) -> Counter[tuple[str, Decimal, str]]:
        """The same, as it was ingested."""
        return Counter(
            self.rows(
                "SELECT lines.description, amount_usd, provider_resource_uuid"
                " FROM cloud_cost_lines AS lines"
                " JOIN cloud_invoices AS invoice ON invoice.id = provider_invoice_id"
                " WHERE invoice_uuid = %s",
                uuid,
            )
        )

    def status(self, uuid: str) -> tuple[Any, ...]:
        """Ingest status, error and residual of an invoice."""
        [row] = self.rows(
            "SELECT ingest_status, ingest_error, residual_usd FROM cloud_invoices"
            " WHERE invoice_uuid = %s",
            uuid,
        )
        return row

    def synthetic(self, lines: int, droplets: int = 10) -> str:
        """One more invoice at the provider; its UUID."""
        answer = httpx.post(
            f"{self.system.simulator.url}/_simulator/invoices",
            json={"lines": lines, "droplets": droplets},
        )
        answer.raise_for_status()
        return str(answer.json()["invoice_uuid"])

    async def discover(self, uuid: str) -> InvoiceIngestInput:
        """Makes the header of one of the provider's invoices, and of no other."""
        history = self.told("/v2/customers/my/billing_history", per_page=200)["billing_history"]
        entry = next(e for e in history if e.get("invoice_uuid") == uuid)
        request = pb.RecordBillingHistoryRequest(
            entries=[
                pb.HistoryEntry(
                    invoice_uuid=uuid, amount_usd=entry["amount"], issued_at=_stamp(entry["date"])
                )
            ]
        )
        async with connect_service(
            self.system.settings, Service.BILLING, caller="worker"
        ) as channel:
            await IngestServiceStub(channel).RecordBillingHistory(request)
        [(identifier,)] = self.rows(
            "SELECT id::text FROM cloud_invoices WHERE invoice_uuid = %s", uuid
        )
        return InvoiceIngestInput(identifier, uuid)


def _stamp(text: str) -> Any:
    request = pb.HistoryEntry()
    request.issued_at.FromJsonString(text)
    return request.issued_at
