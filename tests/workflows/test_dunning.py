"""Dunning: past due, then suspended; payment reverts all of it, and nothing else."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from contracts.collections import (
    DunningInput,
    DunningState,
    DunningSweepInput,
    DunningTerms,
    TrialEndInput,
)
from contracts.flows import TaskQueue
from contracts.spend import EvaluationInput
from services.common.settings import Service
from tests.invoicing.receiver import Receiver
from tests.providers.simulator import Simulator
from tests.support.databases import PostgresServer
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port
from tests.support.waiting import tries, until
from tests.workflows.conftest import running_system, settings_of
from tests.workflows.debtor import Debtor, indebted
from workflows.collections.daily import DunningSweep, TrialEnd
from workflows.collections.dunning import Dunning
from workflows.spend.caps import SpendEvaluation

HOUR = 3600
SOAK = pytest.mark.soak


@pytest.fixture(scope="module")
async def office(
    engine_room: EngineRoom,
    postgres: PostgresServer,
    sync_temporal: str,
    sync_simulator: Simulator,
    sync_client: Client,
) -> AsyncIterator[Debtor]:
    """All services that a debtor needs, and a worker: for all tests of this file."""
    sync_simulator.behave()
    sync_simulator.reset()
    receiver = Receiver()
    services = (Service.INVENTORY, Service.CATALOG, Service.ANALYTICS)
    names = {service: postgres.create(service) for service in services}
    settings = postgres.settings(
        names,
        **settings_of(sync_temporal, sync_simulator),
        catalog_address=f"127.0.0.1:{free_port()}",
        analytics_address=f"127.0.0.1:{free_port()}",
        notice_url=receiver.url,
    )
    async with (
        running_system(engine_room, sync_simulator, sync_client, settings) as system,
        indebted(system, settings, receiver) as made,
    ):
        yield made
    for name in names.values():
        postgres.drop(name)


@pytest.fixture
def debtor(office: Debtor) -> Debtor:
    """A tenant without deployments, whom nobody has dunned."""
    office.system.simulator.set(action_seconds=0.2)
    return replace(office, tenant=f"acme-{uuid.uuid4().hex[:8]}")


async def becomes(debtor: Debtor, **states: str) -> None:
    """Waits until the deployments are in these states."""
    await asyncio.to_thread(until, lambda: debtor.states() == states)


async def ended(debtor: Debtor) -> DunningState:
    return DunningState(**await debtor.dunning.result())


def begun(debtor: Debtor, droplet_id: str) -> list[str]:
    """The power actions that were begun on a droplet, oldest first."""
    answer = httpx.get(
        f"{debtor.system.simulator.url}/v2/droplets/{droplet_id}/actions",
        headers={"authorization": "Bearer somebody"},
    )
    words = [str(action["type"]) for action in answer.json()["actions"]]
    return [word for word in reversed(words) if word.startswith("power")]


async def test_payment_during_the_grace_period_undoes_past_due_however_often_it_is_signalled(
    debtor: Debtor,
) -> None:
    await debtor.deploy("shop")
    await debtor.deploy("blog")
    await debtor.deploy("spared", billing_action_suspended=True)
    april, may = await debtor.owe(4), await debtor.owe(5)
    await debtor.sweep(grace=HOUR)
    await becomes(debtor, shop="past_due", blog="past_due", spared="active")
    # Found again by the next sweep, and told more than once that something changed.
    await debtor.sweep(grace=HOUR)
    for _ in range(3):
        await debtor.dunning.signal("look")

    await debtor.pay(april)
    await debtor.dunning.signal("look")
    progress = DunningState(**await debtor.dunning.query("progress"))
    assert len(progress.past_due) == 2
    assert set(debtor.states().values()) == {"past_due", "active"}

    await debtor.pay(may)
    await ended(debtor)
    assert debtor.states() == {"shop": "active", "blog": "active", "spared": "active"}
    query = (
        "SELECT to_state, actor FROM deployment_events e JOIN deployments d ON d.id ="
        " e.deployment_id WHERE d.slug = 'shop' AND d.tenant_id = %s AND e.type = 'transitioned'"
        " ORDER BY e.id"
    )
    moves = debtor.rows(Service.CATALOG, query, debtor.tenant)
    assert moves == [("past_due", "dunning"), ("active", "dunning")]


async def replace_worker(debtor: Debtor) -> None:
    """The worker dies as the machine would let it, and another comes."""
    await debtor.system.stop_workers()
    await asyncio.to_thread(debtor.system.start_worker_process)


@pytest.mark.parametrize(
    "killed_in",
    ["the grace", *(pytest.param(word, marks=SOAK) for word in ("power_off", "power_on"))],
)
async def test_after_the_grace_period_a_deployment_is_suspended_and_powered_off_only_if_configured(
    debtor: Debtor, killed_in: str
) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    await debtor.deploy("blog")
    spared = await debtor.deploy(
        "spared", power_off_when_suspended=True, billing_action_suspended=True
    )
    ours, other = await asyncio.gather(debtor.provision(shop), debtor.provision(spared))
    invoice = await debtor.owe()
    if killed_in != "the grace":
        await replace_worker(debtor)
        debtor.system.simulator.set(action_seconds=2)
    await debtor.sweep(grace=3)
    await becomes(debtor, shop="past_due", blog="past_due", spared="active")
    if killed_in == "power_off":
        await asyncio.to_thread(until, lambda: "power_off" in begun(debtor, ours))
        await replace_worker(debtor)
    elif killed_in == "the grace":
        await debtor.system.stop_workers()
        debtor.system.start_worker()
    await asyncio.to_thread(until, lambda: debtor.power(ours) == "off")
    assert debtor.states() == {"shop": "suspended", "blog": "suspended", "spared": "active"}
    # Nobody can be lifted while the catalog is down.
    await debtor.stop(Service.CATALOG)
    await debtor.pay(invoice)
    await debtor.start(Service.CATALOG)
    if killed_in == "power_on":
        await asyncio.to_thread(until, lambda: "power_on" in begun(debtor, ours))
        await replace_worker(debtor)
    await ended(debtor)
    assert debtor.states() == {"shop": "active", "blog": "active", "spared": "active"}
    assert debtor.power(ours) == debtor.power(other) == "active"
    assert begun(debtor, ours) == ["power_off", "power_on"]
    assert begun(debtor, other) == []


async def test_a_payment_with_a_lost_signal_is_seen_in_the_next_round(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    droplet = await debtor.provision(shop)
    await debtor.owe()
    await debtor.sweep(grace=0, look=1)
    await asyncio.to_thread(until, lambda: debtor.power(droplet) == "off")
    debtor.rows(
        Service.ANALYTICS,
        "UPDATE tenant_invoices SET status = 'paid', paid_on = issued_on, paid_at = now()"
        " WHERE tenant_id = %s",
        debtor.tenant,
    )
    await ended(debtor)
    assert (debtor.states(), debtor.power(droplet)) == ({"shop": "active"}, "active")


async def test_neither_a_pause_nor_a_stuck_machine_prevents_a_suspension(
    debtor: Debtor,
) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    blog = await debtor.deploy("blog", power_off_when_suspended=True)
    stuck, ours = await asyncio.gather(debtor.provision(shop), debtor.provision(blog))
    debtor.rows(Service.CATALOG, "UPDATE deployments SET state = 'paused' WHERE id = %s", blog)
    actions = f"/v2/droplets/{stuck}/actions"
    debtor.system.simulator.fault("status", path=actions, method="POST", status=422, times=1)
    invoice = await debtor.owe()
    await debtor.sweep(grace=0, look=2)
    await asyncio.to_thread(until, lambda: debtor.power(ours) == "off")
    await asyncio.to_thread(until, lambda: debtor.power(stuck) == "off")
    assert debtor.states() == {"shop": "suspended", "blog": "suspended"}
    assert begun(debtor, ours) == ["power_off"]
    await debtor.pay(invoice)
    await ended(debtor)
    assert debtor.states() == {"shop": "active", "blog": "paused"}
    assert debtor.power(ours) == debtor.power(stuck) == "active"


async def test_a_suspension_that_an_operator_lifted_is_not_repeated_by_a_later_run(
    debtor: Debtor,
) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    blog = await debtor.deploy("blog", power_off_when_suspended=True)
    droplets = await asyncio.gather(debtor.provision(shop), debtor.provision(blog))
    actions = [f"/v2/droplets/{one}/actions" for one in droplets]
    for path in actions:
        debtor.system.simulator.fault("status", path=path, method="POST", status=422, times=1)
    invoice = await debtor.owe()
    await debtor.sweep(grace=0)

    def were_refused() -> bool:
        return all(debtor.system.simulator.requests("POST", path) for path in actions)

    await asyncio.to_thread(until, were_refused)
    await debtor.allow(blog, billing_action_suspended=True)
    debtor.rows(Service.CATALOG, "UPDATE deployments SET state = 'active' WHERE id = %s", shop)
    await debtor.dunning.signal("look")
    for _ in tries():
        if DunningState(**await debtor.dunning.query("progress")).look_count == 2:
            break
        await asyncio.sleep(0.05)
    await debtor.pay(invoice)
    await ended(debtor)
    assert debtor.states() == {"shop": "active", "blog": "suspended"}
    assert [begun(debtor, one) for one in droplets] == [[], []]


async def test_changes_by_an_operator_during_a_run_are_kept(debtor: Debtor) -> None:
    await debtor.deploy("shop")
    spared = await debtor.deploy("spared")
    invoice = await debtor.owe()
    await debtor.sweep(grace=0)
    await becomes(debtor, shop="suspended", spared="suspended")
    await debtor.allow(spared, billing_action_suspended=True)
    await debtor.pay(invoice)
    await ended(debtor)
    assert debtor.states() == {"shop": "active", "spared": "suspended"}


async def test_a_cancelled_dunning_undoes_what_it_did(debtor: Debtor) -> None:
    await debtor.deploy("shop")
    invoice = await debtor.owe()
    await debtor.sweep(grace=HOUR)
    await becomes(debtor, shop="past_due")
    await debtor.dunning.cancel()
    await becomes(debtor, shop="active")
    await debtor.pay(invoice)


async def test_a_run_that_goes_on_from_another_undoes_what_that_one_did(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    droplet = await debtor.provision(shop)
    invoice = await debtor.owe()
    await debtor.sweep(grace=0)
    await asyncio.to_thread(until, lambda: debtor.power(droplet) == "off")
    # As when its history had grown too long.
    state = DunningState(**await debtor.dunning.query("progress"))
    await debtor.dunning.terminate("to go on as a new run")
    terms = DunningTerms(grace_seconds=0)
    await debtor.system.client.start_workflow(
        Dunning.run,
        DunningInput(debtor.tenant, terms, state),
        id=debtor.dunning.id,
        task_queue=TaskQueue.INVOICING,
    )
    await debtor.pay(invoice)
    await ended(debtor)
    assert (debtor.states(), debtor.power(droplet)) == ({"shop": "active"}, "active")


async def test_sweeps_that_lose_their_worker_and_their_services_do_all_of_it_once(
    debtor: Debtor,
) -> None:
    await debtor.deploy("shop")
    trial = await debtor.deploy("trial")
    debtor.rows(
        Service.CATALOG,
        "UPDATE deployments SET state = 'trial', trial_ends_on = '2026-01-01' WHERE id = %s",
        trial,
    )
    invoice = await debtor.owe()
    client, queue = debtor.system.client, TaskQueue.INVOICING
    for service in (Service.CATALOG, Service.ANALYTICS):
        await debtor.stop(service)
    sweeps: list[tuple[Any, Any]] = [
        (DunningSweep.run, DunningSweepInput(DunningTerms(HOUR))),
        (TrialEnd.run, TrialEndInput()),
        (SpendEvaluation.run, EvaluationInput()),
    ]
    runs = [
        await client.start_workflow(
            run, argument, id=f"{run.__qualname__}/{debtor.tenant}", task_queue=queue
        )
        for run, argument in sweeps
    ]
    await debtor.system.stop_workers()
    debtor.system.start_worker()
    for service in (Service.CATALOG, Service.ANALYTICS):
        await debtor.start(service)
    await asyncio.gather(*(run.result() for run in runs))
    await debtor.dunning.signal("look")  # the trial may have ended after its first look
    await becomes(debtor, shop="past_due", trial="past_due")
    query = (
        "SELECT count(*) FROM deployment_events e JOIN deployments d ON d.id = e.deployment_id"
        " WHERE d.tenant_id = %s AND e.type = 'transitioned'"
    )
    assert debtor.rows(Service.CATALOG, query, debtor.tenant) == [(3,)]
    await debtor.pay(invoice)
    await ended(debtor)


async def test_trials_that_are_over_become_active_and_the_others_stay(debtor: Debtor) -> None:
    for slug in ("over", "spared", "running"):
        await debtor.deploy(slug)
    today = datetime.now(UTC).date()
    ends = {"over": today, "spared": today, "running": today + timedelta(days=1)}
    for slug, day in ends.items():
        debtor.rows(
            Service.CATALOG,
            "UPDATE deployments SET state = 'trial', trial_ends_on = %s,"
            " billing_action_suspended = %s WHERE slug = %s AND tenant_id = %s",
            day,
            slug == "spared",
            slug,
            debtor.tenant,
        )

    async def run() -> Any:
        return await debtor.system.client.execute_workflow(
            TrialEnd.run,
            TrialEndInput(trials_at_once=1),
            id=f"trial-end/{debtor.tenant}",
            task_queue=TaskQueue.INVOICING,
        )

    assert (await run(), await run()) == (1, 0)
    assert debtor.states() == {"over": "active", "spared": "trial", "running": "trial"}


async def test_a_notice_is_sent_once_before_a_suspension(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop")
    invoice = await debtor.owe()
    await debtor.sweep(grace=2 * HOUR, notice=3 * HOUR)
    key = f"suspension/{debtor.tenant}/"
    await asyncio.to_thread(until, lambda: bool(debtor.told(key)))
    for _ in range(3):
        await debtor.dunning.signal("look")
    for _ in range(200):
        progress = DunningState(**await debtor.dunning.query("progress"))
        if progress.look_count > 1:
            break
        await asyncio.sleep(0.05)
    [told] = debtor.told(key)
    assert (told["action"], told["tenant_id"], told["deployment_ids"]) == (
        "suspension",
        debtor.tenant,
        [shop],
    )
    left = datetime.fromisoformat(told["at"]) - datetime.now(UTC)
    assert timedelta(hours=1) < left <= timedelta(hours=2)
    assert "was due on" in told["why"]
    assert told["what_to_do"].startswith("pay the overdue invoices before")
    assert (progress.is_told, debtor.states()) == (True, {"shop": "past_due"})
    await debtor.pay(invoice)
    await ended(debtor)


async def test_an_undelivered_notice_is_reported_and_does_not_stop_the_suspension(
    debtor: Debtor,
) -> None:
    await debtor.deploy("shop")
    debtor.receiver.failures = [422] * 3
    invoice = await debtor.owe()
    await debtor.sweep(grace=1, notice=1)
    await becomes(debtor, shop="suspended")
    progress = DunningState(**await debtor.dunning.query("progress"))
    assert (progress.is_told, progress.untold_reason[:8]) == (False, "HTTP 422")
    debtor.receiver.failures = []
    await debtor.pay(invoice)
    await ended(debtor)


async def test_a_notice_is_posted_before_an_invoice_is_past_due(debtor: Debtor) -> None:
    await debtor.deploy("shop")
    soon, later = await debtor.owe(4, due_in_days=2), await debtor.owe(5, due_in_days=3)
    await debtor.sweep(grace=HOUR, past_due_notice_days=3)
    [told] = debtor.told(f"past-due/{soon}")
    due = datetime.now(UTC).date() + timedelta(days=2)
    assert (told["action"], told["tenant_id"]) == ("past_due", debtor.tenant)
    assert told["at"] == f"{due + timedelta(days=1)}T00:00:00Z"
    assert told["what_to_do"].endswith(f"by {due}")
    assert debtor.told(f"past-due/{later}") == []
    assert debtor.states() == {"shop": "active"}
    for invoice in (soon, later):
        await debtor.pay(invoice)
    await debtor.sweep(grace=HOUR, past_due_notice_days=3)
    assert len(debtor.told(f"past-due/{soon}")) == 1
