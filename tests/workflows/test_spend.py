"""Spending caps: notify, ask or pause, once a month."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
from arcadia.analytics.v1 import spend_service_pb2 as pb
from temporalio.client import WorkflowHandle

from contracts.flows import TaskQueue
from contracts.spend import BreachInput, EvaluationInput
from services.common.settings import Service
from tests.support.environment import environment_of
from tests.support.waiting import tries, until
from tests.workflows.debtor import Debtor
from tests.workflows.test_dunning import becomes, begun, debtor, office
from workflows.spend.caps import SpendBreach, SpendEvaluation

__all__ = ["debtor", "office"]

PASS = """
INSERT INTO work_passes (work, subject, pass_key, state, started_at, completed_at)
VALUES ('accrual', date_trunc('month', now())::date, 'test', 'current', now(), now())
ON CONFLICT DO NOTHING
"""
ACCRUAL = """
INSERT INTO accruals (period, pass_id, page, subscription_id, deployment_id, tenant_id,
                      accrued_cents, recurring_cents, overage_cents, ad_hoc_cents, kind_cents,
                      currency, inputs_json, inputs_hash, engine_version, result_hash)
SELECT subject, id, '', %s, %s, %s, %s, %s, 0, 0, '{}', 'AUD', '', '', '', ''
FROM work_passes WHERE work = 'accrual' AND state = 'current'
"""


def accrue(debtor: Debtor, deployment_id: str, cents: int) -> None:
    """What a deployment came to in the running month, as metering leaves it."""
    debtor.rows(Service.ANALYTICS, PASS)
    values = (f"of {deployment_id}", deployment_id, debtor.tenant, cents, cents)
    debtor.rows(Service.ANALYTICS, ACCRUAL, *values)


async def cap(debtor: Debtor, action: str, cents: int, deployment_id: str = "") -> str:
    """A policy of the tenant, or of a deployment; its id."""
    request = pb.CreateSpendPolicyRequest(
        tenant_id=debtor.tenant,
        deployment_id=deployment_id,
        cap_cents=cents,
        currency="AUD",
        action=action,
    )
    return str((await debtor.spending("CreateSpendPolicy", request)).spend_policy.id)


async def evaluate(debtor: Debtor, *, pause_notice_seconds: int = 0) -> int:
    """The hourly evaluation; how many breaches want dealing with."""
    result = await debtor.system.client.execute_workflow(
        SpendEvaluation.run,
        EvaluationInput(policies_a_page=1, pause_notice_seconds=pause_notice_seconds),
        id=f"spend-evaluation/{debtor.tenant}",
        task_queue=TaskQueue.INVOICING,
    )
    return result.breach_count


async def breaches(debtor: Debtor) -> dict[str, Any]:
    """The tenant's breaches by what their policy does."""
    request = pb.ListSpendBreachesRequest(tenant_id=debtor.tenant)
    found = (await debtor.spending("ListSpendBreaches", request)).spend_breaches
    assert len({one.policy.id for one in found}) == len(found)
    return {one.policy.action: one for one in found}


def run_of(debtor: Debtor, breach: Any) -> WorkflowHandle[Any, Any]:
    return debtor.system.client.get_workflow_handle(f"spend/{breach.id}")


async def decide(debtor: Debtor, breach: Any, decision: str) -> Any:
    request = pb.DecideSpendBreachRequest(id=breach.id, decision=decision, reason="we spoke")
    return (await debtor.spending("DecideSpendBreach", request)).spend_breach


async def arcadia(debtor: Debtor, *words: str) -> str:
    """What `arcadia spend` prints."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.app", "spend", *words,
        env=environment_of(debtor.system.settings), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip  # a table
    told, _ = await running.communicate()
    assert running.returncode == 0
    return told.decode()


async def comes_to(debtor: Debtor, action: str, status: str) -> Any:
    for _ in tries():
        found = (await breaches(debtor)).get(action)
        if found is not None and found.status == status:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"the breach is {found}")


async def test_a_reached_cap_notifies_asks_or_pauses_once_a_month(
    debtor: Debtor,
) -> None:
    shop, spared = await debtor.deploy("shop"), await debtor.deploy("spared")
    await debtor.deploy("blog")
    await debtor.allow(spared, billing_action_suspended=True)
    accrue(debtor, shop, 6_000)
    accrue(debtor, spared, 4_000)
    await cap(debtor, "notify", 10_000)
    await cap(debtor, "ask_approval", 10_001)
    await cap(debtor, "pause", 6_000, shop)
    debtor.receiver.failures = [503]
    assert await evaluate(debtor) == 2

    told = await comes_to(debtor, "notify", "notified")
    await comes_to(debtor, "pause", "paused")
    assert debtor.states() == {"shop": "paused", "blog": "active", "spared": "active"}
    assert "ask_approval" not in await breaches(debtor)
    period = datetime.now(UTC).date().replace(day=1).isoformat()
    assert (told.period, told.accrued_cents, told.policy.cap_cents) == (period, 10_000, 10_000)
    assert told.run.workflow_id == f"spend/{told.id}"
    bodies = [
        orjson.loads(post.body)["spend_breach"]
        for post in debtor.receiver.posts
        if post.key == f"spend-breach/{told.id}"
    ]
    assert {one["accrued_cents"] for one in bodies} == {"10000"}

    # An operator lets it run again: the same month's cap does not pause it twice.
    debtor.rows(Service.CATALOG, "UPDATE deployments SET state = 'active' WHERE id = %s", shop)
    assert await evaluate(debtor) == 0
    assert debtor.states()["shop"] == "active"


async def test_a_refused_deployment_is_paused_despite_a_lost_worker_signal_and_service(
    debtor: Debtor,
) -> None:
    shop = await debtor.deploy("shop")
    await debtor.deploy("blog")
    accrue(debtor, shop, 500)
    await cap(debtor, "ask_approval", 500)
    await evaluate(debtor)
    asked = await comes_to(debtor, "ask_approval", "awaiting_approval")
    # A worker that dies while an operator thinks, and one that is told more than once.
    await debtor.system.stop_workers()
    debtor.system.start_worker()
    for _ in range(2):
        await run_of(debtor, asked).signal("decided")
    assert await evaluate(debtor) == 0

    assert "awaiting approval" in await arcadia(debtor, "breaches", "--tenant", debtor.tenant)
    await debtor.stop(Service.CATALOG)
    told = await arcadia(debtor, "refuse", asked.id, "--reason", "we spoke")
    assert "refused by" in told
    assert "we spoke" in told
    assert debtor.states() == {"shop": "active", "blog": "active"}
    await debtor.start(Service.CATALOG)
    await run_of(debtor, asked).result()
    await becomes(debtor, shop="paused", blog="paused")
    ended = (await breaches(debtor))["ask_approval"]
    assert (ended.status, ended.run.status) == ("paused", "completed")


async def test_a_decision_with_a_lost_signal_is_found(
    debtor: Debtor,
) -> None:
    shop = await debtor.deploy("shop")
    accrue(debtor, shop, 500)
    await cap(debtor, "ask_approval", 500)
    await evaluate(debtor)
    asked = await comes_to(debtor, "ask_approval", "awaiting_approval")
    await run_of(debtor, asked).terminate("by hand")
    handle = await debtor.system.client.start_workflow(
        SpendBreach.run,
        BreachInput(asked.id, look_seconds=1),
        id=f"spend/{asked.id}",
        task_queue=TaskQueue.INVOICING,
    )
    debtor.rows(
        Service.ANALYTICS,
        "UPDATE spend_breaches SET status = 'approved', decided_by = 'op', decided_at = now()"
        " WHERE id = %s",
        asked.id,
    )
    assert await handle.result() == "approved"
    assert debtor.states() == {"shop": "active"}


async def test_a_breach_without_a_workflow_gets_one_at_the_next_evaluation(
    debtor: Debtor,
) -> None:
    shop = await debtor.deploy("shop")
    accrue(debtor, shop, 500)
    policy_id = await cap(debtor, "pause", 500)
    # As after a crash between the opening of a breach and the start of its work.
    debtor.rows(
        Service.ANALYTICS,
        "INSERT INTO spend_breaches (policy_id, period, tenant_id, deployment_id, cap_cents,"
        " currency, action, policy_created_by, policy_created_at, accrued_cents, occurred_at)"
        " SELECT id, date_trunc('month', now())::date, tenant_id, '', cap_cents, currency,"
        " action, created_by, created_at, 500, now() FROM spend_policies WHERE id = %s",
        policy_id,
    )
    assert await evaluate(debtor) == 1
    await asyncio.to_thread(until, lambda: debtor.states() == {"shop": "paused"})


async def switched_off(debtor: Debtor, droplet_id: str) -> None:
    """Somebody powers a machine off by hand, and waits until it is."""
    async with httpx.AsyncClient(
        base_url=debtor.system.simulator.url, headers={"authorization": "Bearer somebody"}
    ) as http:
        path = f"/v2/droplets/{droplet_id}"
        (await http.post(f"{path}/actions", json={"type": "power_off"})).raise_for_status()
        for _ in range(400):
            if (await http.get(path)).json()["droplet"]["status"] == "off":
                return
            await asyncio.sleep(0.05)
    raise AssertionError("it still runs")


async def test_a_cap_that_pauses_powers_off_and_on_again_just_what_it_powered_off(
    debtor: Debtor,
) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    blog = await debtor.deploy("blog")
    ours, by_hand, other = [await debtor.provision(one) for one in (shop, shop, blog)]
    await switched_off(debtor, by_hand)
    # The tenant's own pause is taken over, and what runs in it is stopped too.
    debtor.rows(
        Service.CATALOG,
        "UPDATE deployments SET state = 'paused', paused_by_tenant = true WHERE id = %s",
        shop,
    )
    accrue(debtor, shop, 500)
    await cap(debtor, "pause", 500)
    await evaluate(debtor)
    breach = await comes_to(debtor, "pause", "paused")
    await asyncio.to_thread(until, lambda: debtor.power(ours) == "off")
    assert debtor.states() == {"shop": "paused", "blog": "paused"}
    # A worker that dies meanwhile, and a look that finds the pause still there.
    await debtor.system.stop_workers()
    debtor.system.start_worker()
    await run_of(debtor, breach).signal("decided")

    debtor.rows(Service.CATALOG, "UPDATE deployments SET state = 'active' WHERE id = %s", shop)
    await run_of(debtor, breach).signal("decided")
    assert await run_of(debtor, breach).result() == "paused"
    assert [debtor.power(one) for one in (ours, by_hand, other)] == ["active", "off", "active"]
    assert begun(debtor, ours) == ["power_off", "power_on"]
    assert begun(debtor, by_hand) == ["power_off"]
    assert begun(debtor, other) == []


async def test_a_cancelled_run_powers_on_what_it_powered_off(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop", power_off_when_suspended=True)
    ours = await debtor.provision(shop)
    accrue(debtor, shop, 500)
    await cap(debtor, "pause", 500)
    await evaluate(debtor)
    breach = await comes_to(debtor, "pause", "paused")
    await asyncio.to_thread(until, lambda: debtor.power(ours) == "off")
    await run_of(debtor, breach).cancel()
    await asyncio.to_thread(until, lambda: debtor.power(ours) == "active")
    assert debtor.states() == {"shop": "paused"}


async def test_a_pause_is_announced_and_cancelled_with_its_policy(debtor: Debtor) -> None:
    shop = await debtor.deploy("shop")
    accrue(debtor, shop, 500)
    policy = await cap(debtor, "pause", 500)
    asked = datetime.now(UTC)
    await evaluate(debtor, pause_notice_seconds=3_600)
    breach = await comes_to(debtor, "pause", "open")
    key = f"spend-breach/{breach.id}"
    posts = debtor.receiver.posts
    await asyncio.to_thread(until, lambda: key in {post.key for post in posts})
    told = next(orjson.loads(post.body)["spend_breach"] for post in posts if post.key == key)
    assert asked <= datetime.fromisoformat(told["at"]) - timedelta(hours=1) <= datetime.now(UTC)
    assert "capped at 5.00" in told["why"]
    assert "paused" in told["what"]
    assert "higher cap" in told["what_to_do"]
    assert debtor.states() == {"shop": "active"}

    await debtor.spending("DeleteSpendPolicy", pb.DeleteSpendPolicyRequest(id=policy))
    await run_of(debtor, breach).terminate("rather than wait an hour")
    again = await debtor.system.client.start_workflow(
        SpendBreach.run,
        BreachInput(breach.id),
        id=f"spend/{breach.id}",
        task_queue=TaskQueue.INVOICING,
    )
    assert await again.result() == "withdrawn"
    assert debtor.states() == {"shop": "active"}
