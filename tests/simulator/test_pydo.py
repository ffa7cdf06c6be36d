"""DigitalOcean's own client lists the whole account."""

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
    "apps": "apps.list",
    "endpoints": "cdn.list_endpoints",
    "keys": "spaces_key.list",
    "sizes": "sizes.list",
    "regions": "regions.list",
    "tags": "tags.list",
    "actions": "actions.list",
    "invoices": "invoices.list",
    "ssh_keys": "ssh_keys.list",
    "certificates": "certificates.list",
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
