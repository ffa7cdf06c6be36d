"""The price of a usage fact: the most specific match, which must be unique."""

from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.plans.rules.matches import Match, find_tie, label, rank, winner


@dataclass(frozen=True)
class Row:
    """A price, as far as matches see it."""

    name: str
    match: Match = ()


REST = Row("rest")
SMALL = Row("small", (("size", ("s-1", "s-2")),))
GPUS = Row("gpus", (("size", ("gpu-*",)),))
H100 = Row("h100", (("size", ("gpu-h100",)),))
SYDNEY = Row("sydney", (("region", ("syd1",)),))
SMALL_IN_SYDNEY = Row("small in sydney", (("region", ("syd1",)), ("size", ("s-1", "s-2"))))
ROWS = (REST, SMALL, GPUS, H100, SMALL_IN_SYDNEY)


@pytest.mark.parametrize(
    ("dimensions", "won"),
    [
        ({}, "rest"),
        ({"size": "c-2"}, "rest"),
        ({"region": "syd1"}, "rest"),
        ({"size": "s-1"}, "small"),
        ({"size": "s-1", "region": "nyc3"}, "small"),
        ({"size": "s-2", "region": "syd1"}, "small in sydney"),
        ({"size": "gpu-l40s"}, "gpus"),
        ({"size": "gpu-"}, "gpus"),
        ({"size": "gpu-h100"}, "h100"),
        ({"size": "gpu-h100x8"}, "gpus"),
        ({"size": "gpu-*"}, "gpus"),
    ],
)
def test_most_keys_win_then_exact_before_prefix_and_no_match_takes_the_rest(
    dimensions: dict[str, str], won: str
) -> None:
    found = winner(ROWS, dimensions)
    assert found is not None
    assert found.name == won
    assert found == winner(ROWS[::-1], dimensions)


def test_a_fact_that_no_row_matches_has_no_winner() -> None:
    assert winner([SMALL, H100], {"size": "c-2"}) is None
    assert winner([SMALL, H100], {}) is None


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        ((REST, REST), {}),
        ((SMALL, Row("other", (("size", ("s-2", "s-9")),))), {"size": "s-2"}),
        ((GPUS, Row("other", (("size", ("gpu-h*",)),))), {"size": "gpu-h0"}),
        ((SMALL, SYDNEY), {"size": "s-1", "region": "syd1"}),
        ((REST, SMALL, GPUS, H100), None),
        # The third row decides what the first two leave undecided, here everywhere, there not.
        ((SMALL, SYDNEY, SMALL_IN_SYDNEY), None),
        ((SMALL, SYDNEY, Row("s-1", (("region", ("syd1",)), ("size", ("s-1",))))),
         {"size": "s-2", "region": "syd1"}),
        # An exact value of the third row decides between two prefixes only for that value.
        ((GPUS, Row("other", (("size", ("gp*",)),)), H100), {"size": "gpu-0"}),
    ],
)  # fmt: skip  # a table
def test_a_tie_is_found_with_its_rows_and_a_fact(
    rows: tuple[Row, ...], fact: dict[str, str] | None
) -> None:
    tie = find_tie([row.match for row in rows])
    assert (tie and tie.dimensions) == fact
    if tie is not None:
        assert {tie.one, tie.other} == {0, 1}


KEYS = ("engine", "region", "size")
VALUES = ("a", "ab", "abc", "b", "a*", "ab*", "b*")
FACT_VALUES = (None, "a", "aa", "ab", "abc", "abd", "ac", "b", "bz", "c")
"""Every way in which the values above can tell values apart."""

matches = st.dictionaries(
    st.sampled_from(KEYS), st.sets(st.sampled_from(VALUES), min_size=1, max_size=3)
).map(lambda said: tuple((key, tuple(sorted(said[key]))) for key in sorted(said)))

FACTS = [
    {key: value for key, value in zip(KEYS, values, strict=True) if value is not None}
    for values in product(FACT_VALUES, repeat=len(KEYS))
]


def is_undecided(rows: list[Match], fact: dict[str, str]) -> bool:
    ranks = [found for match in rows if (found := rank(match, fact)) is not None]
    return ranks.count(max(ranks)) > 1 if ranks else False


@given(st.lists(matches, max_size=6))
@settings(deadline=None)
def test_rows_tie_exactly_if_some_fact_is_undecided(rows: list[Match]) -> None:
    tie = find_tie(rows)
    assert (tie is not None) == any(is_undecided(rows, fact) for fact in FACTS)
    if tie is not None:
        fact = dict(tie.dimensions)
        assert is_undecided(rows, fact)
        assert rank(rows[tie.one], fact) == rank(rows[tie.other], fact) is not None


@given(st.lists(matches, max_size=6, unique=True), st.sampled_from(FACTS), st.randoms())
def test_without_a_tie_the_winner_of_every_fact_is_unique_in_any_order(
    made: list[Match], fact: dict[str, str], random: object
) -> None:
    rows = [Row(label(match), match) for match in made]
    if find_tie(made) is not None:
        return
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert winner(rows, fact) == winner(shuffled, fact)
