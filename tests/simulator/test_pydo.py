"""DigitalOcean's client lists the whole account."""

from datetime import date
from operator import attrgetter
from typing import Any

import pydo
import pytest

from tests.simulator.running import Simulator

_LISTS = {
    "droplets": "droplets.list",
    "projects": "projects.list",
    "volumes": "volumes.list",
    "snapshots": "snapshots.list",
    "images": "images.list",
    "domains": "domains.list",
    "load_balancers": "load_balancers.list",
    "kubernetes_clusters": "kubernetes.list_clusters",
    "reserved_ips": "reserved_ips.list",
    "vpcs": "vpcs.list",
    "firewalls": "firewalls.list",
    "certificates": "certificates.list",
    "ssh_keys": "ssh_keys.list",
    "apps": "apps.list",
    "endpoints": "cdn.list_endpoints",
    "keys": "spaces_key.list",
    "sizes": "sizes.list",
    "regions": "regions.list",
    "tags": "tags.list",
    "actions": "actions.list",
    "invoices": "invoices.list",
    "autoscale_pools": "autoscalepools.list",
    "checks": "uptime.list_checks",
    "reserved_ipv6s": "reserved_ipv6.list",
    "vpc_nat_gateways": "vpcnatgateways.list",
    "vpc_peerings": "vpc_peerings.list",
    "partner_attachments": "partner_attachments.list",
    "agents": "genai.list_agents",
    "dedicated_inferences": "dedicated_inferences.list",
    "policies": "monitoring.list_alert_policy",
}

# pydo sends its token over TLS only, unless a call says otherwise: this is the loopback.
_PLAIN: dict[str, Any] = {"enforce_https": False}


@pytest.fixture(scope="session")
def client(reading: Simulator) -> pydo.Client:
    return pydo.Client(token="simulated", endpoint=reading.url, retry_total=0)


@pytest.mark.parametrize("key", _LISTS)
def test_pydo_lists_every_item_of_a_kind_once(client: pydo.Client, key: str) -> None:
    items: list[Any] = []
    for page in range(1, 30):
        answer = attrgetter(_LISTS[key])(client)(page=page, per_page=10, **_PLAIN)
        items += answer[key]
        if "next" not in answer.get("links", {}).get("pages", {}):
            break
    assert len(items) == answer["meta"]["total"] > 0
    assert len({repr(item) for item in items}) == len(items)


def test_pydo_reads_what_does_not_page(client: pydo.Client) -> None:
    assert len(client.databases.list_clusters(**_PLAIN)["databases"]) == 4
    assert len(client.registries.list(**_PLAIN)["registries"]) == 1
    assert len(client.functions.list_namespaces(**_PLAIN)["namespaces"]) == 2
    assert len(client.nfs.list(**_PLAIN)["shares"]) == 1
    assert client.account.get(**_PLAIN)["account"]["status"] == "active"
    assert client.balance.get(**_PLAIN)["month_to_date_usage"]
    assert client.billing_history.list(**_PLAIN)["billing_history"]


_READS: dict[str, tuple[str, str]] = {
    "droplets.get": ("droplets", "id"),
    "droplets.list_backups": ("droplets", "id"),
    "droplets.list_snapshots": ("droplets", "id"),
    "droplets.list_firewalls": ("droplets", "id"),
    "droplets.list_kernels": ("droplets", "id"),
    "droplets.list_neighbors": ("droplets", "id"),
    "droplets.list_associated_resources": ("droplets", "id"),
    "droplet_actions.list": ("droplets", "id"),
    "volumes.get": ("volumes", "id"),
    "volume_snapshots.list": ("volumes", "id"),
    "snapshots.get": ("snapshots", "id"),
    "images.get": ("images", "id"),
    "domains.get": ("domains", "name"),
    "domains.list_records": ("domains", "name"),
    "load_balancers.get": ("load_balancers", "id"),
    "kubernetes.get_cluster": ("kubernetes_clusters", "id"),
    "kubernetes.list_node_pools": ("kubernetes_clusters", "id"),
    "reserved_ips.get": ("reserved_ips", "ip"),
    "vpcs.get": ("vpcs", "id"),
    "vpcs.list_members": ("vpcs", "id"),
    "firewalls.get": ("firewalls", "id"),
    "apps.get": ("apps", "id"),
    "cdn.get_endpoint": ("endpoints", "id"),
    "spaces_key.get": ("keys", "access_key"),
    "certificates.get": ("certificates", "id"),
    "ssh_keys.get": ("ssh_keys", "fingerprint"),
    "tags.get": ("tags", "name"),
    "actions.get": ("actions", "id"),
    "projects.get": ("projects", "id"),
    "projects.list_resources": ("projects", "id"),
    "invoices.get_by_uuid": ("invoices", "invoice_uuid"),
    "invoices.get_summary_by_uuid": ("invoices", "invoice_uuid"),
}
"""What reads an object or a part of it, with the list of such objects and what names one."""


@pytest.mark.parametrize("operation", _READS)
def test_pydo_reads_an_object_and_what_belongs_to_it(client: pydo.Client, operation: str) -> None:
    key, name = _READS[operation]
    for document in attrgetter(_LISTS[key])(client)(per_page=5, **_PLAIN)[key]:
        answer = attrgetter(operation)(client)(document[name], **_PLAIN)
        # A refusal has a message, and is no exception to pydo where its status is documented.
        assert "message" not in answer, answer
        if operation.split(".")[1].startswith("get") and key != "invoices":
            [read] = answer.values()
            assert read[name] == document[name]


def test_pydo_reads_snapshots_of_volumes_and_the_daily_costs(client: pydo.Client) -> None:
    snapshots = client.snapshots.list(resource_type="volume", **_PLAIN)["snapshots"]
    for snapshot in snapshots:
        read = client.volume_snapshots.get_by_id(snapshot["id"], **_PLAIN)
        assert read["snapshot"] == snapshot
    urn = "do:team:" + client.account.get(**_PLAIN)["account"]["team"]["uuid"]
    answer = client.billing_insights.list(urn, date(2026, 5, 1), date(2026, 5, 19), **_PLAIN)
    assert answer["total_items"] > 0


def test_pydo_makes_and_removes_a_droplet(sim: Simulator) -> None:
    own = pydo.Client(token="simulated", endpoint=sim.url, retry_total=0)
    order: Any = {
        "name": "by-pydo",
        "size": "s-1vcpu-1gb",
        "region": "fra1",
        "image": "debian-12-x64",
    }
    made = own.droplets.create(order, **_PLAIN)
    identifier = made["droplet"]["id"]
    action = own.actions.get(made["links"]["actions"][0]["id"], **_PLAIN)["action"]
    assert (action["type"], action["status"]) == ("create", "in-progress")
    own.droplets.destroy(identifier, **_PLAIN)
    assert identifier not in {
        d["id"] for d in own.droplets.list(per_page=200, **_PLAIN)["droplets"]
    }
