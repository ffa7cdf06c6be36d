"""The daily costs of a span, from the wire to rows, piece by piece."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Final, Self

from arcadia.billing.v1 import costs_pb2
from arcadia.billing.v1 import ingest_service_pb2 as pb

from services.billing.ingest.ingest_requests import amount_usd, bounded, words
from services.billing.ingest.rules.classification import judge_daily
from services.billing.ingest.rules.reconciling import PRECISION
from services.billing.ingest.store.daily_costs import DailyRow
from services.common.errors import InvalidArgument
from services.common.values.periods import Period, month_of, read_day

__all__ = ["DailyUpload"]

MAX_DAYS: Final = 366

Requests = AsyncIterator[pb.ReplaceDailyCostsRequest]


class DailyUpload:
    """Reads one stream. Raises InvalidArgument for a malformed row and for a stream cut off."""

    def __init__(
        self, span: Period, first: pb.ReplaceDailyCostsRequest, requests: Requests
    ) -> None:
        self.span = span
        self.row_count = 0
        self.amount_usd = Decimal(0)
        self._first = first
        self._requests = requests
        self._promised: int | None = None

    @classmethod
    async def begun(cls, requests: Requests) -> Self:
        """The upload whose span the first message names."""
        first = await anext(requests, None)
        if first is None:
            raise InvalidArgument("from_day", "is required", reason="FIELD_REQUIRED")
        start, end = read_day(first.from_day, "from_day"), read_day(first.to_day, "to_day")
        if not 0 < (end - start).days <= MAX_DAYS:
            raise InvalidArgument("to_day", f"must be 1 to {MAX_DAYS} days after from_day")
        return cls(Period(start, end), first, requests)

    def months(self) -> Iterator[date]:
        """The months that the span touches, by their first days."""
        month = month_of(self.span.start)
        while month.start < self.span.end:
            yield month.start
            month = month.following()

    async def pieces(self) -> AsyncGenerator[Sequence[DailyRow], None]:
        """The rows as they come."""
        yield self._taken(self._first)
        async for request in self._requests:
            yield self._taken(request)
        if self._promised != self.row_count:
            promised = "no end" if self._promised is None else f"{self._promised} rows"
            raise InvalidArgument(
                "total_rows",
                f"the stream was cut off: {promised} announced, {self.row_count} rows came",
                reason="STREAM_CUT_OFF",
            )

    def _taken(self, request: pb.ReplaceDailyCostsRequest) -> list[DailyRow]:
        if self._promised is not None:
            raise InvalidArgument("total_rows", "must be in the last message")
        if request.HasField("total_rows"):
            self._promised = request.total_rows
        rows = [
            self._row(f"daily_costs[{index}]", cost)
            for index, cost in enumerate(bounded("daily_costs", request.daily_costs))
        ]
        self.row_count += len(rows)
        with localcontext(prec=PRECISION):
            self.amount_usd = sum((row.amount_usd for row in rows), self.amount_usd)
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
