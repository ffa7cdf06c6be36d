"""What commands make of their arguments, against services that answer from memory."""

from typing import Any

import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as deployments_pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import list_price_service_pb2 as prices_pb
from arcadia.catalog.v1 import rebilling_service_pb2 as rebilling_pb
from typer import BadParameter
from typer.testing import CliRunner

from cli import deployments
from cli.app import app
from cli.catalog import list_prices, rebilling
from cli.inventory.provision import order_lines

UUID = "00000000-0000-4000-8000-000000000000"


def arcadia(*words: str) -> str:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "240"}).output


@pytest.mark.parametrize(("known", "found"), [([UUID], UUID), ([], "shop")])
def test_a_deployment_is_named_by_id_or_slug(
    known: list[str], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def call(request: Any) -> Any:
        asked.append((request.slug, request.tenant_id))
        those = [deployments_pb2.Deployment(id=one) for one in known]
        return deployments_pb.ListDeploymentsResponse(deployments=those)

    monkeypatch.setattr(deployments, "call", call)
    assert deployments.deployment_id("shop", "acme") == found
    assert deployments.deployment_id(UUID) == UUID
    assert deployments.deployment_id("") == ""
    assert asked == [("shop", "acme")]


def test_a_slug_of_several_tenants_needs_the_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    those = [deployments_pb2.Deployment(id=UUID)] * 2
    answer = deployments_pb.ListDeploymentsResponse(deployments=those)
    monkeypatch.setattr(deployments, "call", lambda request: answer)
    with pytest.raises(BadParameter, match="--tenant"):
        deployments.deployment_id("shop")


def test_a_rule_takes_a_month_and_several_values_of_its_scope(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def call(request: Any) -> Any:
        asked.append(request)
        return rebilling_pb.CreateRebillingRuleResponse()

    monkeypatch.setattr(rebilling, "call", call)
    rule = ("cost_plus", "list", "20", "AUD", "2026-12", "--match", "meter=droplet_hours,dns_zones")
    arcadia("catalog", "rebilling", "set", *rule)
    [request] = asked
    assert request.effective_from == "2026-12-01"
    values = [one.string_value for one in request.match["meter"].list_value.values]
    assert values == ["droplet_hours", "dns_zones"]


def test_list_prices_are_ordered_by_the_numbers_in_their_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = ("s-16vcpu", "s-1vcpu-512mb", "s-1vcpu-2gb", "s-2vcpu", "c-4")
    those = [prices_pb.ListPrice(meter="droplet_hours", dimensions={"size": one}) for one in sizes]
    monkeypatch.setattr(list_prices, "pages", lambda *_: those)
    shown = arcadia("catalog", "list-prices").splitlines()[1:]
    ordered = ["c-4", "s-1vcpu-2gb", "s-1vcpu-512mb", "s-2vcpu", "s-16vcpu"]
    assert [line.split()[2] for line in shown] == ordered


def test_a_simulation_needs_a_draft_and_names_its_options() -> None:
    for words in ((), ("--plan", "studio"), ("--version", "2")):
        assert "Name a catalog file, or a plan with --plan" in arcadia(
            "catalog", "simulate", *words
        )
    assert "--by is tenant, deployment, meter" in arcadia(
        "catalog", "simulate", "--plan", "studio", "--version", "2", "--by", "day"
    )


def test_a_provision_shows_its_order_and_why_it_was_forced() -> None:
    droplet = deployments_pb2.DropletOrder(
        size="s-1", image="ubuntu", region="syd1", vpc_uuid="vpc-7", ssh_keys=["7", "8"]
    )
    provision = deployments_pb2.Provision(
        droplet=droplet, requested_by="ann", force_reason="a gift"
    )
    assert order_lines(provision) == [
        "s-1, ubuntu, in syd1, VPC vpc-7, SSH keys 7, 8",
        "requested 1970-01-01 00:00 by ann",
        "forced: a gift",
    ]
