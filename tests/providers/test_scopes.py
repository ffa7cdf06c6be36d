"""Fields hidden by a scope are unknown: they keep their values, and are not compared."""

from typing import Any

import httpx
import orjson
import pytest

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind
from kinds.listing import Listing
from services.inventory.drift.rules.comparing import compare
from services.inventory.drift.rules.specs import taken_from
from services.inventory.resources.rules.resources import (
    Content,
    SightedResource,
    meaningful_changes,
    merged,
)
from services.inventory.sync.rules.hidden import with_known, without
from tests.drift.live import live
from tests.providers.simulator import Simulator
from tests.support import openapi

Row = dict[str, Any]

# What is listed below other objects is shown by tests of its own.
LISTED = [kind for kind in RESOURCE_KINDS.values() if isinstance(kind.listing, Listing)]


def documented_of(kind: ResourceKind) -> dict[str, str]:
    """What the document says that scopes hide of a row."""
    assert isinstance(kind.listing, Listing)
    if not openapi.describes(kind.listing.path):
        return {}
    return openapi.shown_by_scopes(kind.listing.path, kind.listing.key)


def hiding(kind: ResourceKind) -> dict[str, set[str]]:
    """By scope, what the document or the declaration says that it hides of a row."""
    paths: dict[str, set[str]] = {}
    documented = documented_of(kind)
    for path, scope in [*documented.items(), *kind.scoped.items()]:
        paths.setdefault(scope, set()).add(path)
    return paths


HIDDEN = [
    pytest.param(kind, scope, id=f"{kind.name}-{scope}")
    for kind in LISTED
    for scope in hiding(kind)
]


def rows_of(simulator: Simulator, kind: ResourceKind, token: str) -> list[Row]:
    """The first page, as a token gets it."""
    assert isinstance(kind.listing, Listing)
    answer = httpx.get(
        f"{simulator.url}{kind.listing.path}",
        params=dict(kind.listing.queries[0]),
        headers={"authorization": f"Bearer {token}"},
    )
    rows: list[Row] = answer.raise_for_status().json()[kind.listing.key]
    return [row for row in rows if kind.listing.shows(row)]


def sighted(kind: ResourceKind, row: Row) -> SightedResource:
    """A row as the inventory gets it."""
    seen = kind.sight(row)
    attrs = orjson.loads(seen.attrs_json)
    content = Content(
        seen.name, seen.region, seen.size, seen.status, seen.tags, attrs, seen.provider_created_at
    )
    return SightedResource(seen.provider_id, content, frozenset(seen.unknown_fields))


def shown(kind: ResourceKind, content: Content, unknown: frozenset[str]) -> Any:
    return live(
        name=content.name,
        region=content.region,
        size=content.size,
        status=content.status,
        tags=list(content.tags),
        attrs=content.attrs,
        unknown_fields=unknown,
    )


@pytest.mark.parametrize(("kind", "scope"), HIDDEN)
def test_a_token_that_lost_a_scope_changes_nothing_and_drifts_nothing(
    kind: ResourceKind, scope: str, simulator: Simulator, token: str
) -> None:
    whole = {
        each.provider_id: each
        for row in rows_of(simulator, kind, token)
        if (each := sighted(kind, row))
    }
    simulator.narrow(token, scope)

    narrowed = [sighted(kind, row) for row in rows_of(simulator, kind, token)]

    assert len(narrowed) == len(whole)
    for narrow in narrowed:
        known = whole[narrow.provider_id].content
        kept = merged(narrow, known)
        assert meaningful_changes(known, kept) == ()
        spec = taken_from(kind.name, shown(kind, known, whole[narrow.provider_id].unknown_fields))
        for content in (kept, merged(narrow, None)):
            seen = shown(kind, content, narrow.unknown_fields)
            assert compare(kind.name, spec, seen).mismatches == ()


@pytest.mark.parametrize(("kind", "scope"), HIDDEN)
def test_the_scope_that_hides_a_field_is_declared_with_it(kind: ResourceKind, scope: str) -> None:
    for path in hiding(kind)[scope]:
        field = path.split(".")[0]
        if field in kind.attrs or field in kind.columns.fields():
            assert kind.scoped.get(path) == scope or kind.scoped.get(field) == scope


@pytest.mark.parametrize(("kind", "scope"), HIDDEN)
def test_the_simulator_hides_what_the_document_says(
    kind: ResourceKind, scope: str, simulator: Simulator, token: str
) -> None:
    documented = documented_of(kind)
    simulator.narrow(token, scope)

    rows = rows_of(simulator, kind, token)

    assert rows
    for path in (path for path, by in documented.items() if by == scope):
        assert [without(row, path.split(".")) for row in rows] == rows


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)
def test_a_token_that_sees_all_leaves_nothing_unknown(
    kind: ResourceKind, simulator: Simulator, token: str
) -> None:
    for row in rows_of(simulator, kind, token):
        hidden = {name.removeprefix("attrs.") for name in kind.sight(row).unknown_fields}
        assert not hidden & kind.scoped.keys() & row.keys()
        assert not {path for path in hidden & kind.scoped.keys() if "." in path}


def test_a_reserved_ip_whose_droplet_is_hidden_has_an_unknown_price(
    simulator: Simulator, token: str
) -> None:
    kind = RESOURCE_KINDS["reserved_ip"]
    simulator.narrow(token, "droplet:read")
    seen = [sighted(kind, row).content for row in rows_of(simulator, kind, token)]

    assert seen
    assert {kind.monthly_price.of(content.size, content.attrs) for content in seen} == {None}


def test_a_project_shows_a_token_only_what_it_may_read(simulator: Simulator, token: str) -> None:
    project = simulator.truth("project")[0]["id"]

    def types() -> set[str]:
        answer = httpx.get(
            f"{simulator.url}/v2/projects/{project}/resources",
            headers={"authorization": f"Bearer {token}"},
        ).raise_for_status()
        return {row["urn"].split(":")[1] for row in answer.json()["resources"]}

    assert "droplet" in types()
    simulator.narrow(token, "droplet:read")
    assert types().isdisjoint({"droplet"})


RULES = [
    {"ports": "22", "sources": {"addresses": ["192.0.2.1"], "tags": ["ops"]}},
    {"ports": "80", "sources": {"addresses": ["0.0.0.0/0"]}},
]


def test_a_hidden_member_of_a_list_is_paired_by_all_that_is_visible() -> None:
    seen = without(RULES, ["sources", "tags"])

    assert with_known(seen, RULES, ["sources", "tags"]) == RULES
    assert with_known(list(reversed(seen)), RULES, ["sources", "tags"]) == list(reversed(RULES))


def test_a_new_element_does_not_affect_existing_ones() -> None:
    opened = {"ports": "443", "sources": {"addresses": ["192.0.2.1"]}}

    assert with_known([opened], RULES, ["sources", "tags"]) == [opened]


def test_a_real_change_beside_a_hidden_member_is_seen() -> None:
    kind = RESOURCE_KINDS["kubernetes_cluster"]
    pool = {"id": "p", "name": "pool", "size": "s-1vcpu-2gb", "count": 3, "tags": ["k8s"]}
    row = {"id": "c", "name": "c", "tags": [], "vpc_uuid": "v", "node_pools": [pool]}
    known = sighted(kind, row).content
    narrow = {name: value for name, value in row.items() if name != "tags"}
    narrow["node_pools"] = [{**without(pool, ["tags"]), "count": 4}]

    seen = sighted(kind, narrow)
    kept = merged(seen, known)

    changed = meaningful_changes(known, kept)
    assert [change.field for change in changed] == ["attrs.node_pools"]
    assert changed[0].new[0]["tags"] == ["k8s"]
    spec = taken_from(kind.name, shown(kind, known, frozenset()))
    after = shown(kind, kept, seen.unknown_fields)
    assert [m.field for m in compare(kind.name, spec, after).mismatches] == ["node_pools"]
