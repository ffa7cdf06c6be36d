"""python-digitalocean, a widely used client, reads the whole account, with its old paths."""

from collections.abc import Callable
from typing import Any

import digitalocean
import pytest

from tests.simulator.running import Simulator

ID = "id"
LISTS: dict[str, tuple[str, str]] = {
    "get_all_droplets": ("/v2/droplets", "droplets"),
    "get_all_volumes": ("/v2/volumes", "volumes"),
    "get_all_snapshots": ("/v2/snapshots", "snapshots"),
    "get_all_images": ("/v2/images", "images"),
    "get_all_domains": ("/v2/domains", "domains"),
    "get_all_load_balancers": ("/v2/load_balancers", "load_balancers"),
    "get_all_floating_ips": ("/v2/reserved_ips", "reserved_ips"),
    "get_all_vpcs": ("/v2/vpcs", "vpcs"),
    "get_all_firewalls": ("/v2/firewalls", "firewalls"),
    "get_all_projects": ("/v2/projects", "projects"),
    "get_all_certificates": ("/v2/certificates", "certificates"),
    "get_all_sshkeys": ("/v2/account/keys", "ssh_keys"),
    "get_all_tags": ("/v2/tags", "tags"),
    "get_all_sizes": ("/v2/sizes", "sizes"),
    "get_all_regions": ("/v2/regions", "regions"),
}
"""What lists each kind, with the path and the key of the same list."""

NAMED_BY = {
    "domains": "name",
    "reserved_ips": "ip",
    "tags": "name",
    "sizes": "slug",
    "regions": "slug",
}
"""Where it is no `id`."""

READS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "get_droplet": ("get_all_droplets", lambda one: one.id),
    "get_volume": ("get_all_volumes", lambda one: one.id),
    "get_snapshot": ("get_all_snapshots", lambda one: one.id),
    "get_image": ("get_all_images", lambda one: one.slug or one.id),
    "get_domain": ("get_all_domains", lambda one: one.name),
    "get_load_balancer": ("get_all_load_balancers", lambda one: one.id),
    "get_floating_ip": ("get_all_floating_ips", lambda one: one.ip),
    "get_vpc": ("get_all_vpcs", lambda one: one.id),
    "get_firewall": ("get_all_firewalls", lambda one: one.id),
    "get_project": ("get_all_projects", lambda one: one.id),
    "get_certificate": ("get_all_certificates", lambda one: one.id),
    "get_ssh_key": ("get_all_sshkeys", lambda one: one.id),
}
"""What reads one object, and what of it by the list."""


@pytest.fixture
def manager(reading: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    # Objects that it makes of a list ask where the environment says.
    monkeypatch.setenv("DIGITALOCEAN_END_POINT", f"{reading.url}/v2/")
    return digitalocean.Manager(token="simulated")


@pytest.mark.parametrize("method", LISTS)
def test_it_lists_every_object_of_a_kind(reading: Simulator, manager: Any, method: str) -> None:
    path, key = LISTS[method]
    name = NAMED_BY.get(key, ID)
    listed = [getattr(one, name) for one in getattr(manager, method)()]
    assert listed
    assert listed == [document[name] for document in reading.everything(path, key)]


@pytest.mark.parametrize("method", READS)
def test_it_reads_every_object_of_a_kind(manager: Any, method: str) -> None:
    lister, named = READS[method]
    for one in getattr(manager, lister)():
        again = getattr(manager, method)(named(one))
        assert named(again) == named(one)


def test_it_reads_what_belongs_to_an_object(reading: Simulator, manager: Any) -> None:
    droplets = manager.get_all_droplets()
    for droplet in droplets[:5]:
        assert [action.id for action in droplet.get_actions()] == [
            action["id"]
            for action in reading.everything(f"/v2/droplets/{droplet.id}/actions", "actions")
        ]
        assert droplet.get_snapshots() is not None
        assert droplet.get_kernel_available() == []
    for domain in manager.get_all_domains():
        path = f"/v2/domains/{domain.name}/records"
        told = reading.everything(path, "domain_records")
        assert [record.id for record in domain.get_records()] == [one["id"] for one in told]
    for project in manager.get_all_projects():
        told = reading.everything(f"/v2/projects/{project.id}/resources", "resources")
        assert project.get_all_resources() == [one["urn"] for one in told]
    [key] = [one for one in manager.get_all_sshkeys() if one.load_by_pub_key(one.public_key)][:1]
    assert key.fingerprint


def test_it_reads_the_account_and_its_money(manager: Any) -> None:
    assert manager.get_account().status == "active"
    assert manager.get_balance().month_to_date_usage
    assert manager.get_default_project().is_default
    assert manager.get_action(manager.get_data("actions")["actions"][0]["id"]).status


def test_it_filters_by_tag_and_type(reading: Simulator, manager: Any) -> None:
    tagged = manager.get_all_droplets(tag_name="tenant:acme")
    assert tagged
    assert all("tenant:acme" in droplet.tags for droplet in tagged)
    assert {s.resource_type for s in manager.get_volume_snapshots()} == {"volume"}
    assert {s.resource_type for s in manager.get_droplet_snapshots()} == {"droplet"}
    assert len(manager.get_images(type="distribution")) < len(manager.get_all_images())
