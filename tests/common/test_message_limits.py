"""How many fields a message has on the wire, counted before it is read."""

import pytest
from arcadia.analytics.v1 import usage_pb2, usage_service_pb2
from arcadia.catalog.v1 import quote_service_pb2
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from services.common.rpc.message_limits import has_more_fields


@given(st.integers(0, 60), st.integers(0, 60))
def test_each_element_of_a_list_and_each_other_field_counts(events: int, most: int) -> None:
    event = usage_pb2.UsageEvent(idempotency_key="x", qty="1")
    message = usage_service_pb2.SendUsageEventsRequest(
        events=[event] * events, request_id="y" * 200
    )
    assert has_more_fields(message.SerializeToString(), most) is (events + 1 > most)


def test_the_entries_of_a_map_count() -> None:
    usage = {f"meter {number}": struct_pb2.Value(number_value=1) for number in range(10)}
    message = quote_service_pb2.CreateQuoteRequest(projected_usage=usage).SerializeToString()
    assert (has_more_fields(message, 9), has_more_fields(message, 10)) == (True, False)


@pytest.mark.parametrize(
    "wire", [b"\x08\x01", b"\x09" + b"1" * 8, b"\x0a\x01x", b"\x0d" + b"1" * 4]
)
def test_fields_of_every_wire_type_count(wire: bytes) -> None:
    message = wire * 20
    assert (has_more_fields(message, 19), has_more_fields(message, 20)) == (True, False)


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
def test_what_is_malformed_counts_as_too_many_fields(end: bytes) -> None:
    assert has_more_fields(b"\x08\x01" * 5 + end, 5)


@pytest.mark.parametrize("group", [b"\xfb\x3e\xfc\x3e", b"\x0b", b"\x0c"])
def test_a_group_counts_as_too_many_fields(group: bytes) -> None:
    assert has_more_fields(group + b"\x08\x01" * 6, 5)


def test_a_number_of_ten_bytes_counts_as_one_field() -> None:
    number = b"\x08" + b"\xff" * 9 + b"\x01"
    assert has_more_fields(number * 3, 3) is False
    assert has_more_fields(number * 4, 3) is True


@given(st.binary(max_size=300), st.integers(0, 20))
def test_any_bytes_are_judged(message: bytes, most: int) -> None:
    assert has_more_fields(message, most) in {True, False}
