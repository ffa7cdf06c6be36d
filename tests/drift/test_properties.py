"""Properties of comparisons for every kind and any values."""

import json
import random
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st

from kinds import (
    RESOURCE_KINDS,
    access_comparators,
    app_comparators,
    balancer_comparators,
    comparators,
)
from kinds.comparators import Comparator
from kinds.dns_comparators import dns_name, dns_records
from services.inventory.drift.messages import json_of
from services.inventory.drift.rules.comparing import compare
from services.inventory.drift.rules.drifts import NEXT, Status
from services.inventory.drift.rules.fields import (
    ATTRS_PREFIX,
    COLUMNS,
    LiveResource,
    live_value,
    policy_of,
)
from services.inventory.drift.rules.specs import normal_spec, taken_from
from tests.drift.live import live

KINDS = sorted(RESOURCE_KINDS)
EXACT = 2**53 - 1

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-EXACT, EXACT)
    | st.floats(-1e6, 1e6, allow_nan=False)
    | TEXTS
)
WORDS = st.sampled_from(
    ["name", "type", "ports", "sources", "tags", "count", "auto_scale", "id", "slug", "envs"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
TAGS = st.lists(TEXTS.filter(bool), max_size=4, unique=True)


@st.composite
def resources(draw: st.DrawFn, kind: str) -> LiveResource:
    """A resource of a kind with any values in its fields."""
    names = sorted(RESOURCE_KINDS[kind].attrs)
    attrs = {
        name: draw(VALUES)
        for name in draw(st.sets(st.sampled_from(names)) if names else st.just([]))
    }
    return live(
        name=draw(TEXTS),
        region=draw(TEXTS),
        size=draw(TEXTS),
        tags=draw(TAGS),
        project_id=draw(st.none() | TEXTS),
        attrs=attrs,
    )


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same value in another order, with whole numbers as floats: as JSON may bring it back."""
    if isinstance(value, dict):
        items = [(name, shuffled(member, chance)) for name, member in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        elements = [shuffled(element, chance) for element in value]
        chance.shuffle(elements)
        return elements
    return float(value) if type(value) is int else value


def so_many(of_a_hundred: int) -> settings:
    """Examples for every kind: as many, where the profile asks for a hundred."""
    return settings(max_examples=settings().max_examples * of_a_hundred // 100)


@pytest.mark.parametrize("kind", KINDS)
@so_many(60)
@given(data=st.data())
def test_a_spec_from_a_live_row_sent_through_json_never_drifts(
    kind: str, data: st.DataObject
) -> None:
    resource = data.draw(resources(kind))
    spec = normal_spec(kind, json.loads(json.dumps(taken_from(kind, resource))))
    assert compare(kind, spec, resource).mismatches == ()
    through_protobuf = json_of("spec", ParseDict(spec, Struct()))
    assert compare(kind, through_protobuf, resource).mismatches == ()
    chance = random.Random(data.draw(st.integers()))
    assert compare(kind, shuffled(spec, chance), resource).mismatches == ()


@pytest.mark.parametrize("kind", KINDS)
@so_many(40)
@given(data=st.data())
def test_changing_one_desired_field_drifts_on_that_field_alone(
    kind: str, data: st.DataObject
) -> None:
    resource = data.draw(resources(kind))
    spec = taken_from(kind, resource)
    field = data.draw(st.sampled_from(sorted(spec)))
    changed = {**spec, field: ["something", "else"]}
    if changed[field] == live_value(resource, field):
        return
    [mismatch] = compare(kind, changed, resource).mismatches
    assert mismatch.field == field
    assert mismatch.actual == live_value(resource, field)


@pytest.mark.parametrize("kind", KINDS)
@so_many(40)
@given(data=st.data())
def test_a_spec_with_the_live_values_laid_over_does_not_drift(
    kind: str, data: st.DataObject
) -> None:
    """As accepting does it."""
    resource, other = data.draw(resources(kind)), data.draw(resources(kind))
    spec = taken_from(kind, other)
    for mismatch in compare(kind, spec, resource).mismatches:
        spec[mismatch.field] = mismatch.actual
    assert compare(kind, spec, resource).mismatches == ()


@pytest.mark.parametrize("kind", KINDS)
@so_many(20)
@given(data=st.data())
def test_a_field_that_the_token_cannot_read_is_never_different(
    kind: str, data: st.DataObject
) -> None:
    resource, other = data.draw(resources(kind)), data.draw(resources(kind))
    spec = taken_from(kind, other)
    names = {field if field in COLUMNS else ATTRS_PREFIX + field for field in spec}
    blind = live(
        name=resource.name,
        region=resource.region,
        size=resource.size,
        tags=resource.tags,
        attrs=resource.attrs,
        unknown_fields=frozenset(names),
    )
    comparison = compare(kind, spec, blind)
    assert comparison.mismatches == ()
    assert comparison.compared_count == 0


ALL_COMPARATORS: list[Comparator] = [
    app_comparators.app_envs,
    app_comparators.app_spec,
    access_comparators.address_lists,
    access_comparators.database_rules,
    balancer_comparators.by_certificate_name,
    balancer_comparators.whether_set,
    comparators.droplet_features,
    comparators.by_case,
    comparators.by_default,
    comparators.database_engine,
    dns_name("example.com"),
    dns_records("example.com"),
    access_comparators.firewall_rules,
    comparators.image,
    comparators.load_balancer_size,
    comparators.maintenance_window,
    comparators.node_pools,
    comparators.number,
    comparators.tags,
    comparators.unset_alike(comparators.by_default),
]


@given(one=VALUES, other=VALUES)
def test_every_comparator_takes_any_values_and_both_ways_alike(one: Any, other: Any) -> None:
    for same in ALL_COMPARATORS:
        assert same(one, one)
        if same is not comparators.image:  # a live image is never less than a desired one
            assert same(one, other) == same(other, one)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kept_field_has_a_policy(kind: str) -> None:
    for name in RESOURCE_KINDS[kind].attrs:
        assert policy_of(kind, name) is not None


def test_a_closed_finding_stays_closed() -> None:
    assert NEXT[Status.OPEN] == {Status.ACCEPTED, Status.REVERTED, Status.STALE}
    assert not any(NEXT[status] for status in Status if status is not Status.OPEN)
    assert set(NEXT) == set(Status)
