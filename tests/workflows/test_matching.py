"""On years of the simulator's bills, matching is held against the truth that it knows."""

from typing import Any

import grpc
import psycopg
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub

from services.common.access import mint_user_token
from services.common.settings import Service
from tests.workflows.billing_system import Bills
from tests.workflows.system import outcomes_of
from workflows.billing_starts import start_billing_history

BILLED_AS = {
    "droplet": "droplet", "backup": "droplet", "snapshot": "snapshot", "volume": "volume",
    "volume_snapshot": "snapshot", "custom_image": "image", "kubernetes_node": "droplet",
    "kubernetes_ha": "kubernetes_cluster", "load_balancer": "load_balancer",
    "database": "database", "app": "app", "reserved_ip": "reserved_ip",
}  # fmt: skip
"""The inventory's kind of what the simulator bills."""


def inventory(bills: Bills) -> dict[str, tuple[str, str]]:
    """Kind and provider's id of every resource that the inventory ever saw, by our id."""
    settings = bills.system.settings
    name = settings.database_url(Service.INVENTORY).rpartition("/")[2]
    url = f"{settings.admin_url().rpartition('/')[0]}/{name}"
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id::text, kind, provider_id FROM cloud_resources")
        return {identifier: (kind, provider_id) for identifier, kind, provider_id in rows}


def truth(bills: Bills) -> list[dict[str, Any]]:
    """Every line of every issued invoice, as the simulator knows it."""
    return [
        line
        for uuid in bills.issued()
        for line in bills.told(f"/_simulator/truth/invoices/{uuid}")["lines"]
    ]


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


async def test_every_line_of_a_resource_that_the_inventory_saw_is_matched_and_none_wrong(
    bills: Bills,
) -> None:
    bills.system.start_worker()
    await outcomes_of(await bills.system.start())
    await (await start_billing_history(bills.system.client)).result()
    known = inventory(bills)
    seen = {key: identifier for identifier, key in known.items()}
    expected: dict[tuple[str, str], set[str | None]] = {}
    for line in truth(bills):
        kind = BILLED_AS.get(line["kind"], "")
        resource = seen.get((kind, line["resource_id"])) if line["resource_id"] else None
        key = (line["resource_uuid"], line["description"])
        expected.setdefault(key, set()).add(resource)
    found = kept(bills)
    assert len(found) == len(truth(bills))
    wrong = [
        (uuid, description, resource)
        for uuid, description, _, resource in found
        if expected[uuid, description] != {resource}
    ]
    assert wrong == []
    assert sum(resource is not None for *_, resource in found) > 500

    before = sorted(found, key=str)
    async with grpc.aio.insecure_channel(bills.system.settings.billing_address) as channel:
        assert await rematched(bills, channel) == "cost-rematch/all"
    assert sorted(kept(bills), key=str) == before
