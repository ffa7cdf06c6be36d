"""A served billing service, and bills for it in both forms."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import grpc
import psycopg
from arcadia.billing.v1 import (
    balance_service_pb2_grpc,
    costs_pb2,
    ingest_service_pb2_grpc,
)
from arcadia.billing.v1 import ingest_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from services.common.db.database import Database
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.settings import Settings

__all__ = ["HEADER", "JUNE", "MAY", "Billing", "Line", "csv_of", "entry", "stamp"]

HEADER = (
    "product",
    "group_description",
    "description",
    "hours",
    "start",
    "end",
    "USD",
    "project_name",
    "category",
)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)

Token = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """A line of a bill; what is not named is as for any small droplet in May."""

    amount: str = "6.00"
    description: str = "web-1 (s-1vcpu-1gb)"
    product: str = "Droplets"
    group: str = ""
    hours: str = "744"
    start: datetime | None = MAY
    end: datetime | None = JUNE
    project: str = "shop"
    category: str = "iaas"
    resource_id: str = ""
    resource_uuid: str = ""

    def row(self) -> tuple[str, ...]:
        """As the provider's CSV has it."""
        amount = Decimal(self.amount)
        return (
            self.product,
            self.group,
            self.description,
            self.hours,
            _csv_time(self.start),
            _csv_time(self.end),
            f"-${-amount:,f}" if amount < 0 else f"${amount:,f}",
            self.project,
            self.category,
        )

    def item(self) -> pb.InvoiceItem:
        """As the JSON form has it."""
        return pb.InvoiceItem(
            product=self.product,
            group_description=self.group,
            description=self.description,
            project_name=self.project,
            category=self.category,
            amount_usd=self.amount,
            duration=self.hours,
            duration_unit="Hours" if self.hours else "",
            start_at=stamp(self.start),
            end_at=stamp(self.end),
            resource_id=self.resource_id,
            resource_uuid=self.resource_uuid,
        )


def csv_of(lines: Iterable[Line], header: Sequence[str] = HEADER) -> bytes:
    """The CSV form."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(line.row() for line in lines)
    return text.getvalue().encode()


def stamp(instant: datetime | None) -> Timestamp | None:
    """The proto of an instant."""
    if instant is None:
        return None
    made = Timestamp()
    made.FromDatetime(instant)
    return made


def _csv_time(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant:%Y-%m-%d %H:%M:%S} +0000"


@dataclass
class Billing:
    """The billing service on a fresh database, and those who call it."""

    database: Database
    channel: grpc.aio.Channel
    settings: Settings
    admin_url: str
    """The database, as a superuser who sees every row."""
    ingest: "ingest_service_pb2_grpc.IngestServiceAsyncStub" = field(init=False)
    balances: "balance_service_pb2_grpc.BalanceServiceAsyncStub" = field(init=False)
    begun: int = 0

    def __post_init__(self) -> None:
        self.ingest = ingest_service_pb2_grpc.IngestServiceStub(self.channel)
        self.balances = balance_service_pb2_grpc.BalanceServiceStub(self.channel)
        self._worker = ServiceTokens(self.settings, "worker")
        token = mint_user_token(self.settings, subject="op", roles=["platform-admin"])
        self.operator: Token = (("authorization", f"Bearer {token}"),)

    @property
    def worker(self) -> Token:
        """The metadata of a worker, whose token ends within minutes: a new one in time."""
        return (("authorization", self._worker.authorization()),)

    def program(self, name: str) -> Token:
        """The metadata of another program of ours."""
        return (("authorization", ServiceTokens(self.settings, name).authorization()),)

    async def record(
        self, *entries: pb.HistoryEntry, walk: str = "", last: bool = False
    ) -> pb.RecordBillingHistoryResponse:
        """Records a page of the billing history."""
        request = pb.RecordBillingHistoryRequest(entries=entries, walk_key=walk, is_last_page=last)
        return await self.ingest.RecordBillingHistory(request, metadata=self.worker)

    async def discovered(self, uuid: str = "inv-1", **changes: Any) -> costs_pb2.ProviderInvoice:
        """An invoice of the billing history, with its header made."""
        await self.record(entry(uuid, **changes))
        return await self.pending(uuid)

    async def pending(self, uuid: str) -> costs_pb2.ProviderInvoice:
        """One of the invoices that are due."""
        return next(i for i in await self.all_pending() if i.invoice_uuid == uuid)

    async def all_pending(self) -> list[costs_pb2.ProviderInvoice]:
        """The invoices that are due: not ingested, or not matched."""
        answer = await self.ingest.ListPendingInvoices(
            pb.ListPendingInvoicesRequest(page_size=500), metadata=self.worker
        )
        return list(answer.provider_invoices)

    async def begin(self, invoice_id: str, key: str = "") -> str:
        """Opens an ingest; answers its id."""
        self.begun += 1
        request = pb.BeginIngestRequest(
            provider_invoice_id=invoice_id, key=key or f"test/{self.begun}"
        )
        return (await self.ingest.BeginIngest(request, metadata=self.worker)).ingest_id

    async def upload(
        self, ingest_id: str, content: bytes, *, cut: int = 100_000, total: int | None = None
    ) -> pb.UploadInvoiceCsvResponse:
        """Uploads the CSV form, cut into pieces."""

        async def pieces() -> AsyncIterator[pb.UploadInvoiceCsvRequest]:
            yield pb.UploadInvoiceCsvRequest(ingest_id=ingest_id)
            for start in range(0, len(content), cut):
                yield pb.UploadInvoiceCsvRequest(chunk=content[start : start + cut])
            yield pb.UploadInvoiceCsvRequest(total_bytes=len(content) if total is None else total)

        return await self.ingest.UploadInvoiceCsv(pieces(), metadata=self.worker)

    async def items(self, ingest_id: str, lines: Sequence[Line], page: int = 1) -> int:
        """Records a page of the JSON form; answers how many items are staged."""
        request = pb.RecordInvoiceItemsRequest(
            ingest_id=ingest_id, page=page, items=[line.item() for line in lines]
        )
        return (await self.ingest.RecordInvoiceItems(request, metadata=self.worker)).item_count

    async def complete(
        self, ingest_id: str, *, summary: str | None = None, **parts: str
    ) -> costs_pb2.ProviderInvoice:
        """Replaces the invoice's lines by the staged ones."""
        said = None if summary is None else pb.InvoiceSummary(amount_usd=summary, **parts)
        request = pb.CompleteIngestRequest(ingest_id=ingest_id, summary=said)
        answer = await self.ingest.CompleteIngest(request, metadata=self.worker)
        return answer.provider_invoice

    async def ingested(
        self, invoice_id: str, lines: Sequence[Line], *, with_items: bool = False
    ) -> costs_pb2.ProviderInvoice:
        """A whole ingest."""
        ingest_id = await self.begin(invoice_id)
        await self.upload(ingest_id, csv_of(lines))
        if with_items:
            await self.items(ingest_id, lines)
        with localcontext(prec=200):
            total = sum((Decimal(line.amount) for line in lines), Decimal(0))
        return await self.complete(ingest_id, summary=f"{total:f}")

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def change(self, statement: str, *parameters: Any) -> None:
        """Changes the database behind the service's back."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(statement.encode(), parameters)

    def lines(self) -> list[tuple[Any, ...]]:
        """Row number, description and amount of every line, in the order of their ids."""
        return self.rows(
            "SELECT row_number, description, amount_usd FROM cloud_cost_lines ORDER BY period, id"
        )

    def staged(self) -> int:
        """How many rows and items are staged."""
        [(count,)] = self.rows(
            "SELECT (SELECT count(*) FROM cloud_staged_lines)"
            " + (SELECT count(*) FROM cloud_staged_items)"
        )
        return int(count)


def entry(
    uuid: str = "inv-1",
    amount: str = "6.00",
    period: str = "2026-05-01",
    issued_at: datetime = JUNE,
    **changes: Any,
) -> pb.HistoryEntry:
    """An invoice in the billing history."""
    return pb.HistoryEntry(
        invoice_uuid=uuid,
        invoice_number="508",
        amount_usd=amount,
        issued_at=stamp(issued_at),
        description="Invoice for May 2026",
        period=period,
        **changes,
    )
