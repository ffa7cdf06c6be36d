"""Lists have pages: a bounded size, and tokens bound to their filter."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import InvalidArgument
from services.common.rpc.paging import (
    Page,
    Position,
    decode_token,
    encode_token,
    page_request,
    page_size,
)

FILTERS = ("droplet", "", "syd1")


@dataclass
class Request:
    page_size: int = 2
    page_token: str = ""


@pytest.mark.parametrize(("requested", "answered"), [(0, 50), (1, 1), (500, 500), (10_000, 500)])
def test_the_size_of_a_page_is_coerced_to_its_bounds(requested: int, answered: int) -> None:
    assert page_size(requested) == answered


def test_a_negative_page_size_is_refused_by_name() -> None:
    with pytest.raises(InvalidArgument) as refused:
        page_size(-1)
    assert refused.value.violations[0].field == "page_size"


@given(st.tuples(st.text().filter(lambda text: "\0" not in text), st.integers(-(2**53), 2**53)))
def test_a_token_gives_back_its_position(position: tuple[str, int]) -> None:
    assert decode_token(encode_token(FILTERS, position), FILTERS, (str, int)) == position


@given(st.integers(0, 30), st.integers(1, 10))
def test_pages_hold_every_row_once_and_the_last_one_names_no_other(total: int, size: int) -> None:
    seen: list[int] = []
    token = ""
    while True:
        asked = page_request(Request(size, token), FILTERS, int)
        after = -1 if asked.after is None else asked.after
        found = asked.page(list(range(after + 1, total))[: asked.limit], lambda row: row)
        page, token = found.rows, found.next_page_token
        assert len(page) <= size
        seen += page
        if not token:
            break
        assert len(page) == size
    assert seen == list(range(total))


def test_no_token_is_the_first_page() -> None:
    assert decode_token("", FILTERS, (str,)) is None


def test_a_token_made_for_other_filters_is_refused() -> None:
    token = encode_token(FILTERS, ("x",))
    with pytest.raises(InvalidArgument, match="other filters"):
        decode_token(token, ("volume", "", "syd1"), (str,))


@given(st.text(max_size=300))
def test_an_unknown_page_token_is_refused_and_never_an_internal_error(text: str) -> None:
    if not text:
        return
    with pytest.raises(InvalidArgument) as refused:
        decode_token(text, FILTERS, (str, int))
    assert refused.value.violations[0].field == "page_token"


@pytest.mark.parametrize("position", [(2**63,), (-(2**63),), ("a\0b",)])
def test_a_forged_position_that_no_database_could_compare_with_is_refused(
    position: tuple[int | str],
) -> None:
    with pytest.raises(InvalidArgument):
        decode_token(encode_token(FILTERS, position), FILTERS, (type(position[0]),))


def test_a_token_of_another_list_with_the_same_filters_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        decode_token(encode_token(FILTERS, (7,)), FILTERS, (str,))
    with pytest.raises(InvalidArgument):
        decode_token(encode_token(FILTERS, ("a", "b")), FILTERS, (str,))


PLACES = [
    (date(2026, 4, 1), UUID(int=7)),
    (datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), "a"),
    (datetime(1969, 12, 31, 23, 59, 59, 5, UTC), 3),
    UUID(int=7),
    date(2026, 4, 1),
    "a",
    0,
]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_next_page_begins_after_the_place_of_the_last_row(place: Any) -> None:
    kinds = [type(one) for one in (place if isinstance(place, tuple) else (place,))]
    first = page_request(Request(), FILTERS, *kinds)
    assert (first.after, first.size, first.limit) == (None, 2, 3)
    page = first.page(["row", place, "one too many"], lambda row: row)
    assert page.rows == ["row", place]
    assert page_request(Request(2, page.next_page_token), FILTERS, *kinds).after == place
    assert first.page(["row", place], lambda row: row) == Page(["row", place], "")


FORGED = [
    (Position, -1),
    (Position, 2**31),
    (date, 0),
    (date, 2**62),
    (datetime, 2**62),
    (UUID, "x"),
]


@pytest.mark.parametrize(("kind", "value"), FORGED, ids=str)
def test_a_forged_place_is_refused(kind: type, value: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        page_request(Request(2, encode_token(FILTERS, (value,))), FILTERS, kind)
    assert refused.value.violations[0].field == "page_token"
