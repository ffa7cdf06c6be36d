"""Comparison of a resource, field by field: presence, hidden fields, actions in progress."""

from typing import Any

import pytest

from services.inventory.drift.rules.comparing import (
    Comparison,
    Mismatch,
    compare,
    is_in_flight,
    same,
)
from services.inventory.drift.rules.fields import live_value
from tests.drift.live import live


def of(spec: dict[str, Any], **shown: Any) -> Comparison:
    return compare("droplet", spec, live(**shown))


def test_a_resource_equal_to_its_spec_is_counted_and_is_no_drift() -> None:
    assert of({}) == Comparison((), frozenset(), 0)
    assert of({"presence": "present"}) == Comparison((), frozenset(), 1)
    assert of({"presence": "present", "size": "s", "region": "syd1"}, size="s") == Comparison(
        (), frozenset(), 3
    )


def test_a_missing_resource_differs_in_its_presence_alone() -> None:
    gone = Mismatch("presence", "present", "gone")
    assert of({"size": "s"}, deleted=True) == Comparison((gone,), frozenset(), 1)
    assert of({"presence": "gone", "size": "s"}, deleted=True) == Comparison((), frozenset(), 1)
    assert of({"presence": "gone", "size": "s"}, size="s") == Comparison(
        (Mismatch("presence", "gone", "present"),), frozenset(), 2
    )


def test_each_field_that_differs_is_named_with_both_values() -> None:
    told = of({"size": "a", "region": "syd1", "name": "web-2"}, size="b")
    assert told == Comparison(
        (Mismatch("size", "a", "b"), Mismatch("name", "web-2", "web-1")), frozenset(), 3
    )


def test_a_field_that_the_token_cannot_read_is_neither_equal_nor_different() -> None:
    told = of(
        {"tags": ["a"], "size": "x", "vpc_uuid": "v", "project_id": "p"},
        size="y",
        unknown_fields=frozenset({"tags", "attrs.vpc_uuid"}),
    )
    assert told == Comparison(
        (Mismatch("size", "x", "y"),), frozenset({"tags", "vpc_uuid", "project_id"}), 1
    )


def test_volatile_and_secret_fields_are_not_compared() -> None:
    # A lock comes and goes by itself, and of a secret there is nothing to compare.
    told = of({"locked": True, "user_data": "x", "size": "s"}, size="s")
    assert told == Comparison((), frozenset(), 1)


def test_a_kind_without_a_declaration_is_compared_as_it_stands() -> None:
    told = compare("boat", {"sails": 2, "crew": [1, 2]}, live(attrs={"sails": "2", "crew": [2]}))
    assert told == Comparison((Mismatch("crew", [1, 2], [2]),), frozenset(), 2)


@pytest.mark.parametrize(
    ("kind", "status", "deleted", "moving"),
    [
        ("droplet", "new", False, True),
        ("droplet", "active", False, False),
        ("droplet", "new", True, False),
        ("boat", "new", False, False),
    ],
)
def test_a_resource_in_flight_is_left_for_the_next_sweep(
    kind: str, status: str, *, deleted: bool, moving: bool
) -> None:
    assert is_in_flight(kind, live(status=status, deleted=deleted)) is moving


def test_two_values_are_the_same_as_the_field_of_the_kind_says() -> None:
    assert same("droplet", "size", "web-1", "S-1VCPU-1GB", "s-1vcpu-1gb")
    assert not same("droplet", "name", "web-1", "Web", "web")
    assert same("droplet", "name", "web-1", "web", "web")
    assert not same("droplet", "size", "web-1", "a", "b")
    assert same("boat", "sails", "x", 2, "2")
    records = [{"type": "A", "name": "@", "data": "192.0.2.1"}]
    shown = [{"type": "A", "name": "example.com", "data": "192.0.2.1"}]
    assert same("domain", "records", "example.com", records, shown)
    assert not same("domain", "records", "example.org", records, shown)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", "of the column"),
        ("whole.path", "of the key"),
        ("image.slug", "of the path"),
        ("image.of.none", None),
    ],
)
def test_a_field_is_a_column_first_and_then_an_attribute_and_then_a_path_inside_of_one(
    field: str, value: Any
) -> None:
    attrs = {
        "size": "of the attribute",
        "whole.path": "of the key",
        "whole": {"path": "of the path"},
        "image": {"slug": "of the path"},
    }
    assert live_value(live(size="of the column", attrs=attrs), field) == value
