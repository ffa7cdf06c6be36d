"""The simulator's responses match DigitalOcean's OpenAPI document."""

from functools import cache
from typing import Any

import jsonschema
import pytest

from providers.digitalocean.simulator.kinds import KINDS, Kind
from providers.digitalocean.simulator.web.scopes import needed_scope
from tests.simulator.running import Simulator
from tests.support import openapi

_READS = {
    "/v2/account": "",
    "/v2/account/keys": "ssh_keys",
    "/v2/actions": "actions",
    "/v2/apps": "apps",
    "/v2/cdn/endpoints": "endpoints",
    "/v2/certificates": "certificates",
    "/v2/customers/my/balance": "",
    "/v2/customers/my/billing_history": "billing_history",
    "/v2/customers/my/invoices": "invoices",
    "/v2/databases": "databases",
    "/v2/domains": "domains",
    "/v2/droplets": "droplets",
    "/v2/firewalls": "firewalls",
    "/v2/images": "images",
    "/v2/kubernetes/clusters": "kubernetes_clusters",
    "/v2/load_balancers": "load_balancers",
    "/v2/projects": "projects",
    "/v2/projects/default": "",
    "/v2/projects/default/resources": "resources",
    "/v2/regions": "regions",
    "/v2/reserved_ips": "reserved_ips",
    "/v2/sizes": "sizes",
    "/v2/snapshots": "snapshots",
    "/v2/spaces/keys": "keys",
    "/v2/tags": "tags",
    "/v2/volumes": "volumes",
    "/v2/vpcs": "vpcs",
    "/v2/droplets/autoscale": "autoscale_pools",
    "/v2/functions/namespaces": "namespaces",
    "/v2/nfs": "shares",
    "/v2/registries": "registries",
    "/v2/reserved_ipv6": "reserved_ipv6s",
    "/v2/uptime/checks": "checks",
    "/v2/vpc_nat_gateways": "vpc_nat_gateways",
    "/v2/vpc_peerings": "vpc_peerings",
}

_PARTS = {
    "/v2/actions/{action_id}": ("/v2/actions", "actions", "id"),
    "/v2/apps/{id}": ("/v2/apps", "apps", "id"),
    "/v2/cdn/endpoints/{cdn_id}": ("/v2/cdn/endpoints", "endpoints", "id"),
    "/v2/certificates/{certificate_id}": ("/v2/certificates", "certificates", "id"),
    "/v2/customers/my/invoices/{invoice_uuid}": (
        "/v2/customers/my/invoices",
        "invoices",
        "invoice_uuid",
    ),
    "/v2/customers/my/invoices/{invoice_uuid}/summary": (
        "/v2/customers/my/invoices",
        "invoices",
        "invoice_uuid",
    ),
    "/v2/databases/{database_cluster_uuid}": ("/v2/databases", "databases", "id"),
    "/v2/databases/{database_cluster_uuid}/replicas": ("/v2/databases", "databases", "id"),
    "/v2/droplets/autoscale/{autoscale_pool_id}": (
        "/v2/droplets/autoscale",
        "autoscale_pools",
        "id",
    ),
    "/v2/nfs/{nfs_id}": ("/v2/nfs", "shares", "id"),
    "/v2/registries/{registry_name}": ("/v2/registries", "registries", "name"),
    "/v2/reserved_ipv6/{reserved_ipv6}": ("/v2/reserved_ipv6", "reserved_ipv6s", "ip"),
    "/v2/vpc_nat_gateways/{id}": ("/v2/vpc_nat_gateways", "vpc_nat_gateways", "id"),
    "/v2/vpc_peerings/{vpc_peering_id}": ("/v2/vpc_peerings", "vpc_peerings", "id"),
    "/v2/domains/{domain_name}": ("/v2/domains", "domains", "name"),
    "/v2/domains/{domain_name}/records": ("/v2/domains", "domains", "name"),
    "/v2/droplets/{droplet_id}": ("/v2/droplets", "droplets", "id"),
    "/v2/droplets/{droplet_id}/backups": ("/v2/droplets", "droplets", "id"),
    "/v2/droplets/{droplet_id}/snapshots": ("/v2/droplets", "droplets", "id"),
    "/v2/droplets/{droplet_id}/actions": ("/v2/droplets", "droplets", "id"),
    "/v2/droplets/{droplet_id}/firewalls": ("/v2/droplets", "droplets", "id"),
    "/v2/droplets/{droplet_id}/destroy_with_associated_resources": (
        "/v2/droplets",
        "droplets",
        "id",
    ),
    "/v2/firewalls/{firewall_id}": ("/v2/firewalls", "firewalls", "id"),
    "/v2/images/{image_id}": ("/v2/images", "images", "id"),
    "/v2/kubernetes/clusters/{cluster_id}": (
        "/v2/kubernetes/clusters",
        "kubernetes_clusters",
        "id",
    ),
    "/v2/kubernetes/clusters/{cluster_id}/node_pools": (
        "/v2/kubernetes/clusters",
        "kubernetes_clusters",
        "id",
    ),
    "/v2/load_balancers/{lb_id}": ("/v2/load_balancers", "load_balancers", "id"),
    "/v2/projects/{project_id}": ("/v2/projects", "projects", "id"),
    "/v2/projects/{project_id}/resources": ("/v2/projects", "projects", "id"),
    "/v2/reserved_ips/{reserved_ip}": ("/v2/reserved_ips", "reserved_ips", "ip"),
    "/v2/snapshots/{snapshot_id}": ("/v2/snapshots", "snapshots", "id"),
    "/v2/spaces/keys/{access_key}": ("/v2/spaces/keys", "keys", "access_key"),
    "/v2/tags/{tag_id}": ("/v2/tags", "tags", "name"),
    "/v2/volumes/{volume_id}": ("/v2/volumes", "volumes", "id"),
    "/v2/volumes/{volume_id}/snapshots": ("/v2/volumes", "volumes", "id"),
    "/v2/vpcs/{vpc_id}": ("/v2/vpcs", "vpcs", "id"),
}


@cache
def _validator(path: str) -> jsonschema.protocols.Validator:
    schema = openapi.response_schema(path)
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    return jsonschema.Draft4Validator(schema, format_checker=checker)


def _check(path: str, answer: Any) -> None:
    errors = [
        f"{error.json_path}: {error.message[:200]}"
        for error in _validator(path).iter_errors(answer)
    ]
    assert errors == []


@pytest.mark.parametrize("path", _READS)
def test_a_list_conforms_and_is_not_empty(reading: Simulator, path: str) -> None:
    answer = reading.get(path)
    _check(path, answer)
    if _READS[path]:
        assert answer[_READS[path]] != []


@pytest.mark.parametrize("path", _PARTS)
def test_the_sub_resources_of_each_object_conform(reading: Simulator, path: str) -> None:
    listing, key, identifier = _PARTS[path]
    head, tail = path.split("{")[0], path.split("}")[1]
    items = reading.get(listing)[key]
    assert items != []
    for item in items:
        _check(path, reading.get(f"{head}{item[identifier]}{tail}"))


@pytest.mark.parametrize("parameters", [{"type": "gpus"}, {"per_page": 3, "page": 2}])
def test_other_pages_of_droplets_conform(reading: Simulator, parameters: dict[str, Any]) -> None:
    _check("/v2/droplets", reading.get("/v2/droplets", **parameters))


@pytest.mark.parametrize("path", ["/v2/billing/{account_urn}/insights/{start_date}/{end_date}"])
def test_insights_conform(reading: Simulator, path: str) -> None:
    team = reading.get("/v2/account")["account"]["team"]["uuid"]
    answer = reading.get(f"/v2/billing/do:team:{team}/insights/2026-04-01/2026-04-30")
    assert answer["data_points"] != []
    _check(path, answer)


@pytest.mark.parametrize("wrong", [{"id": "1"}, {"created_at": None}, {"status": "dreaming"}])
def test_the_check_notices_what_does_not_conform(reading: Simulator, wrong: dict[str, Any]) -> None:
    answer = reading.get("/v2/droplets")
    answer["droplets"][0] |= wrong
    assert not _validator("/v2/droplets").is_valid(answer)


@pytest.mark.parametrize("path", [*_READS, *_PARTS])
def test_a_read_needs_a_scope_that_the_document_names(path: str) -> None:
    assert needed_scope("GET", path) in openapi.call("GET", path)["scopes"]


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.filters], ids=lambda kind: kind.name
)
def test_a_list_is_narrowed_by_what_the_document_names(kind: Kind) -> None:
    documented = openapi.call("GET", kind.path)["parameters"]
    assert {each.parameter for each in kind.filters} <= documented.keys()
