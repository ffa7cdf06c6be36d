"""Two notations of rules and addresses that allow the same are no drift."""

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import RESOURCE_KINDS
from kinds.access_comparators import database_rules, firewall_rules
from services.inventory.vocabulary import Became
from tests.drift.access import ADDRESS, Rule, became, rule, rules, source
from tests.drift.live import drifting

PORTS = st.integers(1, 65535)


def split(every: list[Rule]) -> list[Rule]:
    """The same in rules of one port and one peer each."""
    return [
        {
            "protocol": each["protocol"].upper(),
            "ports": str(port),
            "sources": {sort: [peer]},
        }
        for each in every
        for low, high in [each["ports"].split("-")]
        for port in range(int(low), int(high) + 1)
        for sort, peers in each["sources"].items()
        for peer in peers
    ]


def spelled_anew(each: Rule) -> Rule:
    addresses = [ip_address(one) for one in each["sources"]["addresses"]]
    return {
        **each,
        "sources": {
            "addresses": [f"{one.exploded.upper()}/{one.max_prefixlen}" for one in addresses][::-1],
            "tags": [tag.upper() for tag in each["sources"]["tags"]],
        },
    }


@given(every=rules(), order=st.randoms(use_true_random=False))
def test_rules_that_are_split_shuffled_or_spelled_anew_allow_the_same(
    every: list[Rule], order: Any
) -> None:
    pieces = split(every)
    order.shuffle(pieces)
    assert firewall_rules(every, pieces)
    assert firewall_rules(pieces, every)
    assert firewall_rules([spelled_anew(each) for each in every], pieces)


@given(every=rules(), one=ADDRESS, port=st.integers(60_000, 65535))
def test_one_port_for_one_address_more_is_another_set_of_rules(
    every: list[Rule], one: Any, port: int
) -> None:
    assert not firewall_rules(every, [*every, rule(str(port), str(one))])
    assert not firewall_rules([*every, rule(str(port), str(one))], split(every))


@given(first=PORTS, last=PORTS)
def test_a_range_is_all_ports_only_when_it_is_all_of_them(first: int, last: int) -> None:
    first, last = sorted((first, last))
    whole = (first, last) == (1, 65535)
    for every in ("0", "all", ""):
        assert firewall_rules([rule(every, "::1")], [rule(f"{first}-{last}", "::1")]) is whole


@pytest.mark.parametrize(
    ("desired", "shown"),
    [
        ([rule("0", "1.1.1.1")], [rule("1-65535", "1.1.1.1/32")]),
        ([rule("22", "::1")], [rule("22-22", "0:0:0:0:0:0:0:1/128")]),
        ([rule("22", "10.0.0.0/24")], [rule("22", "10.0.0.0/25"), rule("22", "10.0.0.128/25")]),
        ([rule("80-90", "::/0")], [rule("86-90", "::/0"), rule("80-85", "::/0")]),
        ([rule("80", tags=["Web"])], [rule("80", tags=["web"])]),
        ([rule("80", "1.1.1.1", "2.2.2.2")], [rule("80", "2.2.2.2"), rule("80", "1.1.1.1")]),
        ([rule("80", "0.0.0.0/0")], [rule("80", "0.0.0.0/0"), rule("80", "1.1.1.1")]),
        ([rule("", "1.1.1.1", protocol="icmp")], [rule("0", "1.1.1.1", protocol="icmp")]),
        ([rule("80", droplet_ids=[7])], [rule("80", droplet_ids=["7"])]),
    ],
)
def test_firewalls_that_allow_the_same(desired: list[Rule], shown: list[Rule]) -> None:
    assert firewall_rules(desired, shown)
    assert firewall_rules(shown, desired)
    assert not drifting("firewall", {"inbound_rules": desired}, attrs={"inbound_rules": shown})


@pytest.mark.parametrize(
    ("desired", "shown"),
    [
        ([rule("0", "1.1.1.1")], [rule("1-65534", "1.1.1.1")]),
        ([rule("22", "1.1.1.1/32")], [rule("22", "1.1.1.1/31")]),
        ([rule("22", "1.1.1.1")], [rule("22", "1.1.1.1", protocol="udp")]),
        ([rule("22", "1.1.1.1")], [rule("22", tags=["1.1.1.1"])]),
        ([rule("22", "1.1.1.1")], []),
        ([rule("80-90", "::/0")], [rule("80-85", "::/0"), rule("87-90", "::/0")]),
        ([rule("80", load_balancer_uids=["a"])], [rule("80", load_balancer_uids=["A"])]),
    ],
)
def test_firewalls_that_allow_another_thing(desired: list[Rule], shown: list[Rule]) -> None:
    assert not firewall_rules(desired, shown)
    assert not firewall_rules(shown, desired)


def test_trusted_sources_that_are_put_again_have_other_ids_and_are_the_same() -> None:
    put = [
        source("ip_addr", "1.1.1.1", uuid="a", created_at="2026-01-01T00:00:00Z"),
        source("tag", "Web", uuid="b", cluster_uuid="c"),
    ]
    again = [source("tag", "web", uuid="d"), source("ip_addr", "1.1.1.1/32", uuid="e")]
    assert database_rules(put, again)
    assert database_rules(again, put)
    assert not database_rules(put, again[:1])
    assert not database_rules(put, [again[0], source("ip_addr", "1.1.1.2")])
    assert not database_rules(put, [again[0], source("droplet", "1.1.1.1")])


def test_the_ids_of_trusted_sources_are_not_kept() -> None:
    row = {
        "id": "1",
        "rules": [source("tag", "web", uuid="a", created_at="2026", cluster_uuid="b")],
    }
    assert (
        '"rules":[{"type":"tag","value":"web"}]' in RESOURCE_KINDS["database"].sight(row).attrs_json
    )


@pytest.mark.parametrize(
    ("kind", "field", "desired", "shown", "other"),
    [
        (
            "kubernetes_cluster",
            "control_plane_firewall",
            {"enabled": True, "allowed_addresses": ["1.1.1.1", "::1"]},
            {"enabled": True, "allowed_addresses": ["0:0::1/128", "1.1.1.1/32"]},
            {"enabled": True, "allowed_addresses": ["1.1.1.1/31", "::1"]},
        ),
        (
            "load_balancer",
            "firewall",
            {"allow": ["ip:1.1.1.1"], "deny": []},
            {"allow": ["cidr:1.1.1.1/32"], "deny": []},
            {"allow": [], "deny": ["ip:1.1.1.1"]},
        ),
    ],
)
def test_lists_of_addresses_in_any_spelling(
    kind: str, field: str, desired: Rule, shown: Rule, other: Rule
) -> None:
    assert not drifting(kind, {field: desired}, attrs={field: shown})
    assert became(kind, desired, shown, field) is Became.UNCHANGED
    assert drifting(kind, {field: desired}, attrs={field: other}) == {field}
