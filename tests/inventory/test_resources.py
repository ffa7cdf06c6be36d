"""Significant changes of a resource: by examples and as properties."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.resources.rules.resources import (
    Content,
    FieldChange,
    SightedResource,
    meaningful_changes,
    merged,
    normal_tags,
)
from services.inventory.vocabulary import VOLATILE_ATTRS

WEB = Content("web", "syd1", "s-1", "active", ("a", "b"), {"memory": 1024}, None)

KEYS = st.text("abcdefgh_", min_size=1, max_size=6).filter(lambda key: key not in VOLATILE_ATTRS)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=8)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
WORDS = st.text("abc-1", max_size=6)
CONTENTS = st.builds(
    Content,
    name=WORDS,
    region=WORDS,
    size=WORDS,
    status=WORDS,
    tags=st.lists(WORDS, max_size=4).map(normal_tags),
    attrs=st.dictionaries(KEYS, VALUES, max_size=5),
    provider_created_at=st.none(),
)


def shuffled(value: Any, dice: random.Random) -> Any:
    """The same value, with every list in another order."""
    if isinstance(value, dict):
        return {key: shuffled(item, dice) for key, item in value.items()}
    if isinstance(value, list):
        return dice.sample([shuffled(item, dice) for item in value], len(value))
    return value


@given(CONTENTS)
def test_nothing_differs_from_itself(content: Content) -> None:
    assert meaningful_changes(content, content) == ()


@given(CONTENTS, st.randoms(use_true_random=False))
def test_no_order_of_any_list_is_a_change(content: Content, dice: random.Random) -> None:
    other = replace(content, attrs=shuffled(dict(content.attrs), dice))
    assert meaningful_changes(content, other) == ()


@given(CONTENTS, CONTENTS)
def test_changing_back_costs_the_opposite_of_the_change(one: Content, other: Content) -> None:
    there = meaningful_changes(one, other)
    back = meaningful_changes(other, one)
    assert back == tuple(FieldChange(c.field, c.new, c.old) for c in there)


@given(CONTENTS, CONTENTS)
def test_applying_the_changes_leaves_nothing_to_change(one: Content, other: Content) -> None:
    attrs = dict(one.attrs)
    columns: dict[str, Any] = {}
    for change in meaningful_changes(one, other):
        if change.field.startswith("attrs."):
            attrs[change.field.removeprefix("attrs.")] = change.new
        else:
            columns[change.field] = change.new
    if "tags" in columns:
        columns["tags"] = tuple(columns["tags"])
    assert meaningful_changes(replace(one, attrs=attrs, **columns), other) == ()


@given(CONTENTS, st.sampled_from(sorted(VOLATILE_ATTRS)), VALUES)
def test_a_counter_of_the_provider_is_no_change(content: Content, key: str, value: Any) -> None:
    other = replace(content, attrs={**content.attrs, key: value})
    assert meaningful_changes(content, other) == ()


@given(CONTENTS, CONTENTS)
def test_a_field_that_the_token_could_not_read_keeps_its_value(
    known: Content, shown: Content
) -> None:
    fields = ["name", "region", "size", "status", "tags", "provider_created_at"]
    fields += [f"attrs.{key}" for key in known.attrs.keys() | shown.attrs.keys()]
    blind = SightedResource("1", shown, frozenset(fields))
    assert merged(blind, known) == known


@given(CONTENTS, CONTENTS)
def test_a_field_that_the_token_could_read_is_updated(known: Content, shown: Content) -> None:
    assert merged(SightedResource("1", shown), known) == shown


def test_an_unknown_field_of_a_new_resource_is_empty() -> None:
    blind = SightedResource("1", WEB, frozenset({"tags", "attrs.vpc_uuid"}))
    assert merged(blind, None) == replace(WEB, tags=())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, 2),
        ("1", 1),
        (True, 1),
        (False, 0),
        ("a", "A"),
        ([1], [1, 1]),
        ([1], 1),
        (None, 0),
        (None, ""),
        ([], None),
        ({"a": 1}, {"a": 1, "b": 2}),
    ],
)
def test_a_real_difference_is_a_change(old: Any, new: Any) -> None:
    changes = meaningful_changes(replace(WEB, attrs={"k": old}), replace(WEB, attrs={"k": new}))
    assert changes == (FieldChange("attrs.k", old, new),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, 1.0),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 2}, {"b": 1.0}]}),
        ({"id": 7, "updated_at": "x"}, {"id": 7, "updated_at": "y"}),
    ],
)
def test_the_same_value_in_another_form_is_no_change(old: Any, new: Any) -> None:
    assert not meaningful_changes(replace(WEB, attrs={"k": old}), replace(WEB, attrs={"k": new}))


def test_a_missing_key_is_a_change_to_null() -> None:
    changes = meaningful_changes(WEB, replace(WEB, attrs={}))
    assert changes == (FieldChange("attrs.memory", 1024, None),)


def test_tags_are_a_set_without_case() -> None:
    assert normal_tags(["Web", "web", "", "Blue"]) == ("blue", "web")
