"""How far a provision is: workers say it, operators read it, and it ends once."""

from typing import Any

import psycopg
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import lifecycle_service_pb2 as worker_pb

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
