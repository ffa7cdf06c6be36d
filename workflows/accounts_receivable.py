"""What accounts receivable is told of an invoice."""

from typing import Any, Final

import orjson
from arcadia.analytics.v1 import invoicing_service_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

__all__ = ["body_of", "key_of"]

CHANGING: Final = ("credited_cents", "hand_over", "paid_at", "status", "voided_at")
"""What of an invoice may change after its issue."""


def key_of(invoice_id: str) -> str:
    """By what accounts receivable knows that it has an invoice already."""
    return f"invoice/{invoice_id}"


def body_of(hand_over: invoicing_service_pb2.GetHandOverResponse) -> bytes:
    """The invoice with its lines as JSON: the same bytes on every attempt.

    What may change after the issue (payment, credits, the hand-over itself) is left out.
    """
    invoice = _plain(hand_over.invoice)
    for name in CHANGING:
        invoice.pop(name, None)
    document = {"invoice": invoice, "lines": [_plain(line) for line in hand_over.lines]}
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _plain(message: Message) -> dict[str, Any]:
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
