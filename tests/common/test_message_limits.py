"""The number of fields of an encoded message, counted before it is parsed."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from arcadia.analytics.v1 import usage_pb2, usage_service_pb2
from arcadia.catalog.v1 import quote_service_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from hypothesis import given
from hypothesis import strategies as st

from services.common.rpc.message_limits import has_more_fields
from services.common.rpc.wire import timestamp


@given(st.integers(0, 60), st.integers(0, 60))
def test_each_element_of_a_list_and_each_other_field_counts(events: int, most: int) -> None:
    event = usage_pb2.UsageEvent(idempotency_key="x", qty="1")
    message = usage_service_pb2.SendUsageEventsRequest(
        events=[event] * events, request_id="y" * 200
    )
    wire, kind = message.SerializeToString(), cast("Descriptor", message.DESCRIPTOR)
    # An event may have dimensions, a map: so its own fields count.
    assert has_more_fields(wire, kind, most) is (3 * events + 1 > most)


def test_a_full_batch_of_usage_events_with_dimensions_is_within_the_limit() -> None:
    event = usage_pb2.UsageEvent(
        source="llm-gateway",
        idempotency_key="key",
        tenant_id="acme",
        deployment_id="shop",
        resource_kind="llm_tokens",
        qty="1",
        occurred_at=timestamp(datetime(2026, 4, 1, tzinfo=UTC)),
        dimensions=dict.fromkeys(("model", "region", "size"), "some"),
    )
    batch = usage_service_pb2.SendUsageEventsRequest(events=[event] * 5_000, request_id="one")
    assert not has_more_fields(batch.SerializeToString(), cast("Descriptor", batch.DESCRIPTOR))


QUOTE = cast("Descriptor", quote_service_pb2.CreateQuoteRequest.DESCRIPTOR)
USAGE = b"\x1a"
"""The tag of `projected_usage`, a map."""

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=3), values),
    max_leaves=20,
)


def quote(usage: dict[str, Any]) -> quote_service_pb2.CreateQuoteRequest:
    return json_format.ParseDict({"projected_usage": usage}, quote_service_pb2.CreateQuoteRequest())


def fields_of(value: Any) -> int:
    """Fields of a `google.protobuf.Value` on the wire, counted from the JSON that it is."""
    match value:
        case dict():  # the choice, and each entry with its key and its value
            return 1 + sum(3 + fields_of(each) for each in value.values())
        case list():
            return 1 + sum(1 + fields_of(each) for each in value)
        case _:
            return 1


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4), st.integers(0, 60))
def test_the_fields_of_maps_and_lists_count_at_every_depth(
    usage: dict[str, Any], most: int
) -> None:
    message = quote(usage)
    message.plan_code = "x" * 200
    fields = 1 + sum(3 + fields_of(value) for value in usage.values())
    assert has_more_fields(message.SerializeToString(), QUOTE, most) is (fields > most)


def nested(depth: int) -> bytes:
    """Lists within lists, in the one entry of a map."""
    value = b""
    for _ in range(depth):
        for tag in (b"\x0a", b"\x32"):  # an element of a list, which is a list
            value = tag + _size(value) + value
    value = b"\x12" + _size(value) + value
    return b"\x12" + _size(value) + value


def _size(part: bytes) -> bytes:
    return bytes([len(part)]) if len(part) < 128 else bytes([len(part) % 128 | 128, len(part) >> 7])


@pytest.mark.parametrize(("depth", "too_deep"), [(40, False), (60, True)])
def test_nesting_deeper_than_the_parser_reads_counts_as_too_many_fields(
    depth: int, *, too_deep: bool
) -> None:
    wire = USAGE + nested(depth)[1:]
    wire += b"\x0a\xc8\x01" + b"x" * 200
    assert has_more_fields(wire, QUOTE, 150) is too_deep


def test_a_part_that_is_longer_than_what_it_is_in_counts_as_too_many_fields() -> None:
    wire = USAGE + b"\x02\x12\x05" + b"\x08\x01" * 20
    assert has_more_fields(wire, QUOTE, 20)


@pytest.mark.parametrize(
    "wire", [b"\x08\x01", b"\x09" + b"1" * 8, b"\x0a\x01x", b"\x0d" + b"1" * 4]
)
def test_fields_of_every_wire_type_count(wire: bytes) -> None:
    message = wire * 20
    assert (has_more_fields(message, None, 19), has_more_fields(message, None, 20)) == (True, False)


@pytest.mark.parametrize(
    "end",
    [
        b"\xff" * 300,
        b"\x80" * 10 + b"\x01",
        b"\x08" + b"\x80" * 10 + b"\x01",
        b"\x0a" + b"\x80" * 10 + b"\x01",
        b"\x0a\x05",
        b"\x0a\x05four",
        b"\x09four",
        b"\x0e",
        b"\x0f",
    ],
)
def test_a_malformed_message_counts_as_too_many_fields(end: bytes) -> None:
    assert has_more_fields(b"\x08\x01" * 5 + end, None, 5)


@pytest.mark.parametrize("group", [b"\xfb\x3e\xfc\x3e", b"\x0b", b"\x0c"])
def test_a_group_counts_as_too_many_fields(group: bytes) -> None:
    assert has_more_fields(group + b"\x08\x01" * 6, None, 5)


def test_a_number_of_ten_bytes_counts_as_one_field() -> None:
    number = b"\x08" + b"\xff" * 9 + b"\x01"
    assert has_more_fields(number * 3, None, 3) is False
    assert has_more_fields(number * 4, None, 3) is True


@given(st.binary(max_size=300), st.integers(0, 20))
def test_any_bytes_are_accepted_or_refused(message: bytes, most: int) -> None:
    assert has_more_fields(message, QUOTE, most) in {True, False}
