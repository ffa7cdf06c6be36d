"""A small account whose April 2026 is known to the line, and the system that bills it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import psycopg
from temporalio.client import Client

from contracts.flows import TaskQueue, start_flow
from contracts.metering import MeteringInput, margin_refresh
from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from services.common.values.periods import Period
from tests.providers.simulator import Simulator
from workflows.metering.metering import MarginRefresh, Metering

__all__ = ["APRIL", "April", "make_account"]

APRIL = Period.month(2026, 4)
MAY_22 = "2026-05-22T00:00:00Z"

SEED = 3
"""An April without pooled transfer and credits, so that the bill has only the resources made here.
"""

BILLED = (
    "droplet", "volume", "snapshot", "image", "load_balancer", "database", "kubernetes_cluster",
    "reserved_ip", "app", "spaces_bucket", "droplet_snapshot", "reserved_ipv6", "nat_gateway",
    "partner_attachment", "container_registry", "functions_namespace", "nfs_share",
    "database_replica", "gradient_agent", "dedicated_inference", "uptime_check",
)  # fmt: skip  # a table
"""The simulator's kinds with costs."""

IDENTIFIERS = ("id", "ip", "namespace", "uuid", "name")
"""Their id fields; the first existing one counts."""


OF_THE_KIND = "SELECT id FROM cloud_resources WHERE kind = %(kind)s"
FIRST_SEEN = (
    # Triggers prevent even the owner from rewriting the history.
    "ALTER TABLE cloud_resource_assignments DISABLE TRIGGER USER",
    "UPDATE cloud_resources SET first_seen_at = %(at)s WHERE kind = %(kind)s",
    (
        "DELETE FROM cloud_resource_assignments WHERE valid_to IS NOT NULL"
        f" AND resource_id IN ({OF_THE_KIND})"
    ),
    (
        "UPDATE cloud_resource_assignments SET valid_from = %(at)s"
        f" WHERE resource_id IN ({OF_THE_KIND})"
    ),
    "ALTER TABLE cloud_resource_assignments ENABLE TRIGGER USER",
)


@dataclass(frozen=True)
class Account:
    """The parts of the account that tests name."""

    zones: tuple[str, ...]
    """Two, without a creation time at the provider."""
    snapshot: str


def make_account(simulator: Simulator) -> Account:
    """Creates the account from its first day to now.

    April's bill, in USD: acme 5 droplets at 6.00 and one without deployment, for the last 59.36 h
    at 0.53; globex 3 at 6.00; the operator 24.00 and 6.00; one that was deleted before the first
    sync, for 54.88 h, 0.49; 10 % tax on 79.02, 7.90. In total 86.92.
    """
    simulator.reset(seed=SEED, now="2026-03-20T00:00:00Z")
    zones = tuple(str(one["name"]) for one in simulator.truth("domain")[:2])
    before = {str(one["id"]) for one in simulator.truth("snapshot")}
    simulator.clone("snapshot", 1)
    [snapshot] = {str(one["id"]) for one in simulator.truth("snapshot")} - before
    for kind in BILLED:
        found = [
            str(next(one[name] for name in IDENTIFIERS if one.get(name)))
            for one in simulator.truth(kind)
        ]
        simulator.delete(*(one for one in found if one != snapshot), kind=kind)
    simulator.set_clock("2026-03-31T00:00:00Z")
    simulator.create("s-1vcpu-1gb", *names("shop", 5), tags=["tenant:acme", "deployment:shop"])
    simulator.create("s-1vcpu-1gb", *names("blog", 3), tags=["tenant:globex", "deployment:blog"])
    simulator.create("s-2vcpu-4gb", "monitoring")
    simulator.create("s-1vcpu-1gb", "bastion")
    simulator.set_clock("2026-04-10T00:00:00Z")
    [brief] = simulator.create("s-1vcpu-1gb", "brief")
    simulator.set_clock("2026-04-12T06:52:48Z")
    simulator.delete(brief)
    simulator.set_clock("2026-04-28T12:38:24Z")
    simulator.create("s-1vcpu-1gb", "acme-spare", tags=["tenant:acme"])
    simulator.set_clock(MAY_22)
    owned = ["tenant:initech", "deployment:docs"]
    for made in simulator.create("s-1vcpu-1gb", *names("docs", 2), tags=owned):
        simulator.change("droplet", made, created_at=MAY_22)
    simulator.change(
        "snapshot", snapshot, created_at=MAY_22, size_gigabytes=31, tags=owned, resource_id="1"
    )
    simulator.set_clock("2026-06-02T00:00:00Z")
    return Account(zones, snapshot)


def names(prefix: str, count: int) -> Iterable[str]:
    """As in shop-1, shop-2."""
    return (f"{prefix}-{number}" for number in range(1, count + 1))


@dataclass
class April:
    """The system, and its callers through the gateway."""

    settings: Settings
    """Of the services: what they stand on."""
    temporal: Client
    gateway: str
    """The gateway's URL."""
    account: Account
    simulator: Simulator
    """The provider."""
    deployments: dict[str, str] = field(default_factory=dict)
    """Their ids by their slugs."""
    margin_of_acme_alone: Any = None
    """April's margin before anyone but acme was billed."""
    second_rollup: Any = None
    """The invoice of globex."""
    answers: list[httpx.Response] = field(default_factory=list)
    """All responses so far."""

    def http(self, tenant: str = "") -> httpx.AsyncClient:
        """A client of a tenant's member, or of an operator."""
        headers = {"authorization": f"Bearer {self.token(tenant)}"}
        return httpx.AsyncClient(
            base_url=self.gateway,
            headers=headers,
            trust_env=False,
            timeout=120,
            event_hooks={"response": [self._keep]},
        )

    def token(self, tenant: str = "") -> str:
        """A token of a tenant's member, or of an operator."""
        roles = ["admin"] if tenant else [OPERATOR_ROLE]
        return mint_user_token(
            self.settings, subject=tenant or "op", roles=roles, tenant_id=tenant or None
        )

    async def _keep(self, answer: httpx.Response) -> None:
        await answer.aread()
        self.answers.append(answer)

    async def get(self, path: str, tenant: str = "", status: int = 200, **asked: Any) -> Any:
        """The gateway's response to a member of a tenant, or to an operator."""
        async with self.http(tenant) as http:
            answer = await http.get(f"/api/v1{path}", params=asked or None)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, tenant: str = "", status: int = 200, **body: Any) -> Any:
        """The same, for a write."""
        async with self.http(tenant) as http:
            answer = await http.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def subscribed(self, slug: str, *addons: str) -> None:
        """Subscribes a deployment to Studio from the first of April, as an operator."""
        await self.post(
            f"/deployments/{self.deployments[slug]}/subscribe",
            plan_code="studio",
            addons=addons,
            starts_on="2026-04-01",
        )

    async def metered(self, month: Period) -> None:
        """Meters every day of a month completely."""
        await self.temporal.execute_workflow(
            Metering.run,
            MeteringInput(
                tuple(month.start + timedelta(days=n) for n in range(month.days)), with_costs=False
            ),
            id=f"metering/manual/{month.code}",
            task_queue=TaskQueue.METERING,
        )

    async def attributed(self, month: Period) -> None:
        """Attributes the month's bill, and computes its margin and reconciliation."""
        await (
            await start_flow(self.temporal, margin_refresh(month.start), MarginRefresh.run)
        ).result()

    async def rolled_up(self, period: str = "2026-04") -> Any:
        """Runs the roll-up of a month."""
        rollup = (await self.post("/rollups", period=period))["rollup"]
        await self.temporal.get_workflow_handle(rollup["run"]["workflow_id"]).result()
        return (await self.get(f"/rollups/{rollup['id']}"))["rollup"]

    async def invoice_of(self, tenant: str) -> Any:
        """April's invoice with its lines, as a member of its tenant reads it."""
        [found] = (await self.get("/invoices", tenant, period="2026-04"))["invoices"]
        return await self.get(f"/invoices/{found['id']}", tenant)

    def first_seen(self, instant: str, kind: str) -> None:
        """Sets when the inventory first saw a kind, with its current owners."""
        name = self.settings.database_url(Service.INVENTORY).rpartition("/")[2]
        url = f"{self.settings.admin_url().rpartition('/')[0]}/{name}"
        with psycopg.connect(url) as connection:
            for statement in FIRST_SEEN:
                named = {"at": instant, "kind": kind} if "%(" in statement else None
                connection.execute(statement.encode(), named)
