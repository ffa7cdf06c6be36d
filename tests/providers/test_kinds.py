"""Conversion of rows: without volatile and secret fields."""

import random
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import RESOURCE_KINDS
from kinds.droplet import DROPLET
from kinds.kind import Attr, Columns, ResourceKind
from kinds.listing import InvalidKind, Listing
from kinds.policy import Policy
from kinds.project import ProjectMember, member, sight_project
from kinds.redaction import REDACTED
from kinds.unreadable import UnreadableRow

LISTING = Listing("/v2/things", "things", "thing")
KEPT = Attr(Policy.DESIRED)


def droplet(**changes: Any) -> dict[str, Any]:
    return {
        "id": 3164444,
        "name": "web-1",
        "memory": 1024,
        "vcpus": 1,
        "disk": 25,
        "disk_info": [{"type": "local", "size": {"amount": 25, "unit": "gib"}}],
        "locked": False,
        "status": "active",
        "kernel": None,
        "created_at": "2020-07-21T18:37:44Z",
        "features": ["private_networking", "backups"],
        "backup_ids": [53893572],
        "next_backup_window": {"start": "2019-12-04T00:00:00Z", "end": "2019-12-04T23:00:00Z"},
        "snapshot_ids": [67512819],
        "image": {"id": 63663980, "slug": "ubuntu-24-04-x64", "regions": ["ams3", "nyc3"]},
        "volume_ids": ["b", "a"],
        "size": {"slug": "s-1vcpu-1gb", "price_hourly": 0.00743999984115362},
        "size_slug": "s-1vcpu-1gb",
        "networks": {
            "v4": [
                {"ip_address": "192.0.2.7", "netmask": "255.255.240.0", "type": "public"},
                {"ip_address": "10.10.0.2", "netmask": "255.255.0.0", "type": "private"},
            ],
            "v6": [],
        },
        "region": {"slug": "ams3", "name": "Amsterdam 3", "sizes": ["s-1vcpu-1gb"]},
        "tags": ["Tenant:acme", "deployment:web", "tenant:acme"],
        "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
        **changes,
    }


def shuffled(value: Any, order: random.Random) -> Any:
    """The same JSON with the members of its objects in another order."""
    if isinstance(value, dict):
        members = [(key, shuffled(member, order)) for key, member in value.items()]
        order.shuffle(members)
        return dict(members)
    return [shuffled(element, order) for element in value] if isinstance(value, list) else value


def test_a_droplet_is_reduced_to_ids_and_slugs() -> None:
    sighted = DROPLET.sight(droplet())

    assert sighted.provider_id == "3164444"
    assert (sighted.name, sighted.region, sighted.size, sighted.status) == (
        "web-1",
        "ams3",
        "s-1vcpu-1gb",
        "active",
    )
    assert sighted.tags == ("deployment:web", "tenant:acme")
    assert sighted.provider_created_at == datetime(2020, 7, 21, 18, 37, 44, tzinfo=UTC)
    assert sighted.unknown_fields == ()
    assert orjson.loads(sighted.attrs_json) == {
        "disk": 25,
        "features": ["backups", "private_networking"],
        "image": {"id": 63663980, "slug": "ubuntu-24-04-x64"},
        "memory": 1024,
        "networks": ["private 10.10.0.2", "public 192.0.2.7"],
        "vcpus": 1,
        "volume_ids": ["a", "b"],
        "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
    }


@given(seed=st.integers())
def test_the_order_of_keys_does_not_matter(seed: int) -> None:
    assert DROPLET.sight(shuffled(droplet(), random.Random(seed))) == DROPLET.sight(droplet())


@given(
    tags=st.permutations(["Tenant:acme", "deployment:web", "tenant:acme"]),
    features=st.permutations(["private_networking", "backups"]),
    volumes=st.permutations(["a", "b"]),
)
def test_the_order_of_tags_and_lists_does_not_matter(
    tags: list[str], features: list[str], volumes: list[str]
) -> None:
    turned = droplet(tags=tags, features=features, volume_ids=volumes)

    assert DROPLET.sight(turned) == DROPLET.sight(droplet())


@pytest.mark.parametrize("kind", RESOURCE_KINDS.values(), ids=lambda kind: kind.name)
@given(data=st.data())
def test_volatile_fields_do_not_change_a_digest(kind: ResourceKind, data: st.DataObject) -> None:
    anything = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())
    moved = {name: data.draw(anything) for name in sorted(kind.volatile | kind.left_out)}
    row = {kind.columns.provider_id: "1"}

    assert kind.sight({**row, **moved}) == kind.sight(row)


@given(hidden=st.sets(st.sampled_from(sorted(DROPLET.scoped))))
def test_a_field_that_the_token_cannot_see_is_unknown_and_not_empty(hidden: set[str]) -> None:
    row = {name: value for name, value in droplet().items() if name not in hidden}
    sighted = DROPLET.sight(row)

    assert set(sighted.unknown_fields) == {
        name if name == "tags" else f"attrs.{name}" for name in hidden
    }
    assert not hidden & orjson.loads(sighted.attrs_json).keys()
    assert DROPLET.visible_scopes(row) == DROPLET.scoped.keys() - hidden


def test_a_nanosecond_is_no_reason_to_refuse_a_row() -> None:
    sighted = DROPLET.sight(droplet(created_at="2020-07-21T18:37:44.123456789Z"))

    assert sighted.provider_created_at == datetime(2020, 7, 21, 18, 37, 44, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "broken", [{"id": None}, {"id": ""}, {"created_at": "yesterday"}, {"networks": {"v4": [{}]}}]
)
def test_a_malformed_row_is_an_error(broken: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRow):
        DROPLET.sight(droplet(**broken))


@pytest.mark.parametrize(
    ("broken", "identifier", "words"),
    [
        ({"networks": {"v4": [{"type": "public"}]}}, "1",
         "droplet 1: networks.v4[0] has no ip_address"),
        ({"networks": {"v4": [], "v6": [{"ip_address": "::1"}]}}, "1",
         "droplet 1: networks.v6[0] has no type"),
        ({"networks": [1]}, "1",
         "droplet 1: networks has an unexpected value: a list with a number"),
        ({"tags": [{"name": "web"}]}, "1",
         "droplet 1: tags has an unexpected value: a list with an object"),
        ({"tags": "web"}, "1", "droplet 1: tags has an unexpected value: a text"),
        ({"tags": {"web": True}}, "1", "droplet 1: tags has an unexpected value: an object"),
        ({"name": {"first": "web"}}, "1", "droplet 1: name is an object, not text"),
        ({"status": 7}, "1", "droplet 1: status is a number, not text"),
        ({"name": "web\0"}, "1", "droplet 1: name has a NUL character"),
        ({"tags": ["web\0"]}, "1", "droplet 1: tags has a NUL character"),
        (
            {"name": "x" * 1_001},
            "1",
            "droplet 1: a column has more than 1,000 characters",
        ),
        ({"image": {"id": 1, "slug": "\0"}}, "1", "droplet 1: image has a NUL character"),
        ({"created_at": "yesterday"}, "1",
         "droplet 1: created_at has an unexpected value: a text"),
        ({"id": 386412347.0}, "386412347",
         "droplet 386412347: id is 386412347.0, not a whole number"),
        ({"id": 1.5}, "", "a droplet: id is 1.5, not a whole number"),
        ({"id": True}, "", "a droplet: id is a boolean"),
        ({"id": None}, "", "a droplet: it has no id"),
        ({"id": "4\0"}, "", "a droplet: id has a NUL character"),
    ],
)  # fmt: skip  # a table
def test_a_row_that_cannot_be_read_says_where_and_why(
    broken: dict[str, Any], identifier: str, words: str
) -> None:
    with pytest.raises(UnreadableRow) as caught:
        DROPLET.sight(droplet(**{"id": 1, **broken}))
    assert (caught.value.provider_id, str(caught.value)) == (identifier, words)


@pytest.mark.parametrize("row", [None, "droplet", [1], 7])
def test_a_row_that_is_no_object_says_so(row: Any) -> None:
    with pytest.raises(UnreadableRow, match=r"a droplet: the row is .*, not an object"):
        DROPLET.sight(row)


def test_an_escaped_backslash_before_a_zero_is_not_a_nul_character() -> None:
    assert DROPLET.sight(droplet(name="C:\\u0000")).name == "C:\\u0000"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"id": None}, "a project: it has no id"),
        ({"name": 7}, "project p: name is a number, not text"),
        ({"environment": ["x"]}, "project p: environment is a list with a text, not text"),
        ({"purpose": "\0"}, "project p: purpose has a NUL character"),
    ],
)
def test_a_project_that_cannot_be_read_says_why(broken: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableRow) as caught:
        sight_project({"id": "p", "name": "ours", **broken})
    assert str(caught.value) == words


def test_a_new_field_of_the_provider_changes_nothing() -> None:
    assert DROPLET.sight(droplet(spin_count=7)) == DROPLET.sight(droplet())


def test_a_declared_secret_is_redacted() -> None:
    kind = ResourceKind(
        "thing",
        LISTING,
        attrs={"login": KEPT, "key": KEPT},
        secrets=frozenset({"login.pin", "key"}),
    )
    sighted = kind.sight({"id": 1, "login": {"user": "a", "pin": "1234"}, "key": "k"})

    assert orjson.loads(sighted.attrs_json) == {
        "login": {"user": "a", "pin": REDACTED},
        "key": REDACTED,
    }


@pytest.mark.parametrize(
    "declaration",
    [
        {"attrs": {"name": KEPT}},
        {"attrs": {"a": KEPT}, "volatile": frozenset({"a"})},
        {"left_out": frozenset({"status"})},
        {"scoped": {"a": "thing:read"}},
        {"secrets": frozenset({"connection.uri"})},
        {"column_policies": {"colour": KEPT.policy}},
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declaration: dict[str, Any]) -> None:
    with pytest.raises(InvalidKind):
        ResourceKind("thing", LISTING, **declaration)


@pytest.mark.parametrize("path", ["/v2/things/", "things"])
def test_a_path_that_the_provider_would_refuse_is_refused(path: str) -> None:
    with pytest.raises(InvalidKind):
        Listing(path, "things", "thing")


def test_a_kind_may_have_fewer_columns() -> None:
    kind = ResourceKind("domain", LISTING, columns=Columns("name", region="", statuses=(), tags=""))

    assert kind.sight({"name": "example.com"}).provider_id == "example.com"


def test_a_projects_purpose_loses_the_prefix_of_its_own_words() -> None:
    project = sight_project(
        {"id": "p", "name": "n", "purpose": "Other: cats", "environment": "Production"}
    )

    assert (project.purpose, project.environment, project.is_default) == (
        "cats",
        "production",
        False,
    )


@pytest.mark.parametrize(
    ("urn", "living"),
    [
        ("do:droplet:1", ProjectMember("droplet", "1")),
        ("do:floatingip:192.0.2.1", ProjectMember("reserved_ip", "192.0.2.1")),
        ("do:dbaas:a-b", ProjectMember("database", "a-b")),
        ("do:space:logs", ProjectMember("spaces_bucket", "logs")),
        ("do:teapot:1", None),
    ],
)
def test_a_urn_names_a_kind_and_an_id(urn: str, living: ProjectMember | None) -> None:
    assert member({"urn": urn}) == living


@pytest.mark.parametrize("row", [{}, {"urn": None}, {"urn": "droplet"}])
def test_a_project_member_without_a_urn_is_an_error(row: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRow):
        member(row)


@pytest.mark.parametrize(
    ("kind", "row", "provider_id"),
    [
        ("droplet", {"id": 3164444, "name": "web-1"}, "3164444"),
        ("snapshot", {"id": "6372321"}, "6372321"),
        (
            "snapshot",
            {"id": "fbe805e8-866b-11e6-96bf-000f53315a41"},
            "fbe805e8-866b-11e6-96bf-000f53315a41",
        ),
        ("reserved_ip", {"ip": "192.0.2.7", "id": 1}, "192.0.2.7"),
        ("reserved_ipv6", {"ip": "2001:db8::1"}, "2001:db8::1"),
        ("domain", {"name": "example.com"}, "example.com"),
        ("spaces_bucket", {"name": "assets"}, "assets"),
        ("certificate", {"name": "shop", "id": "892071a0"}, "shop"),
        ("alert_policy", {"uuid": "78b3da62"}, "78b3da62"),
    ],
)
def test_a_kind_is_identified_by_what_the_provider_keys_it_by(
    kind: str, row: dict[str, Any], provider_id: str
) -> None:
    assert RESOURCE_KINDS[kind].sight(row).provider_id == provider_id
