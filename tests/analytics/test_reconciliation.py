"""The books of a closed month agree, or each difference has a name."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest
from arcadia.analytics.v1 import margin_service_pb2 as pb
from arcadia.analytics.v1 import metering_service_pb2 as metering_pb
from arcadia.inventory.v1 import lookup_service_pb2 as lookup_pb

from services.common.rpc.wire import timestamp
from tests.analytics.account import Analytics, reason_of
from tests.analytics.april import APRIL, PERIOD, STUDIO, line, spans
from tests.analytics.peers import Span
from tests.analytics.revenue import invoice


async def reconciled(analytics: Analytics) -> Any:
    request = pb.ListReconciliationDifferencesRequest(period=PERIOD)
    return await analytics.margins.ListReconciliationDifferences(
        request, metadata=analytics.operator
    )


async def test_the_three_books_of_a_closed_month_agree_or_each_difference_is_named(
    analytics: Analytics,
) -> None:
    late: datetime = APRIL.start_at + timedelta(days=20)
    analytics.peers.spans = [
        *spans(("acme", "shop"), ("acme", "shop"), ("acme", "shop"), ("acme", "shop")),
        Span(6, APRIL.start_at, APRIL.end_at),
        Span(5, APRIL.start_at, late),
        Span(5, late, APRIL.end_at, status="off"),
    ]
    analytics.peers.cost_lines = [
        line("6.00", 1),
        line("1.20", 1, description="web-1 backups"),
        line("5.00", 2, hours="600"),
        line("4.00", 3, hours="240", start_at=timestamp(late)),
        line("6.00", 5),
        line("2.00", 6, hours="480", end_at=timestamp(late)),
        line("4.00", 6, hours="240", start_at=timestamp(late)),
        line("9.00", match_state="unmatched"),
    ]
    await analytics.meter_month(APRIL)
    await analytics.close(PERIOD)
    await analytics.attribute(PERIOD)
    await analytics.margin(PERIOD)
    answer = await reconciled(analytics)
    assert (answer.agreed_count, answer.difference_count) == (2, 5)
    named = {
        one.resource_id[-1:] or one.name: (one.difference_type, one.billed_hours)
        for one in answer.differences
    }
    assert named == {
        "2": ("amount", "720"),
        "3": ("timing", "720"),
        "4": ("ours_only", "720"),
        "5": ("amount", "480"),
        "web-0": ("provider_only", ""),
    }
    assert answer.differences[0].provider_amount_usd == "9"


async def test_a_cost_matched_in_another_month_is_not_called_provider_only(
    analytics: Analytics,
) -> None:
    seen: datetime = APRIL.start_at + timedelta(days=10)
    after: datetime = APRIL.end_at + timedelta(days=9)
    analytics.peers.spans = [
        Span(1, seen, APRIL.end_at, kind="reserved_ip"),
        Span(2, APRIL.start_at, APRIL.end_at),
    ]
    analytics.peers.lives = {
        1: lookup_pb.Lifetime(lived_from=timestamp(seen), begin_unknown=True),
        3: lookup_pb.Lifetime(lived_from=timestamp(after), begin_unknown=True),
        4: lookup_pb.Lifetime(
            lived_from=timestamp(APRIL.start_at - timedelta(days=9)),
            lived_to=timestamp(APRIL.start_at - timedelta(days=2)),
        ),
    }
    for number, life in analytics.peers.lives.items():
        life.resource_id = str(UUID(int=number))
    analytics.peers.cost_lines = [
        line("4.00", 1, kind="reserved_ip"),
        line("6.00", 2),
        line("3.00", 3, kind="uptime_check", hours="24"),
        line("2.00", 3, kind="uptime_check", hours="24"),
        line("1.00", 4),
        line("0.50", 5),
    ]
    await analytics.meter_month(APRIL)
    await analytics.close(PERIOD)
    for size in (100, 1):
        await analytics.attribute(PERIOD, size=size)
        await analytics.margin(PERIOD)
        answer = await reconciled(analytics)
        assert [(one.resource_id[-1:], one.difference_type) for one in answer.differences] == [
            ("3", "begin_unknown"),
            ("1", "begin_unknown"),
            ("4", "timing"),
            ("5", "provider_only"),
        ]
        assert not answer.differences[0].HasField("inventory_hours")
        assert "2026-05-10 00:00" in answer.differences[0].explanation
    request = pb.ListReconciliationDifferencesRequest(
        period=PERIOD, difference_type="begin_unknown"
    )
    of_type = await analytics.margins.ListReconciliationDifferences(
        request, metadata=analytics.operator
    )
    assert len(of_type.differences) == 2
    looked_up = [
        one for one in analytics.peers.asked if isinstance(one, lookup_pb.LookupResourcesRequest)
    ]
    assert "2" not in {key.resource_id[-1:] for one in looked_up for key in one.keys}


async def test_a_month_of_which_an_invoice_was_issued_stays_closed(
    analytics: Analytics,
) -> None:
    await analytics.meter_month(APRIL)
    await analytics.close(PERIOD)
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.metering.ReopenMetering(
            metering_pb.ReopenMeteringRequest(period=PERIOD), metadata=analytics.worker
        )
    assert reason_of(refused.value) == "INVOICES_ISSUED"


async def test_a_month_that_is_not_closed_is_not_reconciled(analytics: Analytics) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await reconciled(analytics)
    assert reason_of(refused.value) == "METERING_OPEN"
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_bill_that_changes_between_pages_is_aborted(analytics: Analytics) -> None:
    analytics.peers.cost_lines = [line("1.00"), line("2.00")]
    analytics.peers.abort_costs_at = "1"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await analytics.attribute(PERIOD, size=1)
    assert refused.value.code() is grpc.StatusCode.ABORTED
    assert not (await analytics.margin(PERIOD)).HasField("cogs_cents")
