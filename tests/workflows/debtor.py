"""A tenant with unpaid invoices: analytics, catalog and inventory, with a worker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import orjson
import psycopg
from arcadia.analytics.v1 import invoice_service_pb2 as invoices_pb
from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub
from arcadia.analytics.v1.spend_service_pb2_grpc import SpendServiceStub
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from temporalio.client import WorkflowHandle

from contracts.collections import DunningSweepInput, DunningTerms
from contracts.flows import TaskQueue
from services.common.db.database import Database
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from services.common.values.periods import Period
from tests.invoicing.receiver import Receiver
from tests.support.serving import served
from tests.walls.invoices import NOW, issued_invoices
from tests.workflows.system import System
from workflows.collections.daily import DunningSweep

__all__ = ["Debtor", "indebted"]


@dataclass
class Debtor:
    """What an operator does, and the processes behind it."""

    system: System
    database: Database
    """The analytics' own, in which invoices are issued."""
    tenant: str
    receiver: Receiver
    """Of notices."""
    serving: dict[Service, AsyncExitStack] = field(default_factory=dict)

    def __post_init__(self) -> None:
        token = mint_user_token(self.system.settings, subject="op", roles=["platform-admin"])
        self.metadata = (("authorization", f"Bearer {token}"),)

    async def start(self, service: Service) -> None:
        """A service is up."""
        self.serving[service] = AsyncExitStack()
        await self.serving[service].enter_async_context(served(service, self.system.settings))

    async def stop(self, service: Service) -> None:
        """A service is down."""
        await self.serving.pop(service).aclose()

    async def deploy(self, slug: str, **actions: Any) -> str:
        """A deployment of the tenant, and what billing actions may do to it; its id."""
        made = await self._catalog(
            "CreateDeployment",
            pb.CreateDeploymentRequest(tenant_id=self.tenant, slug=slug, region="nyc3"),
        )
        if actions:
            request = pb.UpdateBillingActionsRequest(id=made.deployment.id, **actions)
            await self._catalog("UpdateBillingActions", request)
        return str(made.deployment.id)

    async def allow(self, deployment_id: str, **actions: Any) -> None:
        """Says what billing actions may do to a deployment."""
        request = pb.UpdateBillingActionsRequest(id=deployment_id, **actions)
        await self._catalog("UpdateBillingActions", request)

    async def provision(self, deployment_id: str) -> str:
        """A droplet of a deployment; the provider's id."""
        order = deployments_pb2.DropletOrder(size="s-1vcpu-1gb", image="ubuntu-24-04-x64")
        request = pb.ProvisionDeploymentRequest(
            id=deployment_id, droplet=order, force_reason="no subscription in this story"
        )
        provision = (await self._catalog("ProvisionDeployment", request)).provision
        await self.system.client.get_workflow_handle(provision.run.workflow_id).result()
        [droplet] = [
            one
            for one in self.system.simulator.truth()
            if f"provision:{provision.id}" in one["tags"]
        ]
        return str(droplet["id"])

    async def spending(self, method: str, request: Any) -> Any:
        """Asks about caps, as an operator."""
        async with grpc.aio.insecure_channel(self.system.settings.analytics_address) as channel:
            stub: Any = SpendServiceStub(channel)
            return await getattr(stub, method)(request, metadata=self.metadata)

    async def _catalog(self, method: str, request: Any) -> Any:
        async with grpc.aio.insecure_channel(self.system.settings.catalog_address) as channel:
            stub: Any = DeploymentServiceStub(channel)
            return await getattr(stub, method)(request, metadata=self.metadata)

    async def owe(self, month: int = 4, *, due_in_days: int = -1) -> str:
        """An issued invoice of the tenant, which was due yesterday if no day is said; its id."""
        due = datetime.now(UTC).date() + timedelta(days=due_in_days)
        made = await issued_invoices(
            self.database, [self.tenant], Period.month(2026, month), due - NOW.date()
        )
        return str(made[self.tenant])

    async def pay(self, invoice_id: str) -> None:
        """Marks an invoice as paid, as an operator."""
        async with grpc.aio.insecure_channel(self.system.settings.analytics_address) as channel:
            stub: Any = InvoiceServiceStub(channel)
            request = invoices_pb.PayInvoiceRequest(id=invoice_id)
            await stub.PayInvoice(request, metadata=self.metadata)

    async def sweep(
        self, *, grace: int, look: int = 3600, notice: int = 0, past_due_notice_days: int = 0
    ) -> int:
        """The daily sweep, with small terms; how many tenants are overdue."""
        terms = DunningTerms(grace, look, notice)
        handle = await self.system.client.start_workflow(
            DunningSweep.run,
            DunningSweepInput(terms, past_due_notice_days=past_due_notice_days),
            id=f"dunning-sweep/{self.tenant}",
            task_queue=TaskQueue.INVOICING,
        )
        return (await handle.result()).tenant_count

    @property
    def dunning(self) -> WorkflowHandle[Any, Any]:
        """The work on what is not paid."""
        return self.system.client.get_workflow_handle(f"dunning/{self.tenant}")

    def told(self, key: str) -> list[dict[str, Any]]:
        """The notices under a key, or under those that begin with it."""
        return [
            orjson.loads(post.body)["notice"]
            for post in self.receiver.posts
            if post.key.startswith(key)
        ]

    def states(self) -> dict[str, str]:
        """The state of each deployment, by its slug."""
        query = "SELECT slug, state FROM deployments WHERE tenant_id = %s"
        return dict(self.rows(Service.CATALOG, query, self.tenant))

    def rows(self, service: Service, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a service's database, as a superuser who sees all."""
        settings = self.system.settings
        database = settings.database_url(service).rpartition("/")[2]
        url = settings.admin_url().rpartition("/")[0] + f"/{database}"
        with psycopg.connect(url) as connection:
            answer = connection.execute(query.encode(), parameters)
            return answer.fetchall() if answer.description else []

    def power(self, droplet_id: str) -> str:
        """The status of a droplet at the provider."""
        return next(
            str(one["status"])
            for one in self.system.simulator.truth()
            if str(one["id"]) == droplet_id
        )


@asynccontextmanager
async def indebted(system: System, settings: Settings, receiver: Receiver) -> AsyncIterator[Debtor]:
    """The services beside the inventory, and a worker. Ends what was started."""
    database = Database(settings.database_url(Service.ANALYTICS), application_name="test")
    debtor = Debtor(system, database, "nobody", receiver)
    try:
        for service in (Service.CATALOG, Service.ANALYTICS):
            await debtor.start(service)
        system.start_worker()
        yield debtor
    finally:
        await system.stop_workers()
        for service in list(debtor.serving):
            await debtor.stop(service)
        await database.close()
        receiver.close()
