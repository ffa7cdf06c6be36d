"""Provisioning at the simulated provider: everything is created, or nothing is left."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import httpx
import psycopg
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1 import subscription_service_pb2 as subscription_pb
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from arcadia.catalog.v1.subscription_service_pb2_grpc import SubscriptionServiceStub
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle

from services.catalog.plans.seed import seed
from services.common.db.database import Database
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from tests.providers.simulator import Simulator
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.serving import served
from tests.support.waiting import until
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.system import System

ORDER = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
SECRET = "wgnt-7f3a"
USER_DATA = f"#cloud-config\nruncmd: ['join --token {SECRET}']\n"


class Provisioning:
    """A deployment of a tenant, and an operator who provisions for it."""

    def __init__(self, system: System) -> None:
        self.system = system
        token = mint_user_token(system.settings, subject="op", roles=["platform-admin"])
        self.metadata = (("authorization", f"Bearer {token}"),)
        self.deployment_id = ""

    async def call(self, method: str, request: Any) -> Any:
        """Asks the catalog."""
        async with grpc.aio.insecure_channel(self.system.settings.catalog_address) as channel:
            stub: Any = DeploymentServiceStub(channel)
            return await getattr(stub, method)(request, metadata=self.metadata)

    async def deployment(self) -> None:
        """Makes the deployment, and subscribes it."""
        request = pb.CreateDeploymentRequest(tenant_id="acme", slug="shop", region="nyc3")
        self.deployment_id = (await self.call("CreateDeployment", request)).deployment.id
        async with grpc.aio.insecure_channel(self.system.settings.catalog_address) as channel:
            subscribe = subscription_pb.SubscribeRequest(id=self.deployment_id, plan_code="studio")
            await SubscriptionServiceStub(channel).Subscribe(subscribe, metadata=self.metadata)

    async def provision(self, request_id: str = "", **order: Any) -> deployments_pb2.Provision:
        """Asks for a droplet, which the deployment's subscription prices."""
        request = pb.ProvisionDeploymentRequest(
            id=self.deployment_id,
            droplet=deployments_pb2.DropletOrder(**{**ORDER, **order}),
            request_id=request_id,
        )
        provision: deployments_pb2.Provision = (
            await self.call("ProvisionDeployment", request)
        ).provision
        return provision

    async def now(self, provision_id: str) -> deployments_pb2.Provision:
        """A provision as it is polled."""
        request = pb.GetProvisionRequest(deployment_id=self.deployment_id, id=provision_id)
        provision: deployments_pb2.Provision = (await self.call("GetProvision", request)).provision
        return provision

    def database_text(self) -> str:
        """Every row of the catalog's database, as text."""
        tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        with psycopg.connect(self._admin_url()) as connection:
            found = connection.execute(
                f"{tables} WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            return "".join(
                str(connection.execute(f"SELECT * FROM {table}".encode()).fetchall())
                for (table,) in found
            )

    def _admin_url(self) -> str:
        settings = self.system.settings
        database = settings.database_url(Service.CATALOG).rpartition("/")[2]
        return settings.admin_url().rpartition("/")[0] + f"/{database}"

    def step(self, provision: deployments_pb2.Provision) -> str:
        """The step that it is at, as the catalog's database has it."""
        with psycopg.connect(self._admin_url()) as connection:
            row = connection.execute(
                "SELECT step FROM provisions WHERE id = %s", [provision.id]
            ).fetchone()
        assert row is not None
        return str(row[0])

    def run_of(self, provision: deployments_pb2.Provision) -> WorkflowHandle[Any, Any]:
        """The work on it."""
        return self.system.client.get_workflow_handle(provision.run.workflow_id)

    def made(self, provision: deployments_pb2.Provision) -> list[dict[str, Any]]:
        """The droplets that it left at the provider."""
        tag = f"provision:{provision.id}"
        return [droplet for droplet in self.system.simulator.truth() if tag in droplet["tags"]]

    def nothing_is_left(self, provision: deployments_pb2.Provision) -> bool:
        """Whether neither the account nor the inventory has anything of it."""
        specs = self.system.rows("SELECT count(*) FROM cloud_provisioned")
        owned = self.system.rows(
            "SELECT count(*) FROM cloud_resource_assignments WHERE source = 'explicit'"
            " AND valid_to IS NULL"
        )
        return not self.made(provision) and specs == [(0,)] and owned == [(0,)]


@pytest.fixture
async def provisioning(
    engine_room: EngineRoom,
    fresh_settings: Callable[..., Settings],
    sync_temporal: str,
    sync_simulator: Simulator,
    sync_client: Client,
) -> AsyncIterator[Provisioning]:
    """An account, an inventory, a catalog with a deployment, and a worker."""
    sync_simulator.behave()
    sync_simulator.reset()
    sync_simulator.set(action_seconds=0.2)
    settings = fresh_settings(
        Service.INVENTORY,
        Service.CATALOG,
        **settings_of(sync_temporal, sync_simulator),
        catalog_address=f"127.0.0.1:{free_port()}",
    )
    database = Database(settings.database_url(Service.CATALOG), application_name="seed")
    await seed(database)
    await database.close()
    async with (
        served(Service.CATALOG, settings),
        running_system(engine_room, sync_simulator, sync_client, settings) as system,
    ):
        system.start_worker()
        made = Provisioning(system)
        await made.deployment()
        yield made


async def test_a_droplet_is_made_tagged_specified_and_given_to_its_deployment(
    provisioning: Provisioning,
) -> None:
    asked = await provisioning.provision()
    assert (asked.status, asked.droplet.name) == ("running", "shop-1")
    resource_id = await provisioning.run_of(asked).result()
    [droplet] = provisioning.made(asked)
    assert {"tenant:acme", "deployment:shop"} < set(droplet["tags"])
    assert droplet["status"] == "active"
    ended = await provisioning.now(asked.id)
    assert (ended.status, ended.resource_id) == ("completed", resource_id)
    query = "SELECT tenant_id, deployment_id, ownership_source FROM cloud_resources WHERE id = %s"
    owner = ("acme", provisioning.deployment_id, "explicit")
    assert provisioning.system.rows(query, resource_id) == [owner]
    spec = "SELECT spec->>'size' FROM cloud_provisioned WHERE resource_id = %s"
    assert provisioning.system.rows(spec, resource_id) == [("s-1vcpu-1gb",)]


async def test_a_droplet_is_made_with_the_keys_user_data_image_and_vpc_of_its_order(
    provisioning: Provisioning,
) -> None:
    simulator = provisioning.system.simulator
    key = simulator.truth("ssh_key")[0]
    vpc = next(one for one in simulator.truth("vpc") if one["region"] == "nyc3")
    image = simulator.truth("droplet")[0]["image"]["id"]
    asked = await provisioning.provision(
        ssh_keys=[str(key["id"]), key["fingerprint"]],
        user_data=USER_DATA,
        vpc_uuid=vpc["id"],
        image=str(image),
    )
    await provisioning.run_of(asked).result()
    [droplet] = provisioning.made(asked)
    assert (droplet["vpc_uuid"], droplet["image"]["id"]) == (vpc["id"], image)
    boot = {"ssh_keys": [str(key["id"]), key["fingerprint"]], "user_data": USER_DATA}
    assert boot in simulator.truth("droplet_boot")


async def test_user_data_is_in_no_answer_history_or_table_after_the_provision(
    provisioning: Provisioning,
) -> None:
    asked = await provisioning.provision("once", user_data=USER_DATA)
    run = provisioning.run_of(asked)
    await run.result()
    history = (await run.fetch_history()).to_json()
    answers = (
        asked,
        await provisioning.now(asked.id),
        await provisioning.provision("once", user_data=USER_DATA),
    )
    assert SECRET not in history + "".join(map(str, answers))
    assert SECRET not in provisioning.database_text()


async def test_a_key_that_the_account_does_not_have_fails_the_provision(
    provisioning: Provisioning,
) -> None:
    asked = await provisioning.provision(ssh_keys=["1"])
    with pytest.raises(WorkflowFailureError):
        await provisioning.run_of(asked).result()
    assert provisioning.nothing_is_left(asked)
    assert "ssh_keys" in (await provisioning.now(asked.id)).reason


async def test_a_creation_with_a_lost_response_is_found_and_not_repeated(
    provisioning: Provisioning,
) -> None:
    provisioning.system.simulator.fault("drop", path="/v2/droplets", method="POST", times=1)
    asked = await provisioning.provision()
    await provisioning.run_of(asked).result()
    assert len(provisioning.made(asked)) == 1


@pytest.mark.parametrize(
    ("order", "fault"),
    [
        # The provider refuses the making.
        ({}, {"path": "/v2/droplets", "method": "POST", "status": 422}),
        # It is made, and refused its tags.
        ({}, {"path": "/v2/tags", "method": "POST", "status": 403}),
        # It is made and tagged, and its project is gone.
        ({"project_id": "00000000-0000-7000-8000-000000000000"}, None),
    ],
    ids=["create", "tag", "project"],
)
async def test_after_a_failed_step_nothing_is_left_that_nobody_owns(
    provisioning: Provisioning, order: dict[str, str], fault: dict[str, Any] | None
) -> None:
    if fault is not None:
        provisioning.system.simulator.fault("status", **fault)
    asked = await provisioning.provision(**order)
    with pytest.raises(WorkflowFailureError):
        await provisioning.run_of(asked).result()
    assert provisioning.nothing_is_left(asked)
    ended = await provisioning.now(asked.id)
    assert ended.status == "failed"
    assert ended.reason


async def test_a_cancelled_provision_is_undone(provisioning: Provisioning) -> None:
    provisioning.system.simulator.set(action_seconds=10)
    asked = await provisioning.provision()
    await asyncio.to_thread(until, lambda: provisioning.made(asked))
    await provisioning.run_of(asked).cancel()
    with pytest.raises(WorkflowFailureError):
        await provisioning.run_of(asked).result()
    assert provisioning.nothing_is_left(asked)
    assert (await provisioning.now(asked.id)).status == "cancelled"


async def test_a_deployment_that_is_cancelled_meanwhile_gets_nothing(
    provisioning: Provisioning,
) -> None:
    provisioning.system.simulator.set(action_seconds=2)
    asked = await provisioning.provision()
    await asyncio.to_thread(until, lambda: provisioning.made(asked))
    request = pb.TransitionDeploymentRequest(id=provisioning.deployment_id, to_state="cancelled")
    await provisioning.call("TransitionDeployment", request)
    with pytest.raises(WorkflowFailureError):
        await provisioning.run_of(asked).result()
    assert provisioning.nothing_is_left(asked)
    ended = await provisioning.now(asked.id)
    assert ended.status == "failed"
    assert "catalog returned FAILED_PRECONDITION" in ended.reason


async def test_of_a_droplet_that_was_made_twice_none_is_left(provisioning: Provisioning) -> None:
    provisioning.system.simulator.set(action_seconds=2)
    asked = await provisioning.provision()
    await asyncio.to_thread(until, lambda: provisioning.made(asked))
    # As a first try that the provider took up, and listed only after the second one.
    body = {**ORDER, "name": "late", "tags": [f"provision:{asked.id}"]}
    headers = {"authorization": "Bearer somebody"}
    url = f"{provisioning.system.simulator.url}/v2/droplets"
    async with httpx.AsyncClient() as client:
        assert (await client.post(url, json=body, headers=headers)).status_code == 202
    with pytest.raises(WorkflowFailureError):
        await provisioning.run_of(asked).result()
    assert provisioning.nothing_is_left(asked)
    assert (await provisioning.now(asked.id)).reason.startswith("DuplicateObjects")


STEPS = ("create", "wait_active", "tag", "project", "record_spec", "assign")


@pytest.mark.soak
@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_that_is_killed_at_any_step_makes_one_droplet(
    provisioning: Provisioning, step: str
) -> None:
    await provisioning.system.stop_workers()
    provisioning.system.start_worker_process()
    asked = await provisioning.provision()
    reached = STEPS[STEPS.index(step) :]
    await asyncio.to_thread(until, lambda: provisioning.step(asked) in reached)
    await provisioning.system.stop_workers()
    provisioning.system.start_worker()
    await provisioning.run_of(asked).result()
    assert len(provisioning.made(asked)) == 1
    assert (await provisioning.now(asked.id)).status == "completed"


async def test_a_provision_requested_twice_is_one(provisioning: Provisioning) -> None:
    first = await provisioning.provision("k")
    again = await provisioning.provision("k")
    assert again == first
    await provisioning.run_of(first).result()


async def test_an_order_that_cannot_be_made_is_refused_by_its_field(
    provisioning: Provisioning,
) -> None:
    wrong: dict[str, Any] = {
        "size": "",
        "image": "ubuntu 24",
        "name": "no_host",
        "project_id": "x",
        "vpc_uuid": "x",
        "ssh_keys[1]": ["51218000", "my key"],
        "ssh_keys": ["1"] * 51,
        "user_data": "é" * 32_769,
    }
    for field, value in wrong.items():
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await provisioning.provision(**{field.partition("[")[0]: value})
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (refused.value.details() or "").startswith(f"droplet.{field}:")


async def test_the_command_line_starts_a_provision_and_follows_it(
    provisioning: Provisioning,
) -> None:
    def arcadia(*words: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-m", "cli.app", "provision", *words],
            env=environment_of(provisioning.system.settings),
            capture_output=True,
            text=True,
            check=True,
        )
        return finished.stdout

    deployment = provisioning.deployment_id
    order = ("--size", ORDER["size"], "--image", ORDER["image"])
    started = await asyncio.to_thread(arcadia, "start", deployment, *order)
    provision_id = started.split(" · ")[0]
    await provisioning.system.client.get_workflow_handle(f"provision/{provision_id}").result()
    shown = await asyncio.to_thread(arcadia, "status", deployment, provision_id)
    assert "completed" in shown
