"""What accounts receivable is told of an invoice, of a credit note, of a void."""

from typing import Any, Final

import orjson
from arcadia.analytics.v1 import invoicing_service_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

__all__ = ["body_of", "key_of"]

CHANGING: Final = (
    "credited_cents",
    "credited_in_full_at",
    "hand_over",
    "paid_at",
    "status",
    "void_hand_over",
    "void_reason",
    "voided_at",
)
"""What of an invoice may change after its issue."""

VOID: Final = "void"
CREDIT_NOTE: Final = "credit_note"


def key_of(hand_over: invoicing_service_pb2.GetHandOverResponse) -> str:
    """By what accounts receivable knows that it has a document already."""
    if hand_over.document == CREDIT_NOTE:
        return f"credit_note/{hand_over.credit_note.id}"
    return f"{hand_over.document}/{hand_over.invoice.id}"


def body_of(hand_over: invoicing_service_pb2.GetHandOverResponse) -> bytes:
    """The document as JSON: the same bytes on every attempt.

    An invoice with its lines, without what may change after the issue (payment, credits, the
    hand-over itself); a credit note with its lines; a void with the invoice that is void.
    """
    document: dict[str, Any] = {"kind": hand_over.document}
    if hand_over.document == CREDIT_NOTE:
        note = _plain(hand_over.credit_note)
        note.pop("hand_over", None)
        document["credit_note"] = note
    else:
        told = _plain(hand_over.invoice)
        invoice = {name: value for name, value in told.items() if name not in CHANGING}
        if hand_over.document == VOID:
            invoice |= {"voided_at": told["voided_at"], "void_reason": told["void_reason"]}
        else:
            document["lines"] = [_plain(line) for line in hand_over.lines]
        document["invoice"] = invoice
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _plain(message: Message) -> dict[str, Any]:
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
