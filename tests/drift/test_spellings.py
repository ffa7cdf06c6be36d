"""Two notations of one value are no drift and no event; another value is both."""

from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinds import RESOURCE_KINDS
from kinds.app_comparators import RENAMED_SIZES, app_spec
from kinds.balancer_comparators import by_certificate_name
from kinds.comparators import droplet_features, maintenance_window
from kinds.dns_comparators import dns_records
from kinds.policy import TAKEN
from services.inventory.drift.rules.comparing import compare
from services.inventory.drift.rules.fields import ATTRS_PREFIX, COLUMNS
from services.inventory.resources.rules.ownership import NOBODY
from services.inventory.resources.rules.recording import record
from services.inventory.resources.rules.resources import Content, KnownResource, SightedResource
from services.inventory.vocabulary import Became
from tests.drift.access import Rule, became, rule, source
from tests.drift.live import drifting, live

# Certificates.


def forwarding(certificate: str = "", name: str | None = None, port: int = 443) -> Rule:
    named = {} if name is None else {"certificate_name": name}
    return {"entry_protocol": "https", "entry_port": port, "certificate_id": certificate, **named}


def test_a_certificate_is_identified_by_its_name_and_not_by_its_id() -> None:
    assert by_certificate_name([forwarding("a", "shop")], [forwarding("b", "shop")])
    assert not by_certificate_name([forwarding("a", "shop")], [forwarding("b", "other")])
    assert not by_certificate_name([forwarding("a", "shop")], [forwarding()])
    assert not by_certificate_name([forwarding("a", "x", 443)], [forwarding("a", "x", 444)])
    both = [forwarding("a", "x", 1), forwarding("b", "y", 2)]
    assert by_certificate_name(both, [forwarding("d", "y", 2), forwarding("c", "x", 1)])
    assert not by_certificate_name(both, [forwarding("a", "x", 2), forwarding("b", "y", 1)])


def test_a_certificate_with_an_unreadable_name_is_unknown_and_not_different() -> None:
    assert by_certificate_name([forwarding("a", "shop")], [forwarding("b")]) is None
    assert by_certificate_name([forwarding("a")], [forwarding("b")]) is None
    assert by_certificate_name([forwarding("a")], [forwarding()]) is False
    assert by_certificate_name([forwarding("a")], [forwarding("a")]) is True
    assert by_certificate_name([forwarding("a", "shop")], [forwarding("a")]) is True


@given(data=st.data())
def test_rules_differ_only_where_no_name_of_the_unknown_makes_them_the_same(
    data: st.DataObject,
) -> None:
    names = st.sampled_from([None, "", "x", "y", "z"])  # "": none at all
    sides = data.draw(
        st.integers(0, 4).flatmap(
            lambda n: st.tuples(*[st.lists(names, min_size=n, max_size=n)] * 2)
        )
    )
    rules = [
        [
            forwarding() if name == "" else forwarding(f"{side}-{at}", name)
            for at, name in enumerate(each)
        ]
        for side, each in enumerate(sides)
    ]
    choices = [
        [["x", "y", "z", "other"] if name is None else [name] for name in each] for each in sides
    ]
    possible = [{tuple(sorted(one)) for one in product(*each)} for each in choices]
    certain = None not in (*sides[0], *sides[1])
    agreed = by_certificate_name(*rules)
    if possible[0].isdisjoint(possible[1]):
        assert agreed is False
    else:
        assert agreed is (True if certain else None)
    assert by_certificate_name(*reversed(rules)) is agreed


def test_a_known_difference_is_found_beside_a_name_that_is_unknown() -> None:
    wanted = [forwarding("a", "blog"), forwarding("b", "shop")]
    # The unknown one may be either, so only the other two tell.
    assert by_certificate_name(wanted, [forwarding("c"), forwarding("d", "shop")]) is None
    assert by_certificate_name(wanted, [forwarding("c"), forwarding("d", "blog")]) is None
    assert by_certificate_name(wanted, [forwarding("c"), forwarding("d", "other")]) is False


def test_an_unknown_certificate_opens_no_drift_and_closes_none() -> None:
    shop = {"forwarding_rules": [forwarding("a", "shop")]}
    resource = live(attrs={"forwarding_rules": [forwarding("b")]})
    comparison = compare("load_balancer", shop, resource)
    assert comparison.mismatches == ()
    assert comparison.unknown_fields == {"forwarding_rules"}


def test_another_certificate_of_a_cdn_endpoint_is_unknown_where_no_name_tells() -> None:
    seen = live(attrs={"certificate_id": "b"})
    nameless = compare("cdn_endpoint", {"certificate_id": "a"}, seen)
    assert nameless.mismatches == ()
    assert nameless.unknown_fields == {"certificate_id"}
    assert compare("cdn_endpoint", {"certificate_id": "b"}, seen).unknown_fields == frozenset()
    named = {"certificate_id": "a", "certificate_name": "shop"}
    assert compare("cdn_endpoint", named, seen).unknown_fields == set(named)
    renewed = live(attrs={"certificate_id": "b", "certificate_name": "shop"})
    assert compare("cdn_endpoint", named, renewed).unknown_fields == frozenset()


def test_a_cdn_endpoint_keeps_its_certificate_over_renewals() -> None:
    spec = {"certificate_id": "a", "certificate_name": "shop"}
    renewed = {"certificate_id": "b", "certificate_name": "shop"}
    assert not drifting("cdn_endpoint", spec, attrs=renewed)
    assert not drifting("cdn_endpoint", spec, attrs={"certificate_id": "b"})
    other = {"certificate_id": "c", "certificate_name": "other"}
    assert drifting("cdn_endpoint", spec, attrs=other) == {"certificate_name"}
    assert "certificate_id" in drifting("cdn_endpoint", spec, attrs={"certificate_name": None})


# Records of a zone.


def entry(kind: str, data: str, **more: Any) -> list[Rule]:
    return [{"type": kind, "name": "@", "data": data, "ttl": 1800, **more}]


@given(address=st.ip_addresses(v=6))
def test_an_address_of_a_record_in_any_spelling(address: Any) -> None:
    same = dns_records("example.com")
    assert same(entry("AAAA", address.exploded.upper()), entry("AAAA", address.compressed))
    other = ip_address(int(address) ^ 1)
    assert not same(entry("AAAA", address.exploded), entry("AAAA", str(other)))


@pytest.mark.parametrize("field", ["priority", "port", "weight", "flags", "tag"])
@pytest.mark.parametrize("unset", [None, 0, "", "0"])
def test_unused_fields_of_a_record_are_null_0_or_empty(field: str, unset: Any) -> None:
    same = dns_records("example.com")
    assert same(entry("A", "192.0.2.1"), entry("A", "192.0.2.1", **{field: unset}))
    assert not same(
        entry("A", "192.0.2.1", **{field: unset}), entry("A", "192.0.2.1", **{field: 7})
    )


def test_a_caa_record_with_and_without_its_trailing_dot() -> None:
    same = dns_records("example.com")
    issue = {"flags": 0, "tag": "issue"}
    assert same(entry("CAA", "LetsEncrypt.org.", **issue), entry("CAA", "letsencrypt.org", **issue))
    assert not same(
        entry("CAA", "letsencrypt.org.", **issue), entry("CAA", "sectigo.com.", **issue)
    )
    assert not same(
        entry("CAA", "letsencrypt.org.", **issue),
        entry("CAA", "letsencrypt.org.", flags=128, tag="issue"),
    )


# Droplets and clusters.


def test_the_agent_of_a_droplet_appears_by_itself() -> None:
    assert droplet_features(["ipv6"], ["droplet_agent", "ipv6"])
    assert not droplet_features(["ipv6"], ["droplet_agent"])
    assert not droplet_features([], ["backups", "droplet_agent"])


def test_a_maintenance_window_has_a_clock_and_a_length_that_nobody_chose() -> None:
    put = {"start_time": "4:00", "day": "Sunday"}
    shown = {"start_time": "04:00", "day": "sunday", "duration": "4h0m0s"}
    assert maintenance_window(put, shown)
    assert not maintenance_window(put, {**shown, "start_time": "14:00"})
    assert not maintenance_window(put, {**shown, "day": "monday"})


# Apps.


def app(**changed: Any) -> Rule:
    service = {"name": "web", "instance_size_slug": "basic-xxs", "instance_count": 1}
    return {"name": "shop", "services": [{**service, **changed.pop("service", {})}], **changed}


def written_back(*rules: Rule) -> Rule:
    """The same app as the platform shows it."""
    return app(
        service={"instance_size_slug": "apps-s-1vcpu-0.5gb"},
        features=["buildpack-stack=ubuntu-22"],
        alerts=[{"rule": "DEPLOYMENT_FAILED"}, {"rule": "DOMAIN_FAILED"}],
        ingress={
            "rules": rules or [{"component": {"name": "web"}, "match": {"path": {"prefix": "/"}}}]
        },
    )


API = {"component": {"name": "web"}, "match": {"path": {"prefix": "/api"}}}


def test_defaults_that_the_platform_writes_into_a_spec_are_no_difference() -> None:
    assert app_spec(app(), written_back())
    assert app_spec(written_back(), app())
    routed = app(service={"routes": [{"path": "/api", "preserve_path_prefix": False}]})
    assert app_spec(routed, written_back(API))
    assert app_spec(app(service={"instance_count": None}), written_back())


@pytest.mark.parametrize(
    "shown",
    [
        written_back(API),
        {**written_back(), "alerts": [{"rule": "DEPLOYMENT_FAILED", "disabled": True}]},
        {**written_back(), "alerts": [{"rule": "DOMAIN_FAILED"}, {"rule": "CPU_UTILIZATION"}]},
        {**written_back(), "features": ["buildpack-stack=ubuntu-22", "enable-kata-build"]},
        {**written_back(), "name": "other"},
        {**written_back(), **app(service={"instance_size_slug": "apps-s-1vcpu-1gb"})},
        {**written_back(), **app(service={"instance_count": 2})},
        {**written_back(), **app(service={"name": "api"})},
    ],
)
def test_a_value_other_than_the_default_is_a_difference(shown: Rule) -> None:
    assert not app_spec(app(), shown)
    assert not app_spec(shown, app())


def test_another_stack_or_ingress_than_the_one_that_is_desired_is_a_difference() -> None:
    later = {**written_back(), "features": ["buildpack-stack=ubuntu-24"]}
    assert not app_spec(written_back(), later)
    assert not app_spec(written_back(API), written_back())
    moved = {**API, "component": {"name": "other"}}
    assert not app_spec(written_back(API), written_back(moved))


@pytest.mark.parametrize(("old", "new"), RENAMED_SIZES.items())
def test_a_renamed_size_is_the_same_and_another_old_one_is_not(old: str, new: str) -> None:
    before, after = (app(service={"instance_size_slug": slug}) for slug in (old, new))
    assert app_spec(before, after)
    for other in RENAMED_SIZES.keys() - {old}:
        assert not app_spec(before, app(service={"instance_size_slug": other}))


# What an answer leaves out.


def left_out(kind: str) -> list[str]:
    """The attributes whose absence says nothing."""
    return [
        name
        for name, attr in RESOURCE_KINDS[kind].attrs.items()
        if attr.policy.policy in TAKEN and not attr.policy.unset_when_absent
    ]


@pytest.mark.parametrize("kind", sorted(RESOURCE_KINDS))
def test_a_field_missing_from_a_response_is_unknown_and_not_null(kind: str) -> None:
    for field in left_out(kind):
        # Known to be without a tag: of a load balancer, that makes the droplets a choice.
        tagless = {"tag": None}
        comparison = compare(kind, {field: "desired"}, live(attrs=tagless))
        assert comparison.mismatches == ()
        assert comparison.unknown_fields == {field}
        assert drifting(kind, {field: "desired"}, attrs={**tagless, field: ["other"]}) == {field}


@pytest.mark.parametrize("kind", sorted(RESOURCE_KINDS))
def test_a_row_says_which_of_its_fields_were_left_out(kind: str) -> None:
    declared = RESOURCE_KINDS[kind]
    sighted = declared.sight({declared.columns.provider_id: "1"})
    unknown = {name for name in sighted.unknown_fields if name.startswith(ATTRS_PREFIX)}
    assert unknown >= {ATTRS_PREFIX + name for name in left_out(kind)}
    assert set(sighted.unknown_fields) - unknown <= COLUMNS | {"provider_created_at"}


def test_a_tag_that_a_load_balancer_no_longer_has_is_a_drift() -> None:
    assert drifting("load_balancer", {"tag": "web"}, attrs={"droplet_ids": [1]}) == {"tag"}


def test_another_spelling_of_a_value_gives_no_event() -> None:
    for kind, field, before, after in (
        ("firewall", "inbound_rules", [rule("0", "1.1.1.1")], [rule("all", "1.1.1.1/32")]),
        ("database", "rules", [source("tag", "a", uuid="1")], [source("tag", "a", uuid="2")]),
        ("domain", "records", entry("CAA", "a.org."), entry("CAA", "a.org", flags=0)),
        ("droplet", "features", ["ipv6"], ["droplet_agent", "ipv6"]),
        (
            "kubernetes_cluster",
            "maintenance_policy",
            {"start_time": "4:00"},
            {"start_time": "04:00"},
        ),
        ("app", "spec", app(), written_back()),
    ):
        assert became(kind, before, after, field) is Became.UNCHANGED, field


def test_a_renewed_certificate_and_a_scaled_pool_are_events() -> None:
    renewed = [forwarding("a", "x")], [forwarding("b", "x")]
    assert became("load_balancer", *renewed, "forwarding_rules") is Became.UPDATED
    pool = {"name": "p", "auto_scale": True}
    scaled = [{**pool, "count": 2}], [{**pool, "count": 3}]
    assert became("kubernetes_cluster", *scaled, "node_pools") is Became.UPDATED
    rules = [rule("22", "1.1.1.1")], [rule("23", "1.1.1.1")]
    assert became("firewall", *rules, "inbound_rules") is Became.UPDATED


def test_a_field_that_is_left_out_keeps_its_known_value_without_an_event() -> None:
    declared = RESOURCE_KINDS["load_balancer"]
    sighted = declared.sight({"id": "1", "name": "lb"})
    content = Content("lb", "nyc3", "lb-small", "active", (), {"algorithm": "round_robin"}, None)
    known = KnownResource(live().id, "1", content, NOBODY, None, deleted=False)
    seen = SightedResource(
        "1", replace(content, region="", status="", attrs={}), frozenset(sighted.unknown_fields)
    )
    kept = record(seen, known, kind="load_balancer")
    assert kept.became is Became.UNCHANGED
    assert kept.resource.content.attrs == {"algorithm": "round_robin"}
