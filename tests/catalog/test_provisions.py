"""The progress of a provision: workers record it, operators read it, and it ends once."""

from datetime import timedelta
from typing import Any

import psycopg
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import lifecycle_service_pb2 as worker_pb
from arcadia.catalog.v1 import list_price_service_pb2 as list_pb
from arcadia.catalog.v1 import rebilling_service_pb2 as rebilling_pb
from psycopg.types.json import Jsonb

from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field


def started(shop: Shop, deployment_id: str) -> str:
    """A provision that somebody asked for; answers its id."""
    with psycopg.connect(shop.admin_url) as connection:
        row = connection.execute(
            "INSERT INTO provisions (deployment_id, tenant_id, droplet_size, droplet_image,"
            " droplet_tags, workflow_id, requested_by, requested_at)"
            " VALUES (%s, 'acme', 's-1vcpu-1gb', 'debian-12', '{blue}', 'provision/1', 'op', now())"
            " RETURNING id::text",
            [deployment_id],
        ).fetchone()
    assert row is not None
    return str(row[0])


async def progress(shop: Shop, provision_id: str, **said: Any) -> deployments_pb2.Provision:
    request = worker_pb.RecordProvisionProgressRequest(provision_id=provision_id, **said)
    answer = await shop.lifecycle.RecordProvisionProgress(request, metadata=shop.worker)
    return answer.provision


async def test_a_provision_is_followed_to_its_end(shop: Shop) -> None:
    deployment = await shop.deploy()
    first, second = started(shop, deployment.id), started(shop, deployment.id)
    await progress(shop, first, status="running", step="create")
    await progress(shop, first, status="running", step="tag", resource_id="r-1")
    done = await progress(shop, first, status="completed")
    assert (done.status, done.step, done.resource_id) == ("completed", "tag", "r-1")
    assert done.run.HasField("finished_at")
    assert (done.droplet.size, list(done.droplet.tags)) == ("s-1vcpu-1gb", ["blue"])
    failed = await progress(shop, second, status="failed", step="create", reason="no capacity")
    assert (failed.status, failed.reason) == ("failed", "no capacity")

    listed = await shop.deployments.ListProvisions(
        pb.ListProvisionsRequest(deployment_id=deployment.id), metadata=shop.operator
    )
    # Operators are told where to look at a run, workers are not.
    for told in (failed, done):
        told.run.url = listed.provisions[0].run.url
    assert list(listed.provisions) == [failed, done]
    one = await shop.deployments.GetProvision(
        pb.GetProvisionRequest(deployment_id=deployment.id, id=first), metadata=shop.operator
    )
    assert one.provision == done
    assert [type_ for type_, *_ in await shop.history(deployment.id)] == ["created", "provisioned"]


async def test_a_provision_ends_once(shop: Shop) -> None:
    deployment = await shop.deploy()
    provision_id = started(shop, deployment.id)
    done = await progress(shop, provision_id, status="completed", resource_id="r-1")
    assert await progress(shop, provision_id, status="completed") == done
    again = progress(shop, provision_id, status="failed")
    assert await refusal(again, reason_of) == ("FAILED_PRECONDITION", "PROVISION_ENDED")
    assert [type_ for type_, *_ in await shop.history(deployment.id)] == ["created", "provisioned"]


async def test_nothing_goes_on_being_made_for_a_deployment_that_does_not_run(shop: Shop) -> None:
    deployment = await shop.deploy()
    provision_id = started(shop, deployment.id)
    await progress(shop, provision_id, status="running", step="create")
    await shop.move(deployment.id, "suspended")
    going_on = progress(shop, provision_id, status="running", step="assign")
    assert await refusal(going_on, reason_of) == ("FAILED_PRECONDITION", "DEPLOYMENT_NOT_RUNNING")
    failed = await progress(shop, provision_id, status="failed", reason="suspended meanwhile")
    assert (failed.status, failed.step) == ("failed", "create")


async def test_progress_that_makes_no_sense_is_refused_by_its_field(shop: Shop) -> None:
    deployment = await shop.deploy()
    provision_id = started(shop, deployment.id)
    for said, field in (
        ({"status": "sleeping"}, "status"),
        ({"status": "running", "step": "dance"}, "step"),
    ):
        call = progress(shop, provision_id, **said)
        assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", field)
    unknown = progress(shop, deployment.id, status="running")
    assert await refusal(unknown, reason_of) == ("NOT_FOUND", "PROVISION_NOT_FOUND")
    elsewhere = pb.GetProvisionRequest(deployment_id=provision_id, id=provision_id)
    other = shop.deployments.GetProvision(elsewhere, metadata=shop.operator)
    assert await refusal(other, reason_of) == ("NOT_FOUND", "PROVISION_NOT_FOUND")


async def asked(shop: Shop, deployment_id: str, **said: Any) -> Any:
    droplet = deployments_pb2.DropletOrder(size="s-1vcpu-1gb", image="debian-12", region="nyc3")
    request = pb.ProvisionDeploymentRequest(id=deployment_id, droplet=droplet, **said)
    return await shop.deployments.ProvisionDeployment(request, metadata=shop.operator)


async def test_nothing_is_made_for_a_deployment_without_a_subscription(shop: Shop) -> None:
    deployment = await shop.deploy()
    assert await refusal(asked(shop, deployment.id), reason_of) == (
        "FAILED_PRECONDITION",
        "NOT_SUBSCRIBED",
    )
    later = str(shop.clock().date() + timedelta(days=1))
    await shop.subscribe(deployment.id, starts_on=later)
    assert await refusal(asked(shop, deployment.id), reason_of) == (
        "FAILED_PRECONDITION",
        "NOT_SUBSCRIBED",
    )
    assert shop.rows("SELECT 1 FROM provisions") == []


async def test_nothing_is_made_that_no_price_in_force_applies_to(shop: Shop) -> None:
    deployment = await shop.deploy()
    await shop.subscribe(deployment.id)
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("ALTER TABLE plan_items DISABLE TRIGGER USER")
        connection.execute("DELETE FROM plan_items WHERE resource_kind = 'droplet_hours'")
        connection.execute(
            "UPDATE resource_prices SET effective_to = '2026-04-10'"
            " WHERE resource_kind = 'droplet_hours'"
        )
    assert await refusal(asked(shop, deployment.id), reason_of) == (
        "FAILED_PRECONDITION",
        "NOT_PRICED",
    )


async def test_a_size_that_no_price_matches_is_refused(shop: Shop) -> None:
    deployment = await shop.deploy()
    await shop.subscribe(deployment.id)
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("ALTER TABLE plan_items DISABLE TRIGGER USER")
        for table in ("plan_items", "resource_prices"):
            connection.execute(
                f"UPDATE {table} SET match = %s"
                " WHERE resource_kind = 'droplet_hours' AND match = '{}'".encode(),
                [Jsonb({"size": ["s-2vcpu-*"]})],
            )
    assert await refusal(asked(shop, deployment.id), reason_of) == (
        "FAILED_PRECONDITION",
        "NOT_PRICED",
    )


async def test_a_droplet_without_a_price_is_forced_with_a_reason_that_is_kept(shop: Shop) -> None:
    deployment = await shop.deploy()
    forced = asked(shop, deployment.id, force_reason=" a gift ")
    # Past the check, it asks for durable work, of which there is none here.
    assert (await refusal(forced, reason_of))[0] == "UNAVAILABLE"


async def test_user_data_is_available_to_workers_until_the_provision_ends(shop: Shop) -> None:
    deployment = await shop.deploy()
    provision_id = started(shop, deployment.id)
    assert shop.rows("INSERT INTO provision_user_data VALUES (%s, '#!/bin/sh') RETURNING 1",
                     provision_id)  # fmt: skip  # one statement

    async def told() -> str:
        request = worker_pb.GetProvisionUserDataRequest(provision_id=provision_id)
        answer = await shop.lifecycle.GetProvisionUserData(request, metadata=shop.worker)
        return answer.user_data

    await progress(shop, provision_id, status="running", step="create")
    assert await told() == "#!/bin/sh"
    await progress(shop, provision_id, status="failed", step="create", reason="no capacity")
    assert await told() == ""
    assert shop.rows("SELECT 1 FROM provision_user_data") == []


async def is_sold(shop: Shop, deployment_id: str) -> bool:
    """Whether an order is not refused before the workflow engine, which is not there, is asked."""
    return (await refusal(asked(shop, deployment_id), reason_of))[0] == "UNAVAILABLE"


def match_only(shop: Shop, match: dict[str, list[str]]) -> None:
    """The price of every droplet is for a match only."""
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("ALTER TABLE plan_items DISABLE TRIGGER USER")
        connection.execute("DELETE FROM plan_items WHERE resource_kind = 'droplet_hours'")
        connection.execute(
            "UPDATE resource_prices SET match = %s"
            " WHERE resource_kind = 'droplet_hours' AND match = '{}'",
            [Jsonb(match)],
        )


async def test_a_price_by_what_an_order_does_not_tell_may_apply(shop: Shop) -> None:
    deployment = await shop.deploy()
    await shop.subscribe(deployment.id)
    match_only(shop, {"image_kind": ["base"]})
    assert await is_sold(shop, deployment.id)


async def test_a_droplet_that_a_rebilling_rule_prices_is_sold(shop: Shop) -> None:
    deployment = await shop.deploy()
    await shop.subscribe(deployment.id)
    match_only(shop, {"size": ["s-2vcpu-*"]})
    rule = rebilling_pb.CreateRebillingRuleRequest(
        code="cost_plus",
        basis="list",
        percent="20",
        currency="AUD",
        effective_from="2026-04-01",
    )
    rule.match["meter"].string_value = "droplet_hours"
    await shop.rebilling.CreateRebillingRule(rule, metadata=shop.operator)
    assert await refusal(asked(shop, deployment.id), reason_of) == (
        "FAILED_PRECONDITION",
        "NOT_PRICED",
    )
    told = list_pb.RecordListPricesRequest(
        provider="digitalocean",
        on="2026-04-01",
        recorded_by="sync",
        prices=[
            list_pb.ListedPrice(
                meter="droplet_hours",
                dimensions={"size": "s-1vcpu-1gb"},
                usd="6",
                per_qty="672",
            )
        ],
    )
    await shop.list_prices.RecordListPrices(told, metadata=shop.worker)
    assert await is_sold(shop, deployment.id)
