"""Accepted spellings of fields on the wire, each with one that is rejected."""

from typing import Any

import pytest

from kinds import comparators as c
from kinds.access_comparators import firewall_rules
from kinds.app_comparators import app_envs, app_spec
from kinds.comparators import Comparator
from kinds.dns_comparators import dns_name, dns_records


def books(expected: Any, actual: Any) -> bool | None:
    return dns_records("Example.com.")(expected, actual)


def names(expected: Any, actual: Any) -> bool | None:
    return dns_name("example.com.")(expected, actual)


def unset_alike(expected: Any, actual: Any) -> bool | None:
    return c.unset_alike(c.by_default)(expected, actual)


def lengths(expected: Any, actual: Any) -> bool | None:
    """Of no field: texts of one length are the same."""
    return c.normalised(len)(expected, actual)


def env(**more: Any) -> list[dict[str, Any]]:
    return [{"key": "A", "value": "1", **more}]


def pool(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "p", "size": "s-1vcpu-2gb", "count": 3, **more}]


def rule(**more: Any) -> list[dict[str, Any]]:
    return [{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["10.0.0.1"]}, **more}]


def record(**more: Any) -> list[dict[str, Any]]:
    return [{"id": 1, "type": "A", "name": "www", "data": "192.0.2.1", **more}]


SAME: list[tuple[Comparator, Any, Any]] = [
    (c.by_default, "a", "a"),
    (c.by_default, 1, "1"),
    (c.by_default, [1, 2, 2], ["2", 1, 2]),
    (c.by_default, {"a": 1, "b": None}, {"b": None, "a": "1"}),
    (c.by_case, "S-1VCPU", "s-1vcpu"),
    (c.by_case, 1, 1),
    (c.number, "1.50", 1.5),
    (c.number, "1e2", 100),
    (c.number, "NaN", "NaN"),
    (c.number, True, "true"),
    (c.number, "x", "x"),
    (c.tags, None, []),
    (c.tags, ["A", "a", "k8s", "k8s:x", "terraform:y", "K8S:z"], ["a"]),
    (c.tags, ("a",), ["A"]),
    (c.tags, "a", "a"),
    (c.tags, [1], [1]),
    (lengths, "abc", "xyz"),
    (unset_alike, None, ""),
    (unset_alike, [], {}),
    (unset_alike, "a", "a"),
    (c.image, "Ubuntu-24", {"slug": "ubuntu-24", "id": 7}),
    (c.image, 7, {"slug": "ubuntu-24", "id": 7}),
    (c.image, "7", {"slug": None, "id": 7}),
    (c.image, {"slug": "u", "id": 7}, {"slug": "other", "id": 7}),
    (c.image, "ubuntu-24", {"slug": None, "id": 7}),  # a retired image has no slug any more
    (c.image, True, True),
    (c.image, [1], [1]),
    (c.image, {"slug": ["x"], "id": 1}, {"slug": ["x"], "id": 1}),
    (c.image, {"id": {"x": 1}}, {"id": {"x": 1}}),
    (firewall_rules, None, []),
    (firewall_rules, "", []),
    (firewall_rules, rule(ports="0"), rule(ports="ALL")),
    (firewall_rules, rule(ports=0), rule(ports="all")),
    (firewall_rules, rule(protocol="ICMP", ports=""), rule(protocol="icmp", ports="8")),
    (firewall_rules, rule(protocol="TCP"), rule()),
    (firewall_rules, rule(sources={"addresses": ["10.0.0.1"], "tags": []}), rule()),
    (firewall_rules, rule(destinations={"addresses": None}), rule(destinations={"tags": []})),
    (firewall_rules, rule(destinations={"tags": []}), rule(destinations={})),
    (firewall_rules, rule(note=""), rule()),
    (firewall_rules, ["x"], ["x"]),
    (c.node_pools, None, []),
    (c.node_pools, pool(id="1", nodes=[1]), pool(id="2", nodes=[2])),
    (c.node_pools, pool(auto_scale=False, min_nodes=1, max_nodes=2), pool()),
    (c.node_pools, pool(auto_scale=False), pool(auto_scale=None)),
    (c.node_pools, pool(auto_scale=True, min_nodes=1), pool(auto_scale=True, min_nodes=1, count=9)),
    (c.node_pools, pool(size="S-1VCPU-2GB"), pool()),
    (c.node_pools, pool(tags=["k8s"]), pool(tags=None)),
    (c.node_pools, pool(labels={}), pool()),
    (c.node_pools, ["x"], ["x"]),
    (c.load_balancer_size, "lb-small", 1),
    (c.load_balancer_size, "LB-Medium", "3"),
    (c.load_balancer_size, "lb-large", 6),
    (c.load_balancer_size, "lb-other", "lb-other"),
    (c.maintenance_window, {"hour": "13:00"}, {"hour": "13:00:00"}),
    (c.maintenance_window, {"hour": 13}, {"hour": 13}),
    (c.maintenance_window, {"day": "Mon", "hour": "13:00"}, {"day": "mon", "hour": "13:00:00"}),
    (c.maintenance_window, {"day": "mon", "pending": True}, {"day": "mon", "description": [1]}),
    (c.maintenance_window, {"day": "monday", "hour": None}, {"day": "monday"}),
    (c.maintenance_window, "x", "x"),
    (c.database_engine, "Redis", "valkey"),
    (c.database_engine, "PG", "pg"),
    (app_envs, None, []),
    (app_envs, env(type="GENERAL"), env()),
    (app_envs, env(type=""), env(type=None)),
    (app_envs, env(scope="UNSET"), env(scope="RUN_AND_BUILD_TIME")),
    (app_envs, env(scope=""), env(scope="GENERAL")),
    (app_envs, env(type="SECRET"), env(type="SECRET", value="EV[1:x]")),
    (app_envs, [{"key": "A", "type": "SECRET"}], env(type="SECRET")),
    (app_envs, ["x"], ["x"]),
    (app_spec, {"name": "x", "envs": []}, {"name": "x"}),
    (app_spec, {"envs": env()}, {"envs": env(type="GENERAL")}),
    (app_spec, {"services": [{"envs": env()}]}, {"services": [{"envs": env(scope="UNSET")}]}),
    (app_spec, "x", "x"),
    (names, "@", "example.com."),
    (names, "", "EXAMPLE.com"),
    (names, "www", "WWW.example.com"),
    (names, "www", "www.example.com."),
    (names, "www.other.org.", "www.other.org."),
    (names, 1, 1),
    (books, None, []),
    (books, record(), record(id=2)),
    (books, record(ttl=None), record()),
    (books, record(type="a"), record()),
    (books, record(name="www.example.com."), record()),
    (books, [*record(), {"type": "SOA", "name": "@", "data": "1800"}], record()),
    (books, [*record(), {"type": "soa", "name": "@"}], record()),
    (books, record(type="CNAME", data="@"), record(type="CNAME", data="example.com.")),
    (books, record(type="MX", data="mail"), record(type="MX", data="MAIL.example.com")),
    (books, record(type="NS", data="ns1.Other.org"), record(type="ns", data="ns1.other.org.")),
    (books, record(type="SRV", data="sip"), record(type="SRV", data="sip.example.com.")),
    (books, record(type="CNAME", data=None), [{"type": "CNAME", "name": "www"}]),
    (books, record(type=1), record(type=1)),
    (books, ["x"], ["x"]),
    (books, "x", "x"),
]

OTHER: list[tuple[Comparator, Any, Any]] = [
    (c.by_default, "a", "A"),
    (c.by_default, [1, 2], [1, 2, 2]),
    (c.by_default, {"a": 1}, {"a": 2}),
    (c.by_default, None, ""),
    (c.by_case, "a", "b"),
    (c.number, "1.5", 1.51),
    (c.number, True, 1),
    (c.number, 1, True),
    (c.number, "x", 1),
    (c.number, 1, "x"),
    (c.number, "Infinity", 1),
    (c.number, 1, "NaN"),
    (c.tags, ["a"], ["b"]),
    (c.tags, ["k8s-mine"], []),
    (c.tags, ["k8sx"], []),
    (c.tags, ["terraform"], []),
    (c.tags, [1], ["1", "2"]),
    (lengths, "abc", "wxyz"),
    (unset_alike, None, 0),
    (unset_alike, "", False),
    (unset_alike, "a", None),
    (unset_alike, None, "a"),
    (unset_alike, "a", "b"),
    (c.image, "ubuntu-24", {"slug": "debian", "id": 7}),
    (c.image, 8, {"slug": "ubuntu-24", "id": 7}),
    (c.image, {"slug": "u", "id": 7}, {"slug": "other", "id": 8}),
    (c.image, "ubuntu-24", "debian-12"),
    (c.image, 7, 8),
    (c.image, {"slug": "ubuntu-24"}, {"slug": "debian-12"}),
    (c.image, {"id": 7}, {"id": 8}),
    (c.image, "ubuntu-24", None),
    (c.image, None, "ubuntu-24"),
    (c.image, True, 1),
    (c.image, {"slug": ["x"], "id": 1}, {"slug": ["y"], "id": 1}),
    (firewall_rules, rule(ports="0"), rule(ports="22")),
    (firewall_rules, rule(protocol="udp"), rule()),
    (firewall_rules, rule(sources={"addresses": ["10.0.0.2"]}), rule()),
    (firewall_rules, rule(destinations={"addresses": ["10.0.0.2"]}), rule(destinations={})),
    (firewall_rules, rule(sources={}), rule()),
    (firewall_rules, rule(note="x"), rule()),
    (firewall_rules, ["x"], ["y"]),
    (firewall_rules, "x", []),
    (c.node_pools, pool(count=4), pool()),
    (c.node_pools, pool(name="q"), pool()),
    (c.node_pools, pool(size="s-2vcpu-2gb"), pool()),
    (c.node_pools, pool(tags=["a"]), pool(tags=["b"])),
    (c.node_pools, pool(auto_scale=True, min_nodes=1), pool(auto_scale=True, min_nodes=2)),
    (c.node_pools, pool(auto_scale=True, max_nodes=1), pool(auto_scale=True, max_nodes=2)),
    (c.node_pools, pool(auto_scale=True), pool()),
    (c.node_pools, "x", []),
    (c.load_balancer_size, "lb-small", 2),
    (c.load_balancer_size, "lb-medium", 2),
    (c.load_balancer_size, "lb-large", 3),
    (c.load_balancer_size, "LB-other", "lb-other"),
    (c.maintenance_window, {"hour": "13:00"}, {"hour": "13:00:01"}),
    (c.maintenance_window, {"hour": "13"}, {"hour": "13:00"}),
    (c.maintenance_window, {"day": "monday"}, {"day": "tuesday"}),
    (c.maintenance_window, {"hour": "13:00"}, {"hour": "14:00"}),
    (c.database_engine, "pg", "mysql"),
    (c.database_engine, "redis", "pg"),
    (app_envs, env(value="2"), env()),
    (app_envs, env(type="SECRET"), env()),
    (app_envs, env(scope="RUN_TIME"), env()),
    (app_envs, env(scope="BUILD_TIME"), env(scope="RUN_TIME")),
    (app_envs, env(key="B"), env()),
    (app_envs, "x", []),
    (app_spec, {"name": "x"}, {"name": "y"}),
    (app_spec, {"name": "x", "other": []}, {"name": "x"}),
    (app_spec, {"services": [{"envs": env()}]}, {"services": [{"envs": env(value="2")}]}),
    (names, "www", "mail"),
    (names, "www.", "www"),
    (names, "www.example.com", "www.example.org"),
    (names, "xexample.com", "@"),
    (books, record(data="192.0.2.2"), record()),
    (books, record(type="AAAA"), record()),
    (books, record(name="mail"), record()),
    (books, record(ttl=1800), record()),
    (books, record(type="TXT", data="A"), record(type="TXT", data="a")),
    (books, record(type="TXT", data="mail"), record(type="TXT", data="mail.example.com")),
    (books, record(type="CNAME", data="mail"), record(type="CNAME", data="mail.other.org")),
    (books, record(type="CNAME", data="a.b"), record(type="CNAME", data="a.b.example.com")),
    (books, record(), []),
    (books, "x", []),
]


@pytest.mark.parametrize(("same", "expected", "actual"), SAME)
def test_two_spellings_of_one_value_are_the_same_either_way(
    same: Comparator, expected: Any, actual: Any
) -> None:
    assert same(expected, actual)
    if same is not c.image:
        assert same(actual, expected)


@pytest.mark.parametrize(("same", "expected", "actual"), OTHER)
def test_a_real_difference_is_symmetric(same: Comparator, expected: Any, actual: Any) -> None:
    assert not same(expected, actual)
    if same is not c.image:
        assert not same(actual, expected)


def test_an_unset_field_equals_only_an_unset_field() -> None:
    anything = c.unset_alike(lambda expected, actual: True)
    assert anything("a", "b")
    assert anything(None, [])
    assert not anything(None, "a")
    assert not anything("a", "")
