"""Rendering a message from a record, and the error for missing fields."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from arcadia.analytics.v1 import invoices_pb2, rollups_pb2
from arcadia.catalog.v1 import catalog_pb2, catalog_service_pb2

from services.common.rpc.messages import message_of, messages_of, page_message
from services.common.rpc.paging import Page


@dataclass(frozen=True, slots=True)
class Failure:
    tenant_id: UUID
    deployment_id: Decimal
    reason: date
    failed_at: datetime | None
    attempt_count: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    up_to_qty: Decimal | None
    unit_price_cents: Decimal


@dataclass(frozen=True, slots=True)
class Item:
    resource_kind: str
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    currency: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Version:
    plan_code: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Plan:
    code: str
    active_version: Version | None


ITEM: dict[str, Any] = {
    "included_qty": "",
    "overage_unit": "",
    "overage_price_cents": "",
    "hard_cap_qty": None,
    "pricing_model": "",
    "package_qty": None,
    "amount_cents": 0,
    "match": {},
}
VERSION = {
    "id": "", "version": 1, "status": "", "price_cents": 1, "created_at": None,
    "published_at": None, "retired_at": None,
}  # fmt: skip  # a table


def test_records_in_records_are_messages_in_messages() -> None:
    tiers = (Tier(Decimal("10.0"), Decimal(3)), Tier(None, Decimal(2)))
    told = message_of(catalog_pb2.PlanItem, Item("dns_zones", tiers), **ITEM)
    assert [tier.up_to_qty for tier in told.tiers] == ["10", ""]
    assert [tier.HasField("up_to_qty") for tier in told.tiers] == [True, False]
    assert told.tiers[1].unit_price_cents == "2"


def test_a_field_is_taken_from_the_record_within_that_has_it() -> None:
    version = Version("starter", Terms("AUD", ()))
    told = message_of(catalog_pb2.PlanVersion, version, **VERSION)
    assert (told.plan_code, told.currency) == ("starter", "AUD")


def test_a_record_that_is_not_there_leaves_its_message_unset() -> None:
    plan = Plan("starter", None)
    told = message_of(catalog_pb2.Plan, plan, id="", name="", created_at=None)
    assert not told.HasField("active_version")


def test_a_field_may_be_given_as_records_or_as_messages() -> None:
    one, other = Tier(None, Decimal(1)), message_of(catalog_pb2.PriceTier, Tier(None, Decimal(2)))
    told = message_of(catalog_pb2.PlanItem, None, resource_kind="", tiers=[one, other], **ITEM)
    assert [tier.unit_price_cents for tier in told.tiers] == ["1", "2"]
    assert messages_of(catalog_pb2.PriceTier, [one]) == [told.tiers[0]]


def test_values_are_written_as_the_wire_has_them() -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    failure = Failure(UUID(int=1), Decimal("1.50"), date(2026, 4, 1), at)
    told = message_of(rollups_pb2.RollupFailure, failure, message="no", outcome="")
    assert (told.tenant_id, told.deployment_id, told.reason, told.message) == (
        str(UUID(int=1)),
        "1.5",
        "2026-04-01",
        "no",
    )
    assert told.failed_at.ToDatetime(UTC) == at
    assert told.attempt_count == 0


def test_a_missing_field_is_an_error() -> None:
    failure = Failure(UUID(int=1), Decimal(1), date(2026, 4, 1), None)
    with pytest.raises(TypeError, match="Failure has no message, outcome of RollupFailure"):
        message_of(rollups_pb2.RollupFailure, failure)
    with pytest.raises(ValueError, match="nothing"):
        message_of(
            invoices_pb2.Party, object(), name="", abn="", address_lines=(), email="", nothing=1
        )


def test_a_page_fills_the_repeated_field_of_a_response_and_the_token() -> None:
    @dataclass(frozen=True, slots=True)
    class Addon:
        code: str

    def write(one: Addon) -> catalog_pb2.Addon:
        return catalog_pb2.Addon(code=one.code)

    answer = page_message(catalog_service_pb2.ListAddonsResponse, Page([Addon("a")], "more"), write)
    assert [one.code for one in answer.addons] == ["a"]
    assert answer.next_page_token == "more"
