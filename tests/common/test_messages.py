"""A message takes what it can from a record, and says what it lacks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from arcadia.analytics.v1 import invoices_pb2, rollups_pb2

from services.common.rpc.messages import message_of


@dataclass(frozen=True, slots=True)
class Failure:
    tenant_id: UUID
    deployment_id: Decimal
    reason: date
    failed_at: datetime | None
    attempt_count: int | None = None


def test_values_are_written_as_the_wire_has_them() -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    failure = Failure(UUID(int=1), Decimal("1.50"), date(2026, 4, 1), at)
    told = message_of(rollups_pb2.RollupFailure, failure, message="no")
    assert (told.tenant_id, told.deployment_id, told.reason, told.message) == (
        str(UUID(int=1)),
        "1.5",
        "2026-04-01",
        "no",
    )
    assert told.failed_at.ToDatetime(UTC) == at
    assert told.attempt_count == 0


def test_a_field_that_nobody_gives_is_an_error() -> None:
    failure = Failure(UUID(int=1), Decimal(1), date(2026, 4, 1), None)
    with pytest.raises(TypeError, match="Failure has no message of RollupFailure"):
        message_of(rollups_pb2.RollupFailure, failure)
    with pytest.raises(ValueError, match="nothing"):
        message_of(
            invoices_pb2.Party, object(), name="", abn="", address_lines=(), email="", nothing=1
        )
