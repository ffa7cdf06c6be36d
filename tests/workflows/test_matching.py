"""Matching of several years of simulated bills, compared with the true resources."""

from collections import defaultdict
from typing import Any

import grpc
import psycopg
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub

from contracts.costs import billing_history
from contracts.flows import BY_HAND, start_flow
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service
from tests.workflows.billing_system import Bills
from tests.workflows.system import outcomes_of
from workflows.costs.billing_history import BillingHistory

BILLED_AS = {
    "droplet": "droplet", "backup": "droplet", "snapshot": "snapshot", "volume": "volume",
    "volume_snapshot": "snapshot", "custom_image": "image", "kubernetes_node": "droplet",
    "kubernetes_ha": "kubernetes_cluster", "load_balancer": "load_balancer",
    "database": "database", "app": "app", "reserved_ip": "reserved_ip",
    **{kind: kind for kind in (
        "reserved_ipv6", "nat_gateway", "partner_attachment", "container_registry",
        "functions_namespace", "nfs_share", "database_replica", "gradient_agent",
        "dedicated_inference", "uptime_check",
    )},
}  # fmt: skip  # a table
"""The inventory's kind of what the simulator bills."""

STRIKES = 3
"""After so many syncs that do not see a resource it is gone."""

OF_THE_ACCOUNT = {
    ("usage", "spaces"),
    ("overage", "spaces"),
    ("overage", "bandwidth"),
    ("tax", ""),
    ("credit", ""),
}
"""Charge and kind of the lines that bill no single resource."""


def resources(bills: Bills, where: str = "true") -> dict[str, tuple[str, str]]:
    """Kind and provider's id of resources that the inventory ever saw, by our id."""
    settings = bills.system.settings
    name = settings.database_url(Service.INVENTORY).rpartition("/")[2]
    url = f"{settings.admin_url().rpartition('/')[0]}/{name}"
    query = f"SELECT id::text, kind, provider_id FROM cloud_resources WHERE {where}"
    with psycopg.connect(url) as connection:
        rows = connection.execute(query.encode())
        return {identifier: (kind, provider_id) for identifier, kind, provider_id in rows}


def truth(bills: Bills) -> list[dict[str, Any]]:
    """Every line of every issued invoice, as the simulator knows it."""
    return [
        line
        for uuid in bills.issued()
        for line in bills.told(f"/_simulator/truth/invoices/{uuid}")["lines"]
    ]


def cases(lines: list[dict[str, Any]], gone: set[str]) -> dict[str, set[str]]:
    """The droplets of each case that makes matching hard; `gone` are the ids of the deleted."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    sizes: defaultdict[str, set[str]] = defaultdict(set)
    called: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line["kind"] == "droplet":
            name, _, size = line["description"].rpartition(" (")
            names[line["resource_id"]].add(name)
            sizes[line["resource_id"]].add(size)
            called[name].add(line["resource_id"])
    return {
        "renamed": {droplet for droplet, known in names.items() if len(known) > 1},
        "resized": {droplet for droplet, known in sizes.items() if len(known) > 1},
        "same-named": set[str]().union(*(ids for ids in called.values() if len(ids) > 1)),
        "deleted": names.keys() & gone,
    }


def kept(bills: Bills) -> list[tuple[str, str, str, str | None]]:
    """The provider's UUID, description, classification and resource of every line."""
    return bills.rows(
        "SELECT provider_resource_uuid, description, classification,"
        " resource_id::text FROM cloud_cost_lines"
    )


async def rematched(bills: Bills, channel: grpc.aio.Channel) -> str:
    """Has all lines matched anew; how that ended."""
    token = mint_user_token(bills.system.settings, subject="op", roles=["platform-admin"])
    answer = await ProviderInvoiceServiceStub(channel).RematchCostLines(
        pb.RematchCostLinesRequest(), metadata=(("authorization", f"Bearer {token}"),)
    )
    handle = bills.system.client.get_workflow_handle(answer.run.workflow_id)
    await handle.result()
    return answer.run.workflow_id


async def delete_a_droplet(bills: Bills) -> str:
    """Deletes the oldest droplet and has the inventory find it gone; its id."""
    system = bills.system
    gone = str(min(droplet["id"] for droplet in system.simulator.truth()))
    system.simulator.delete(gone)
    for _ in range(STRIKES):
        await outcomes_of(await system.start("droplet"))
    return gone


async def test_every_line_of_a_resource_that_the_inventory_saw_is_matched_and_none_wrong(
    bills: Bills,
) -> None:
    bills.system.start_worker()
    await outcomes_of(await bills.system.start())
    deleted = await delete_a_droplet(bills)
    await (
        await start_flow(bills.system.client, billing_history(BY_HAND), BillingHistory.run)
    ).result()
    known = resources(bills)
    seen = {key: identifier for identifier, key in known.items()}
    expected: dict[tuple[str, str], set[str | None]] = {}
    lines = truth(bills)
    for line in lines:
        kind = BILLED_AS.get(line["kind"], "")
        resource = seen.get((kind, line["resource_id"])) if line["resource_id"] else None
        key = (line["resource_uuid"], line["description"])
        expected.setdefault(key, set()).add(resource)
    found = kept(bills)
    assert len(found) == len(lines)
    wrong = [
        (uuid, description, resource)
        for uuid, description, _, resource in found
        if expected[uuid, description] != {resource}
    ]
    assert wrong == []
    assert sum(resource is not None for *_, resource in found) > 500
    matched = {known[resource][1] for *_, resource in found if resource is not None}
    assert ("droplet", deleted) in resources(bills, "deleted_at IS NOT NULL").values()
    for case, droplets in cases(lines, {deleted}).items():
        assert droplets & matched, case
    billed = {(line["charge"], line["kind"]) for line in lines}
    assert billed == OF_THE_ACCOUNT | {("usage", kind) for kind in BILLED_AS}
    assert len(bills.issued()) > 24

    before = sorted(found, key=str)
    async with grpc.aio.insecure_channel(bills.system.settings.billing_address) as channel:
        assert await rematched(bills, channel) == "cost-rematch/all"
    assert sorted(kept(bills), key=str) == before
