"""The CSV form of an invoice, from the wire to rows, piece by piece."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from decimal import Decimal, localcontext
from typing import Final

from arcadia.billing.v1 import ingest_service_pb2 as pb

from services.billing.ingest.rules.classification import judge
from services.billing.ingest.rules.invoice_csv import BilledRow, InvoiceCsv, MalformedCsv
from services.billing.ingest.rules.reconciling import PRECISION
from services.billing.ingest.store.staging import StagedRow
from services.common.errors import InvalidArgument

__all__ = ["Upload"]

MAX_CHUNK: Final = 1 << 20

Requests = AsyncIterator[pb.UploadInvoiceCsvRequest]


class Upload:
    """Reads one stream. Raises InvalidArgument for a malformed row and for a stream cut off."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._csv = InvoiceCsv()
        self._byte_count = 0
        self._promised: int | None = None
        self.amount_usd = Decimal(0)

    @property
    def row_count(self) -> int:
        """How many rows were read."""
        return self._csv.row_count

    async def pieces(
        self, first: pb.UploadInvoiceCsvRequest
    ) -> AsyncGenerator[list[StagedRow], None]:
        """The rows, judged, as they become complete."""
        try:
            yield self._judged(self._csv.feed(self._taken(first)))
            async for request in self._requests:
                yield self._judged(self._csv.feed(self._taken(request)))
            self._refuse_cut_off()
            yield self._judged(self._csv.finish())
        except MalformedCsv as error:
            raise InvalidArgument("chunk", str(error), reason="MALFORMED_CSV") from None

    def _taken(self, request: pb.UploadInvoiceCsvRequest) -> bytes:
        if self._promised is not None:
            raise InvalidArgument("total_bytes", "must be in the last message")
        if len(request.chunk) > MAX_CHUNK:
            raise InvalidArgument("chunk", f"has more than {MAX_CHUNK} bytes")
        if request.HasField("total_bytes"):
            self._promised = request.total_bytes
        self._byte_count += len(request.chunk)
        return request.chunk

    def _refuse_cut_off(self) -> None:
        if self._promised != self._byte_count:
            promised = "no end" if self._promised is None else f"{self._promised} bytes"
            raise InvalidArgument(
                "total_bytes",
                f"the stream was cut off: {promised} announced, {self._byte_count} bytes came",
                reason="STREAM_CUT_OFF",
            )

    def _judged(self, rows: list[BilledRow]) -> list[StagedRow]:
        with localcontext(prec=PRECISION):
            self.amount_usd = sum((row.amount_usd for row in rows), self.amount_usd)
        return list(_judged(rows))


def _judged(rows: list[BilledRow]) -> Iterator[StagedRow]:
    for row in rows:
        yield (
            row,
            judge(
                row.product,
                row.group_description,
                row.description,
                row.category,
                is_credit=row.amount_usd < 0,
            ),
        )
