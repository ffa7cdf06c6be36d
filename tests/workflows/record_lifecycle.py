"""Saves histories of real runs: `pytest tests/workflows/record_lifecycle.py`."""

import asyncio

from contracts.collections import TrialEndInput
from contracts.flows import TaskQueue
from services.common.settings import Service
from tests.support.waiting import until
from tests.workflows.debtor import Debtor
from tests.workflows.record_histories import save_from
from tests.workflows.test_dunning import becomes, debtor, ended, office
from tests.workflows.test_spend import accrue, breaches, cap, comes_to, decide, evaluate, run_of
from workflows.collections.daily import TrialEnd

__all__ = ["debtor", "office"]


async def test_record_dunning(debtor: Debtor) -> None:
    client = debtor.system.client
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    droplet = await debtor.provision(shop)
    invoice = await debtor.owe()
    await debtor.sweep(grace=1)
    await asyncio.to_thread(until, lambda: debtor.power(droplet) == "off")
    await debtor.pay(invoice)
    await ended(debtor)
    await save_from(client, debtor.dunning.id, "Dunning.asked")
    await save_from(client, f"dunning-sweep/{debtor.tenant}", "DunningSweep.started")

    invoice = await debtor.owe(5)
    await debtor.sweep(grace=3600)
    await becomes(debtor, shop="past_due")
    await debtor.dunning.cancel()
    await becomes(debtor, shop="active")
    await debtor.pay(invoice)
    await save_from(client, debtor.dunning.id, "Dunning.cancelled")


async def test_record_dunning_of_a_pause(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop")
    debtor.rows(Service.CATALOG, "UPDATE deployments SET state = 'paused' WHERE id = %s", shop)
    invoice = await debtor.owe()
    await debtor.sweep(grace=0)
    await becomes(debtor, shop="suspended")
    await debtor.pay(invoice)
    await ended(debtor)
    await save_from(debtor.system.client, debtor.dunning.id, "Dunning.paused")


async def test_record_trial_end(debtor: Debtor) -> None:
    client = debtor.system.client
    run = await client.start_workflow(
        TrialEnd.run, TrialEndInput(), id="trial-end/recorded", task_queue=TaskQueue.INVOICING
    )
    await run.result()
    await save_from(client, run.id, "TrialEnd.ended")


async def test_record_spend(debtor: Debtor) -> None:
    client = debtor.system.client
    shop = await debtor.deploy("shop")
    accrue(debtor, shop, 500)
    for action in ("notify", "ask_approval", "pause"):
        await cap(debtor, action, 500)
    await evaluate(debtor)
    await save_from(client, f"spend-evaluation/{debtor.tenant}", "SpendEvaluation.reached")
    await comes_to(debtor, "ask_approval", "awaiting_approval")
    found = await breaches(debtor)
    await decide(debtor, found["ask_approval"], "refuse")
    for action, word in (("notify", "told"), ("pause", "paused"), ("ask_approval", "refused")):
        await run_of(debtor, found[action]).result()
        await save_from(client, f"spend/{found[action].id}", f"SpendBreach.{word}")


async def test_record_notices(debtor: Debtor) -> None:
    await debtor.deploy("shop")
    soon, overdue = await debtor.owe(4, due_in_days=2), await debtor.owe(5)
    await debtor.sweep(grace=1, notice=1, past_due_notice_days=3)
    await becomes(debtor, shop="suspended")
    for invoice in (soon, overdue):
        await debtor.pay(invoice)
    await ended(debtor)
    await save_from(debtor.system.client, debtor.dunning.id, "Dunning.told")
    await save_from(debtor.system.client, f"dunning-sweep/{debtor.tenant}", "DunningSweep.told")


async def test_record_a_cap_that_powers_off(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    droplet = await debtor.provision(shop)
    accrue(debtor, shop, 500)
    await cap(debtor, "pause", 500)
    await evaluate(debtor, pause_notice_seconds=1)
    paused = await comes_to(debtor, "pause", "paused")
    await asyncio.to_thread(until, lambda: debtor.power(droplet) == "off")
    debtor.rows(Service.CATALOG, "UPDATE deployments SET state = 'active' WHERE id = %s", shop)
    await run_of(debtor, paused).signal("decided")
    await run_of(debtor, paused).result()
    await save_from(debtor.system.client, f"spend/{paused.id}", "SpendBreach.powered-off-in-turn")
