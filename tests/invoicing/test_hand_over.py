"""The hand-over to accounts receivable: signed, idempotent, and retried."""

import asyncio
import hashlib
import hmac
from typing import Any

import grpc
import orjson
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as invoices_pb
from temporalio.client import WorkflowFailureError

from contracts.flows import TaskQueue
from contracts.invoicing import HandOverInput
from tests.analytics.account import reason_of
from tests.invoicing.catalog import Subscription
from tests.invoicing.month import MonthEnd
from tests.invoicing.receiver import Post
from workflows.invoicing.activities.handing_over import POSTS_AT_ONCE
from workflows.invoicing.hand_over import HandOver
from workflows.invoicing.payloads import HandOverResult

ATTEMPTS = "SELECT status, reference, attempt_count FROM invoice_hand_overs ORDER BY number"


async def issued(month_end: MonthEnd, count: int) -> str:
    """A roll-up of so many issued invoices, none of them handed over; its id."""
    month_end.books.catalog.subscriptions = [
        Subscription(f"tenant-{number:03d}", "app") for number in range(count)
    ]
    await month_end.books.channel.channel_ready()
    rollup = await month_end.books.rolled_up()
    return str(rollup.id)


async def handed_over(month_end: MonthEnd, rollup_id: str, **how: Any) -> HandOverResult:
    """What the work on a roll-up's invoices ends with."""
    handle = await month_end.temporal.start_workflow(
        HandOver.run,
        HandOverInput(rollup_id=rollup_id, **{"first_pause_seconds": 1, **how}),
        id=f"hand-over/{rollup_id}",
        task_queue=TaskQueue.INVOICING,
    )
    return await handle.result()


def verified(post: Post, secret: str) -> bool:
    """As a receiver would check it."""
    parts = dict(part.split("=", 1) for part in post.signature.split(","))
    signed = hmac.new(secret.encode(), f"{parts['t']}.".encode() + post.body, hashlib.sha256)
    return hmac.compare_digest(signed.hexdigest(), parts["v1"])


async def test_a_failed_post_is_retried_with_the_same_key_and_body(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 2)
    month_end.receiver.failures = [503, 429, 401]
    month_end.receiver.forgets_answers = 1
    month_end.start_worker()

    told = await handed_over(month_end, rollup_id)

    assert (told.delivered_count, told.failed_count) == (2, 0)
    posts = month_end.receiver.posts
    assert len(posts) == 6
    by_key: dict[str, set[bytes]] = {}
    for post in posts:
        by_key.setdefault(post.key, set()).add(post.body)
    assert [len(bodies) for bodies in by_key.values()] == [1, 1]
    secret = month_end.settings.ar_secret.get_secret_value()
    assert all(verified(post, secret) for post in posts)
    assert len({post.signature for post in posts}) > 1 or len(posts) == 1
    document = orjson.loads(posts[0].body)
    assert document["invoice"]["total_cents"] == "5500"
    assert document["invoice"]["number"] in {"INV-000001", "INV-000002"}
    assert [line["kind"] for line in document["lines"]] == ["plan_base", "tax"]
    references = {row[1] for row in month_end.books.rows(ATTEMPTS)}
    assert references == set(month_end.receiver.references.values()) == {"AR-1", "AR-2"}


async def test_a_permanently_refused_invoice_is_given_up_and_can_be_handed_over_again(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 1)
    month_end.receiver.failures = [422]
    month_end.start_worker()
    with pytest.raises(WorkflowFailureError):
        await handed_over(month_end, rollup_id)
    [invoice] = await month_end.books.listed()
    assert (invoice.hand_over.status, invoice.hand_over.attempt_count) == ("failed", 1)
    assert "422" in invoice.hand_over.reason
    seen = await month_end.books.get(invoice.id, month_end.books.tenant("tenant-000"))
    assert not seen.invoice.hand_over.HasField("run")
    assert (seen.invoice.hand_over.status, seen.invoice.hand_over.reason) == ("failed", "")

    again = await month_end.hand_over(invoice.id)

    assert again.hand_over.run.workflow_id == "hand-over/INV-000001"
    await month_end.temporal.get_workflow_handle("hand-over/INV-000001").result()
    [invoice] = await month_end.books.listed()
    assert (invoice.hand_over.status, invoice.hand_over.reference) == ("delivered", "AR-1")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.hand_over(invoice.id)
    assert reason_of(refused.value) == "ALREADY_HANDED_OVER"


async def test_after_days_of_failures_an_invoice_is_given_up_with_its_reason(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 1)
    month_end.receiver.failures = [500] * 3
    month_end.start_worker()
    with pytest.raises(WorkflowFailureError):
        await handed_over(month_end, rollup_id, patience_hours=0)
    [invoice] = await month_end.books.listed()
    assert (invoice.hand_over.status, invoice.hand_over.attempt_count) == ("failed", 1)


@pytest.mark.soak
async def test_a_worker_killed_in_the_middle_delivers_everything_and_accounts_know_each_once(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 30)
    month_end.receiver.dawdles_seconds = 0.2
    worker = month_end.start_worker_process()
    handle = await month_end.temporal.start_workflow(
        HandOver.run,
        HandOverInput(rollup_id=rollup_id, first_pause_seconds=1),
        id=f"hand-over/{rollup_id}",
        task_queue=TaskQueue.INVOICING,
    )
    while len(month_end.receiver.references) < 5:
        await month_end.books.listed()
    month_end.kill(worker)
    month_end.receiver.dawdles_seconds = 0
    month_end.start_worker()
    await handle.result()

    assert len(month_end.receiver.references) == 30
    assert {row[0] for row in month_end.books.rows(ATTEMPTS)} == {"delivered"}


async def test_an_invoice_that_is_issued_by_hand_is_handed_over_as_well(
    month_end: MonthEnd,
) -> None:
    month_end.books.catalog.subscriptions = [Subscription("acme", "app")]
    await month_end.books.channel.channel_ready()
    rollup = await month_end.books.drafted()
    await month_end.books.move(rollup.id, "failed", "broke off")
    month_end.start_worker()
    draft = await month_end.books.invoice_of("acme")
    request = invoices_pb.IssueInvoiceRequest(id=draft.id, request_id="issue-1")
    for _ in range(2):
        answer = await month_end.books.invoices.IssueInvoice(
            request, metadata=month_end.books.operator
        )
        assert answer.invoice.number == "INV-000001"
    await month_end.temporal.get_workflow_handle("hand-over/INV-000001").result()
    assert month_end.books.rows(ATTEMPTS) == [("delivered", "AR-1", 1)]


async def test_an_invoice_that_was_voided_is_not_handed_over(month_end: MonthEnd) -> None:
    rollup_id = await issued(month_end, 2)
    [first, second] = sorted(await month_end.books.listed(), key=lambda one: one.number)
    await month_end.books.void(first.id)
    month_end.start_worker()
    told = await handed_over(month_end, rollup_id)
    assert told.delivered_count == 1
    assert [post.key for post in month_end.receiver.posts] == [f"invoice/{second.id}"]
    hand_over = (await month_end.books.get(first.id)).invoice.hand_over
    assert (hand_over.status, hand_over.reason) == ("failed", "the invoice was voided")


async def test_an_invoice_that_is_voided_while_it_waits_for_its_turn_is_not_posted(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, POSTS_AT_ONCE + 1)
    last = max(await month_end.books.listed(), key=lambda one: one.number)
    month_end.receiver.dawdles_seconds = 2.0
    month_end.start_worker()
    work = asyncio.create_task(handed_over(month_end, rollup_id))
    while not month_end.receiver.posts:
        await month_end.books.listed()
    await month_end.books.void(last.id)
    told = await work
    assert (told.delivered_count, told.failed_count) == (POSTS_AT_ONCE, 0)
    assert f"invoice/{last.id}" not in {post.key for post in month_end.receiver.posts}


async def delivered_by(month_end: MonthEnd, workflow_id: str) -> None:
    await month_end.temporal.get_workflow_handle(workflow_id).result()


async def delivered_soon(month_end: MonthEnd, workflow_id: str, invoice_id: str) -> None:
    """As the work of that name does it, but after short pauses; before a worker has begun it."""
    await month_end.temporal.get_workflow_handle(workflow_id).terminate("in a hurry")
    month_end.start_worker()
    handle = await month_end.temporal.start_workflow(
        HandOver.run,
        HandOverInput(invoice_id=invoice_id, first_pause_seconds=1),
        id=workflow_id,
        task_queue=TaskQueue.INVOICING,
    )
    await handle.result()


async def test_a_credit_note_is_handed_over_as_an_invoice_is(month_end: MonthEnd) -> None:
    await issued(month_end, 1)
    [invoice] = await month_end.books.listed()

    note = await month_end.books.credit(invoice.id, request_id="credit-1")

    assert note.hand_over.run.workflow_id == "hand-over/CN-000001"
    assert (await month_end.books.credit(invoice.id, request_id="credit-1")).id == note.id
    month_end.receiver.failures = [200, 503]
    await delivered_soon(month_end, "hand-over/CN-000001", invoice.id)
    of_invoice, first, second = month_end.receiver.posts
    assert of_invoice.key == f"invoice/{invoice.id}"
    assert (first.key, first.body) == (second.key, second.body)
    assert first.key == f"credit_note/{note.id}"
    assert verified(first, month_end.settings.ar_secret.get_secret_value())
    document = orjson.loads(first.body)
    assert document["kind"] == "credit_note"
    assert document["credit_note"]["invoice_number"] == "INV-000001"
    assert document["credit_note"]["total_cents"] == "5500"
    assert [line["kind"] for line in document["credit_note"]["lines"]] == ["plan_base"]
    request = invoices_pb.ListCreditNotesRequest()
    listed = await month_end.books.invoices.ListCreditNotes(
        request, metadata=month_end.books.operator
    )
    [known] = listed.credit_notes
    assert (known.hand_over.status, known.hand_over.reference) == ("delivered", "AR-2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await month_end.books.invoices.HandOverCreditNote(
            invoices_pb.HandOverCreditNoteRequest(id=note.id), metadata=month_end.books.operator
        )
    assert reason_of(refused.value) == "ALREADY_HANDED_OVER"


async def test_a_credit_note_is_not_posted_before_its_invoice(month_end: MonthEnd) -> None:
    await issued(month_end, 1)
    [invoice] = await month_end.books.listed()
    note = await month_end.books.credit(invoice.id)
    month_end.receiver.failures = [503]
    await delivered_soon(month_end, "hand-over/CN-000001", invoice.id)
    assert [post.key for post in month_end.receiver.posts] == [
        f"invoice/{invoice.id}",
        f"invoice/{invoice.id}",
        f"credit_note/{note.id}",
    ]


async def test_the_void_of_an_invoice_that_accounts_receivable_has_is_handed_over(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 1)
    month_end.start_worker()
    await handed_over(month_end, rollup_id)
    [invoice] = await month_end.books.listed()
    month_end.receiver.posts.clear()
    month_end.receiver.failures = [422]

    voided = await month_end.books.void(invoice.id)

    assert voided.void_hand_over.run.workflow_id == "hand-over/INV-000001/void"
    with pytest.raises(WorkflowFailureError):
        await delivered_by(month_end, "hand-over/INV-000001/void")
    assert (await month_end.books.get(invoice.id)).invoice.void_hand_over.status == "failed"
    await month_end.hand_over(invoice.id)
    await delivered_by(month_end, "hand-over/INV-000001/void")
    [_, post] = month_end.receiver.posts
    assert post.key == f"void/{invoice.id}"
    document = orjson.loads(post.body)
    assert (document["kind"], document["invoice"]["number"]) == ("void", "INV-000001")
    assert document["invoice"]["void_reason"] == "a test"
    [known] = await month_end.books.listed()
    assert (known.hand_over.status, known.hand_over.reference) == ("delivered", "AR-1")
    assert (known.void_hand_over.status, known.void_hand_over.reference) == ("delivered", "AR-2")


async def test_an_invoice_that_is_voided_while_it_is_posted_is_followed_by_its_void(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 1)
    [invoice] = await month_end.books.listed()
    month_end.receiver.answers_when.clear()
    month_end.start_worker()
    work = asyncio.create_task(handed_over(month_end, rollup_id))
    while not month_end.receiver.posts:
        await month_end.books.listed()
    await month_end.books.void(invoice.id)
    month_end.receiver.answers_when.set()
    told = await work
    assert (told.delivered_count, told.failed_count) == (2, 0)
    assert [post.key for post in month_end.receiver.posts] == [
        f"invoice/{invoice.id}",
        f"void/{invoice.id}",
    ]


@pytest.mark.soak
async def test_a_hand_over_of_a_credit_note_that_is_killed_goes_on_and_is_known_once(
    month_end: MonthEnd,
) -> None:
    rollup_id = await issued(month_end, 1)
    worker = month_end.start_worker_process()
    await handed_over(month_end, rollup_id)
    [invoice] = await month_end.books.listed()
    month_end.receiver.dawdles_seconds = 3.0
    note = await month_end.books.credit(invoice.id)
    while len(month_end.receiver.posts) < 2:
        await month_end.books.listed()
    month_end.kill(worker)
    month_end.receiver.dawdles_seconds = 0
    month_end.start_worker()
    await delivered_by(month_end, "hand-over/CN-000001")
    assert set(month_end.receiver.references) == {f"invoice/{invoice.id}", f"credit_note/{note.id}"}
    assert {row[0] for row in month_end.books.rows(ATTEMPTS)} == {"delivered"}
