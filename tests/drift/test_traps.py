"""The fifteen traps: none gives a false drift, and a real change still does."""

from typing import Any

import pytest

from kinds.app_comparators import app_envs
from kinds.comparators import (
    Comparator,
    by_case,
    by_default,
    maintenance_window,
    number,
    tags,
    unset_alike,
)
from kinds.dns_comparators import dns_name
from services.inventory.drift.rules.comparing import compare, is_in_flight
from services.inventory.drift.rules.specs import InvalidSpec, normal_spec, taken_from
from tests.drift.account import Account
from tests.drift.live import drifting, live
from tests.inventory.account import sighting


def attrs_drift(kind: str, field: str, expected: Any, actual: Any, **shown: Any) -> bool:
    """Whether a field of the kind's own drifts."""
    return drifting(kind, {field: expected}, attrs={field: actual}, **shown) == {field}


# 1


def test_trap_1_tags_are_a_set_without_case_and_system_tags_do_not_count() -> None:
    live_tags = ["db", "k8s", "k8s:worker", "terraform:default", "web"]
    assert not drifting("droplet", {"tags": ["Web", "DB", "web"]}, tags=live_tags)
    assert drifting("droplet", {"tags": ["web"]}, tags=live_tags) == {"tags"}
    assert not tags(["k8s-mine"], [])


# 2


def rule(ports: str, *sources: str, protocol: str = "tcp") -> dict[str, Any]:
    return {"protocol": protocol, "ports": ports, "sources": {"addresses": list(sources)}}


def test_trap_2_firewall_ports_and_the_order_of_rules_and_sources() -> None:
    desired = [rule("0", "10.0.0.1", "10.0.0.2"), rule("22", "0.0.0.0/0")]
    shown = [rule("22", "0.0.0.0/0"), rule("all", "10.0.0.2", "10.0.0.1")]
    assert not attrs_drift("firewall", "inbound_rules", desired, shown)
    assert not attrs_drift(
        "firewall", "inbound_rules", [rule("", protocol="icmp")], [rule("0", protocol="icmp")]
    )
    for other in (
        [rule("443", "10.0.0.1", "10.0.0.2"), rule("22", "0.0.0.0/0")],
        [rule("0", "10.0.0.1"), rule("22", "0.0.0.0/0")],
        [rule("0", "10.0.0.1", "10.0.0.2")],
        [rule("0", "10.0.0.1", "10.0.0.2", protocol="udp"), rule("22", "0.0.0.0/0")],
    ):
        assert attrs_drift("firewall", "inbound_rules", desired, other)


def test_trap_2_ports_of_a_shape_that_no_port_has_are_compared_as_they_stand() -> None:
    strange = [rule("9" * 5000, "10.0.0.1")]
    assert not attrs_drift("firewall", "inbound_rules", strange, strange)
    assert attrs_drift("firewall", "inbound_rules", strange, [])


def test_trap_2_a_firewalls_status_and_pending_changes_are_never_compared() -> None:
    assert not attrs_drift("firewall", "pending_changes", [], [{"droplet_id": 1}])


# 3


def record(kind: str, name: str, data: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "data": data, "ttl": 1800, **more}


@pytest.mark.parametrize(
    ("desired", "shown"),
    [
        (record("A", "@", "192.0.2.1"), record("A", "example.com.", "192.0.2.1")),
        (record("A", "www", "192.0.2.1"), record("A", "www.example.com", "192.0.2.1")),
        (record("CNAME", "www", "@"), record("CNAME", "www", "example.com.")),
        (record("CNAME", "www", "a.test."), record("CNAME", "www", "a.test")),
        (
            record("MX", "@", "mail", priority=10),
            record("MX", "@", "mail.example.com", priority=10),
        ),
        (record("CAA", "@", "CA.test.", tag="issue"), record("CAA", "@", "ca.test", tag="issue")),
        (
            record("CAA", "@", "https://a.test/Report", tag="iodef"),
            record("CAA", "@", "https://a.test/Report", tag="iodef"),
        ),
        (record("A", "@", "192.0.2.1", priority=None), record("A", "@", "192.0.2.1", port=0)),
        (record("A", "@", "192.0.2.1", tag=""), record("A", "@", "192.0.2.1")),
        (record("AAAA", "@", "2001:DB8:0:0::1"), record("AAAA", "@", "2001:db8::1")),
    ],
)
def test_trap_3_names_of_a_zone(desired: dict[str, Any], shown: dict[str, Any]) -> None:
    assert not attrs_drift("domain", "records", [desired], [shown], name="example.com")


@pytest.mark.parametrize(
    ("desired", "shown"),
    [
        (record("A", "@", "192.0.2.1"), record("A", "@", "192.0.2.2")),
        (record("A", "www", "192.0.2.1"), record("A", "ww2", "192.0.2.1")),
        (record("CNAME", "www", "a.test."), record("CNAME", "www", "b.test.")),
        (record("TXT", "@", "v=spf1."), record("TXT", "@", "v=spf1")),
        (record("CAA", "@", "ca.test", tag="issue"), record("CAA", "@", "cb.test", tag="issue")),
        (record("CNAME", "www", "a.testX"), record("CNAME", "www", "a.test")),
        (
            record("CAA", "@", "https://a.test/X", tag="iodef"),
            record("CAA", "@", "https://a.test/", tag="iodef"),
        ),
        (
            record("CAA", "@", "https://a.test/Report", tag="iodef"),
            record("CAA", "@", "https://a.test/report", tag="iodef"),
        ),
        (record("MX", "@", "mail", priority=10), record("MX", "@", "mail", priority=20)),
    ],
)
def test_trap_3_another_record_still_fires(desired: dict[str, Any], shown: dict[str, Any]) -> None:
    assert attrs_drift("domain", "records", [desired], [shown], name="example.com")


def test_trap_3_a_single_name_in_any_notation() -> None:
    same = dns_name("example.com")
    assert same("@", "Example.com.")
    assert not same("www", "www.example.org.")


# 4


def test_trap_4_databases_maintenance_hour_and_renamed_engine() -> None:
    window = {"day": "Tuesday", "hour": "13:00"}
    shown = {"day": "tuesday", "hour": "13:00:00", "pending": True, "description": ["x"]}
    assert not attrs_drift("database", "maintenance_window", window, shown)
    assert attrs_drift("database", "maintenance_window", window, {**shown, "hour": "14:00:00"})
    assert not attrs_drift("database", "maintenance_window", {**window, "duration": "4h"}, shown)
    assert not attrs_drift("database", "engine", "redis", "valkey")
    assert attrs_drift("database", "engine", "pg", "mysql")
    assert maintenance_window({"hour": "13:00"}, {"hour": "13:00:00"})
    assert maintenance_window({"hour": "4:00"}, {"hour": "04:00:00"})
    assert not maintenance_window({"hour": "4:00:00:00"}, {"hour": "04:00:00"})
    assert not maintenance_window({"hour": "13:00"}, {"hour": "13:00:01"})


def test_trap_4_a_forced_upgrade_is_reported_as_the_version_that_it_is() -> None:
    desired = {"engine": "redis", "version": "7"}
    assert drifting("database", desired, attrs={"engine": "valkey", "version": "8"}) == {"version"}


# 5


def pool(**changed: Any) -> dict[str, Any]:
    return {"name": "main", "size": "s-2vcpu-4gb", "count": 3, "auto_scale": False, **changed}


def test_trap_5_an_autoscaled_pool_by_its_bounds_and_another_by_its_count() -> None:
    scaled = {"auto_scale": True, "min_nodes": 2, "max_nodes": 6}
    field = ("kubernetes_cluster", "node_pools")
    assert not attrs_drift(*field, [pool(**scaled, count=2)], [pool(**scaled, count=5, id="p")])
    assert attrs_drift(*field, [pool(**scaled)], [pool(**{**scaled, "max_nodes": 9})])
    assert attrs_drift(*field, [pool(count=3)], [pool(count=4)])
    assert attrs_drift(*field, [pool()], [pool(**scaled)])
    assert attrs_drift(*field, [pool()], [pool(size="s-4vcpu-8gb")])
    shown = pool(tags=["k8s", "k8s:worker"], labels=None, taints=[], nodes=[7, 8])
    assert not attrs_drift(*field, [pool()], [shown])


# 6


@pytest.mark.parametrize(("word", "unit"), [("lb-small", 1), ("lb-medium", 3), ("lb-large", 6)])
def test_trap_6_load_balancer_sizes_by_word_or_by_unit(word: str, unit: int) -> None:
    assert not attrs_drift("load_balancer", "size_unit", word, unit)
    assert attrs_drift("load_balancer", "size_unit", word, unit + 1)


def test_trap_6_droplets_that_a_tag_chooses_are_nobodys_choice() -> None:
    spec = {"droplet_ids": [1, 2]}
    assert not drifting("load_balancer", spec, attrs={"tag": "web", "droplet_ids": [3]})
    assert drifting("load_balancer", spec, attrs={"tag": "", "droplet_ids": [3]})
    assert drifting("load_balancer", {"tag": "web"}, attrs={"tag": "db"}) == {"tag"}
    tagged = live(attrs={"tag": "web", "droplet_ids": [3]})
    assert "droplet_ids" not in taken_from("load_balancer", tagged)


# 7


def test_trap_7_project_environment_by_case() -> None:
    assert by_case("production", "Production")
    assert not by_case("production", "Staging")


def test_trap_7_kubernetes_nodes_land_in_the_default_project() -> None:
    spec = {"project_id": "ours"}
    assert not drifting("droplet", spec, project_id="default", tags=["k8s:worker"])
    assert drifting("droplet", spec, project_id="default", tags=["web"]) == {"project_id"}


# 8


def test_trap_8_an_unset_scope_of_an_apps_variable() -> None:
    env = {"key": "A", "value": "1"}
    for unset in ({}, {"scope": "UNSET"}, {"scope": "GENERAL"}, {"type": "GENERAL"}):
        assert app_envs([env], [{**env, **unset}])
    spec = {"services": [{"name": "api", "envs": [env]}]}
    shown = {"services": [{"name": "api", "envs": [{**env, "type": "GENERAL"}]}]}
    assert not attrs_drift("app", "spec", spec, shown)
    assert not app_envs([env], [{**env, "scope": "BUILD_TIME"}])
    assert not app_envs([env], [{**env, "value": "2"}])
    assert not app_envs([env], [])


# 9


def test_trap_9_what_is_write_only_is_refused_and_never_compared() -> None:
    for field in ("user_data", "password", "private_key"):
        with pytest.raises(InvalidSpec):
            normal_spec("droplet", {field: "x"})
        assert not attrs_drift("droplet", field, "x", "y")
    assert attrs_drift("droplet", "vpc_uuid", "x", "y")


def test_trap_9_secrets_inside_a_value_are_not_kept() -> None:
    env = {"key": "A", "value": "hunter2", "type": "SECRET"}
    spec = normal_spec("app", {"spec": {"envs": [env], "name": "x"}})
    assert "hunter2" not in str(spec)
    shown = {"envs": [{**env, "value": "EV[1:encrypted]"}], "name": "x"}
    assert not drifting("app", spec, attrs={"spec": shown})
    assert drifting("app", spec, attrs={"spec": {**shown, "name": "y"}}) == {"spec"}


# 10


def test_trap_10_slugs_by_case_and_images_by_slug_or_id() -> None:
    assert not drifting("droplet", {"size": "S-1vcpu-1GB"}, size="s-1vcpu-1gb")
    assert drifting("droplet", {"size": "s-1vcpu-2gb"}, size="s-1vcpu-1gb") == {"size"}
    shown = {"id": 77, "slug": "ubuntu-24-04-x64"}
    for same in ("Ubuntu-24-04-x64", 77, "77", shown, {"id": 77}, {"slug": shown["slug"]}):
        assert not attrs_drift("droplet", "image", same, shown)
    for other in ("debian-12-x64", 78, {"id": 78, "slug": "debian-12-x64"}, None):
        assert attrs_drift("droplet", "image", other, shown)


def test_trap_10_a_retired_image_has_no_slug() -> None:
    desired = {"id": 77, "slug": "ubuntu-20-04-x64"}
    assert not attrs_drift("droplet", "image", desired, {"id": 77, "slug": None})
    assert attrs_drift("droplet", "image", desired, {"id": 78, "slug": None})


# 11


@pytest.mark.parametrize("field", ["next_backup_window", "backup_ids", "snapshot_ids", "locked"])
def test_trap_11_what_changes_by_itself_is_never_compared(field: str) -> None:
    assert not attrs_drift("droplet", field, "before", "after")
    assert attrs_drift("droplet", "features", ["ipv6"], ["backups", "ipv6"])
    assert not attrs_drift("droplet", "features", None, ["droplet_agent"])
    assert attrs_drift("droplet", "features", "ipv6", [])


# 12


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("droplet", "new"),
        ("database", "resizing"),
        ("database", "migrating"),
        ("kubernetes_cluster", "upgrading"),
    ],
)
def test_trap_12_what_is_in_flight_waits_for_the_next_sweep(kind: str, status: str) -> None:
    assert is_in_flight(kind, live(status=status))
    assert not is_in_flight(kind, live(status="active"))
    assert not is_in_flight(kind, live(status=status, deleted=True))


# 13


def test_trap_13_a_resize_without_its_disk_is_one_drift_on_the_size() -> None:
    before = live(size="s-1vcpu-1gb", attrs={"disk": 25, "memory": 1024, "vcpus": 1})
    spec = taken_from("droplet", before)
    resized = {"size": "s-2vcpu-2gb", "attrs": {"disk": 25, "memory": 2048, "vcpus": 2}}
    assert drifting("droplet", spec, **resized) == {"size"}
    accepted = {**spec, "size": "s-2vcpu-2gb"}
    assert not drifting("droplet", accepted, **resized)
    # Whoever asks for a disk is told when it is another one.
    assert attrs_drift("droplet", "disk", 60, 25)


# 14

ANY_COMPARATOR: list[Comparator] = [by_default, number, by_case]


@pytest.mark.parametrize("unset", [None, "", []])
@pytest.mark.parametrize("other", [None, "", []])
def test_trap_14_null_empty_text_and_empty_list_are_one_only_where_the_kind_says_so(
    unset: Any, other: Any
) -> None:
    for same in ANY_COMPARATOR:
        assert same(unset, other) is (unset == other)
    assert unset_alike(by_default)(unset, other)
    assert not unset_alike(by_default)(unset, "x")
    assert not attrs_drift("volume", "description", unset, other)
    assert attrs_drift("volume", "description", unset, "data")


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, "1"), (1.0, "1"), (True, "true"), (0.1, "0.1"), (1e22, 10**22), (-0.0, 0)],
)
def test_trap_14_scalars_by_their_canonical_text(one: Any, other: Any) -> None:
    assert by_default(one, other)
    assert by_default(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 2), (True, 1), (False, 0), ("1.10", 1.1), ("1.10", "1.1"), (0.1, 0.10000000000000002)],
)
def test_trap_14_other_scalars_still_fire(one: Any, other: Any) -> None:
    assert not by_default(one, other)
    assert not by_default(other, one)


def test_trap_14_numbers_as_decimals_where_the_wire_writes_text() -> None:
    assert not attrs_drift("volume", "size_gigabytes", "100.50", 100.5)
    assert attrs_drift("volume", "size_gigabytes", "100.50", 100.51)


def test_trap_14_lists_are_multisets_and_not_sets() -> None:
    assert by_default([1, "a", {"b": [2, 1]}], [{"b": [1, 2]}, "1", "a"])
    assert not by_default([1, 1, 2], [1, 2, 2])
    assert not by_default({"a": 1}, {"a": 1, "b": 2})


# 15


async def test_trap_15_a_shifted_page_is_no_missing_resource(account: Account) -> None:
    await account.shows("1")
    await account.keep("1")
    for _ in range(4):
        # The provider has one more than was seen: a row slipped between two pages.
        await account.inventory.sweep(sighting("2"), total=2)
    assert (await account.sweep()).opened_count == 0
    await account.lose("1", kept=[sighting("2")])
    assert (await account.sweep()).opened_count == 1
    assert set(await account.open()) == {"presence"}


# What the answer leaves out, or a scope hides, is unknown.


def test_a_field_that_the_answer_left_out_is_unknown_unless_it_is_left_out_when_unset() -> None:
    left_out = compare("droplet", {"features": ["ipv6"]}, live(attrs={}))
    assert (left_out.mismatches, left_out.unknown_fields) == ((), frozenset({"features"}))
    unset = compare("cdn_endpoint", {"custom_domain": "a.test"}, live(attrs={}))
    assert [one.field for one in unset.mismatches] == ["custom_domain"]


def test_members_that_a_scope_hides_count_on_neither_side() -> None:
    rules = [{"ports": "22", "protocol": "tcp", "sources": {"addresses": ["10.0.0.1"]}}]
    wanted = [{**rules[0], "sources": {"addresses": ["10.0.0.1"], "tags": ["web"]}}]
    hidden = frozenset({"attrs.inbound_rules.sources.tags"})
    found = compare(
        "firewall",
        {"inbound_rules": wanted},
        live(attrs={"inbound_rules": rules}, unknown_fields=hidden),
    )
    assert found.mismatches == ()
    other = [{**wanted[0], "ports": "23"}]
    seen = live(attrs={"inbound_rules": rules}, unknown_fields=hidden)
    assert compare("firewall", {"inbound_rules": other}, seen).mismatches != ()
