"""Posts undelivered documents to accounts receivable, by page."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from arcadia.analytics.v1 import invoicing_service_pb2
from arcadia.analytics.v1 import invoicing_service_pb2 as pb
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from temporalio import activity

from workflows.durable.activities import page_by_page, service_activity
from workflows.durable.signed_posts import Receipt, SignedPosts
from workflows.invoicing.payloads import HandOverResult, HandOverRound

if TYPE_CHECKING:
    from arcadia.analytics.v1.invoicing_service_pb2_grpc import InvoicingServiceAsyncStub

__all__ = ["HandOverActivities", "body_of", "key_of"]

DOCUMENTS_A_PAGE: Final = 50
POSTS_AT_ONCE: Final = 8
PENDING: Final = "pending"


class HandOverActivities:
    """Uses the analytics service, and accounts receivable if configured."""

    def __init__(self, steps: "InvoicingServiceAsyncStub", receivable: SignedPosts | None) -> None:
        self._steps = steps
        self._receivable = receivable

    @service_activity("analytics")
    async def hand_over_pending(self, request: HandOverRound) -> HandOverResult:
        """Attempts each pending document once, resuming from the cursor of an earlier attempt."""
        turns = asyncio.Semaphore(POSTS_AT_ONCE)

        async def post(told: HandOverResult) -> HandOverResult:
            page = await self._steps.ListPendingHandOvers(
                pb.ListPendingHandOversRequest(
                    rollup_id=request.rollup_id,
                    invoice_id=request.invoice_id,
                    page_size=DOCUMENTS_A_PAGE,
                    page_token=told.page_token,
                )
            )
            if request.invoice_id:
                receipts = await self._one_by_one(page.hand_overs, request, turns)
            else:
                attempts = await asyncio.gather(
                    *(self._attempt(one, request, turns) for one in page.hand_overs)
                )
                receipts = [receipt for some in attempts for receipt in some]
            return replace(_with(told, receipts), page_token=page.next_page_token)

        return await page_by_page(HandOverResult(), post)

    async def _one_by_one(
        self,
        waiting: Sequence[pb.PendingHandOver],
        request: HandOverRound,
        turns: asyncio.Semaphore,
    ) -> list[Receipt]:
        """Posts an invoice before its corrections, which wait for it."""
        receipts: list[Receipt] = []
        for one in waiting:
            if any(not told.is_delivered and not told.is_final for told in receipts):
                receipts.append(replace(receipts[-1], is_final=False))
                continue
            receipts += await self._attempt(one, request, turns)
        return receipts

    async def _attempt(
        self, one: pb.PendingHandOver, request: HandOverRound, turns: asyncio.Semaphore
    ) -> list[Receipt]:
        """The outcome of posting it and its follow-ups; None if it is no longer pending."""
        async with turns:
            receipt = await self._posted(one.id)
            if receipt is None:
                return []
            if request.is_last and not receipt.is_delivered:
                receipt = replace(receipt, is_final=True)
            info = activity.info()
            answer = await self._steps.RecordHandOver(
                pb.RecordHandOverRequest(
                    id=one.id,
                    status=_status(receipt),
                    reference=receipt.reference,
                    reason=receipt.reason,
                    attempt_count=one.attempt_count + 1,
                    workflow_id=info.workflow_id,
                    run_id=info.workflow_run_id,
                )
            )
        if answer.HasField("follow_up"):
            return [receipt, *await self._attempt(answer.follow_up, request, turns)]
        return [receipt]

    async def _posted(self, hand_over_id: str) -> Receipt | None:
        if self._receivable is None:
            return Receipt(is_delivered=False, reason="ARCADIA_AR_URL is not set", is_final=False)
        whole = await self._steps.GetHandOver(pb.GetHandOverRequest(id=hand_over_id))
        if whole.status != PENDING:
            return None  # voided or delivered in the meantime
        return await self._receivable.post(
            key_of(whole), body_of(whole), datetime.now(UTC), needs_reference=True
        )


def _status(receipt: Receipt) -> str:
    if receipt.is_delivered:
        return "delivered"
    return "failed" if receipt.is_final else PENDING


def _with(told: HandOverResult, receipts: list[Receipt]) -> HandOverResult:
    missed = [receipt for receipt in receipts if not receipt.is_delivered]
    return replace(
        told,
        delivered_count=told.delivered_count + len(receipts) - len(missed),
        failed_count=told.failed_count + sum(receipt.is_final for receipt in missed),
        waiting_count=told.waiting_count + sum(not receipt.is_final for receipt in missed),
        reason=missed[-1].reason if missed else told.reason,
    )


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
"""Fields of an invoice that may change after issue."""

VOID: Final = "void"
CREDIT_NOTE: Final = "credit_note"


def key_of(hand_over: invoicing_service_pb2.GetHandOverResponse) -> str:
    """The idempotency key of a document for accounts receivable."""
    if hand_over.document == CREDIT_NOTE:
        return f"credit_note/{hand_over.credit_note.id}"
    return f"{hand_over.document}/{hand_over.invoice.id}"


def body_of(hand_over: invoicing_service_pb2.GetHandOverResponse) -> bytes:
    """The document as JSON, with the same bytes on every attempt.

    An invoice with its lines, without fields that may change after issue (payment, credits,
    hand-over); a credit note with its lines; a void with its invoice.
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
