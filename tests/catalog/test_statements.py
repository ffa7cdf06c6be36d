"""Batches are read in a constant number of statements, whatever their size."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import lifecycle_service_pb2 as worker_pb
from arcadia.catalog.v1 import pricing_service_pb2 as pricing_pb
from arcadia.catalog.v1 import subscription_service_pb2 as subscription_pb

from services.catalog.plans.store.versions import read_versions
from services.catalog.subscriptions.store.subscriptions import read_subscriptions
from services.common.identity.callers import ALL
from tests.catalog.shop import Shop

Count = Callable[[Awaitable[Any]], Awaitable[int]]

MANY = 40


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Counts what reaches the driver while something is awaited."""
    counted = 0
    execute = psycopg.AsyncCursor.execute

    async def counting(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal counted
        counted += 1
        return await execute(self, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counting)

    async def count(work: Awaitable[Any]) -> int:
        before = counted
        await work
        return counted - before

    return count


async def test_lists_and_batches_need_a_constant_number_of_statements(
    shop: Shop, statements: Count
) -> None:
    ids = []
    for number in range(MANY):
        deployment = await shop.deploy(f"app-{number}")
        made = await shop.subscribe(deployment.id, addons=["storage_50gb", "llm_1m"])
        ids.append(UUID(made.id))
    keys = [worker_pb.DeploymentKey(slug=f"app-{number}") for number in range(MANY)]

    async def batch(size: int) -> None:
        async with shop.database.read(ALL) as session:
            found = await read_subscriptions(session, ALL, ids[:size])
            terms = [term.plan_version_id for one in found.values() for term in one.terms]
            assert len(await read_versions(session, terms)) == 1
        assert len(found) == size

    async def lists(size: int) -> None:
        deployments = pb.ListDeploymentsRequest(page_size=size)
        await shop.deployments.ListDeployments(deployments, metadata=shop.acme)
        subscriptions = subscription_pb.ListSubscriptionsRequest(page_size=size)
        await shop.subscriptions.ListSubscriptions(subscriptions, metadata=shop.acme)
        lookup = worker_pb.LookupDeploymentsRequest(keys=keys[:size])
        await shop.lifecycle.LookupDeployments(lookup, metadata=shop.worker)

    assert await statements(batch(1)) == await statements(batch(MANY))
    assert await statements(lists(1)) == await statements(lists(MANY))


async def test_a_batch_of_quotes_needs_a_constant_number_of_statements(
    shop: Shop, statements: Count
) -> None:
    plans = ("starter", "studio", "pro")
    ids = []
    for number in range(MANY):
        token = shop.tenant(f"tenant-{number:02}")
        deployment = await shop.deploy("app", token)
        made = await shop.subscribe(
            deployment.id, plans[number % 3], addons=["storage_50gb"], token=token
        )
        ids.append(made.id)
        if number % 2:
            await shop.change("PauseSubscription", made.id, effective_on="2026-04-20")
        if number % 5 == 0:
            await shop.change(
                "ChangePlan", made.id, plan_code=plans[number % 3 - 1], effective_on="2026-04-15"
            )

    async def quotes(size: int) -> None:
        run = pricing_pb.UsageRun(first_day="2026-04-01", days=1, qty="400")
        usage = [pricing_pb.UsageSeries(resource_kind="spaces_gb_month", runs=[run])]
        items = [pricing_pb.BatchQuoteItem(subscription_id=one, usage=usage) for one in ids[:size]]
        request = pricing_pb.BatchQuoteRequest(
            period_start="2026-04-01", period_end="2026-05-01", items=items
        )
        stream = shop.pricing.BatchQuote(request, metadata=shop.program("analytics"))
        results = [result async for answer in stream for result in answer.results]
        assert [result.WhichOneof("outcome") for result in results] == ["quote"] * size

    async def billable(size: int) -> None:
        request = pricing_pb.ListBillableSubscriptionsRequest(
            period_start="2026-04-01", period_end="2026-05-01", page_size=size
        )
        answer = await shop.pricing.ListBillableSubscriptions(
            request, metadata=shop.program("analytics")
        )
        assert len(answer.billable_subscriptions) == size

    assert await statements(quotes(1)) == await statements(quotes(MANY))
    assert await statements(billable(1)) == await statements(billable(MANY))
