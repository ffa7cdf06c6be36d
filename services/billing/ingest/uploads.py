"""Parses upload streams of the provider's bills into rows."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Final, Protocol, Self

from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb

from services.billing.ingest.ingest_requests import amount_usd, bounded, span, words
from services.billing.ingest.rules.classification import judge, judge_daily
from services.billing.ingest.rules.invoice_csv import BilledRow, InvoiceCsv, MalformedCsv
from services.billing.ingest.rules.reconciling import PRECISION
from services.billing.ingest.store.daily_costs import DailyRow
from services.billing.ingest.store.ingests import StagedRow
from services.common.errors import InvalidArgument
from services.common.values.periods import Period, month_of, read_day

__all__ = ["DailyUpload", "Upload"]

MAX_CHUNK: Final = 1 << 20


class _Costed(Protocol):
    @property
    def amount_usd(self) -> Decimal: ...


class _Stream:
    """A stream whose last message has its size, so that a truncated one is rejected."""

    def __init__(self, total: str) -> None:
        self._total = total
        """The field of the last message, such as `total_rows`."""
        self._promised: int | None = None
        self.amount_usd = Decimal(0)

    def _check_open(
        self, request: pb.UploadInvoiceCsvRequest | pb.ReplaceDailyCostsRequest
    ) -> None:
        if self._promised is not None:
            raise InvalidArgument(self._total, "must be in the last message")
        if request.HasField(self._total):
            self._promised = getattr(request, self._total)

    def _refuse_cut_off(self, came: int) -> None:
        if self._promised != came:
            unit = self._total.removeprefix("total_")
            promised = "no end" if self._promised is None else f"{self._promised} {unit}"
            raise InvalidArgument(
                self._total,
                f"the stream was truncated: {promised} announced, {came} {unit} received",
                reason="STREAM_CUT_OFF",
            )

    def _add(self, rows: Iterable[_Costed]) -> None:
        with localcontext(prec=PRECISION):
            self.amount_usd = sum((row.amount_usd for row in rows), self.amount_usd)


class Upload(_Stream):
    """The CSV form of an invoice. Raises InvalidArgument for a malformed row or truncation."""

    def __init__(self, requests: AsyncIterator[pb.UploadInvoiceCsvRequest]) -> None:
        super().__init__("total_bytes")
        self._requests = requests
        self._csv = InvoiceCsv()
        self._byte_count = 0

    @property
    def row_count(self) -> int:
        """The number of rows read."""
        return self._csv.row_count

    async def pieces(
        self, first: pb.UploadInvoiceCsvRequest
    ) -> AsyncGenerator[list[StagedRow], None]:
        """Yields the classified rows as they become complete."""
        try:
            yield self._judged(self._csv.feed(self._taken(first)))
            async for request in self._requests:
                yield self._judged(self._csv.feed(self._taken(request)))
            self._refuse_cut_off(self._byte_count)
            yield self._judged(self._csv.finish())
        except MalformedCsv as error:
            raise InvalidArgument("chunk", str(error), reason="MALFORMED_CSV") from None

    def _taken(self, request: pb.UploadInvoiceCsvRequest) -> bytes:
        self._check_open(request)
        if len(request.chunk) > MAX_CHUNK:
            raise InvalidArgument("chunk", f"has more than {MAX_CHUNK} bytes")
        self._byte_count += len(request.chunk)
        return request.chunk

    def _judged(self, rows: list[BilledRow]) -> list[StagedRow]:
        self._add(rows)
        return [
            (
                row,
                judge(
                    row.product,
                    row.group_description,
                    row.description,
                    row.category,
                    is_credit=row.amount_usd < 0,
                ),
            )
            for row in rows
        ]


class DailyUpload(_Stream):
    """The daily costs of a span. Raises InvalidArgument for a malformed row or truncation."""

    def __init__(
        self,
        replaced: Period,
        first: pb.ReplaceDailyCostsRequest,
        requests: AsyncIterator[pb.ReplaceDailyCostsRequest],
    ) -> None:
        super().__init__("total_rows")
        self.span = replaced
        self.row_count = 0
        self._first = first
        self._requests = requests

    @classmethod
    async def begun(cls, requests: AsyncIterator[pb.ReplaceDailyCostsRequest]) -> Self:
        """Creates the upload from the first message, which has the span."""
        first = await anext(requests, None) or pb.ReplaceDailyCostsRequest()
        return cls(span(first.from_day, first.to_day), first, requests)

    def months(self) -> Iterator[date]:
        """The months that the span overlaps, by their first days."""
        month = month_of(self.span.start)
        while month.start < self.span.end:
            yield month.start
            month = month.following()

    async def pieces(self) -> AsyncGenerator[Sequence[DailyRow], None]:
        """Yields the rows as they arrive."""
        yield self._taken(self._first)
        async for request in self._requests:
            yield self._taken(request)
        self._refuse_cut_off(self.row_count)

    def _taken(self, request: pb.ReplaceDailyCostsRequest) -> list[DailyRow]:
        self._check_open(request)
        rows = [
            self._row(f"daily_costs[{index}]", cost)
            for index, cost in enumerate(bounded("daily_costs", request.daily_costs))
        ]
        self.row_count += len(rows)
        self._add(rows)
        return rows

    def _row(self, field: str, cost: costs_pb2.DailyCost) -> DailyRow:
        day = read_day(cost.day, f"{field}.day")
        if day not in self.span:
            raise InvalidArgument(f"{field}.day", "is not in the span that is replaced")
        amount = amount_usd(f"{field}.amount_usd", cost.amount_usd)
        words(field, f"{cost.region}{cost.sku}{cost.description}{cost.group_description}")
        return DailyRow(
            day,
            cost.region,
            cost.sku,
            cost.description,
            cost.group_description,
            amount,
            judge_daily(cost.description, cost.group_description, cost.sku, is_credit=amount < 0),
        )
