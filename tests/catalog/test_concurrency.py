"""Concurrent transactions: each conflict has one winner and a clear refusal.

A third transaction holds a lock until all of them wait for it, so that they are really concurrent.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
import psycopg
from arcadia.catalog.v1 import catalog_service_pb2 as pb

from services.catalog.plans.seed import seed
from tests.catalog.shop import Shop
from tests.inventory.account import reason_of
from tests.support.waiting import until

CATALOG: Final = "SELECT pg_advisory_xact_lock(hashtextextended('catalog', 0))"
HELD: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended('catalog', 0))"
WAITING: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Meeting:
    """Calls that wait for what another transaction holds."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._calls: list[asyncio.Task[Any]] = []

    async def join(self, *calls: Coroutine[Any, Any, Any]) -> None:
        """Starts calls one after the other, each when those before wait."""
        for call in calls:
            self._calls.append(asyncio.create_task(call))
            await asyncio.to_thread(until, self._all_wait)

    def _all_wait(self) -> bool:
        return self._shop.rows(WAITING) == [(len(self._calls),)]

    async def ended(self) -> list[Any]:
        """What became of them: answers, and the reasons of refusals."""
        outcomes = await asyncio.gather(*self._calls, return_exceptions=True)
        return [
            reason_of(outcome) if isinstance(outcome, grpc.aio.AioRpcError) else outcome
            for outcome in outcomes
        ]


@asynccontextmanager
async def meeting(shop: Shop, held: str, *parameters: Any) -> AsyncIterator[Meeting]:
    """Holds what a statement locks until the block ends, and then gives it back."""
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute(held, parameters)
        yield Meeting(shop)
        connection.rollback()


async def draft(shop: Shop) -> int:
    request = pb.CreatePlanVersionRequest(plan_code="studio", price_cents=1, currency="AUD")
    answer = await shop.catalog.CreatePlanVersion(request, metadata=shop.operator)
    return answer.plan_version.version


async def publish(shop: Shop, version: int) -> str:
    request = pb.PublishPlanVersionRequest(plan_code="studio", version=version)
    answer = await shop.catalog.PublishPlanVersion(request, metadata=shop.operator)
    return answer.plan_version.status


def active(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows(
        "SELECT v.version FROM plan_versions AS v JOIN plans AS p ON p.id = v.plan_id"
        " WHERE p.code = 'studio' AND v.status = 'active'"
    )


async def test_two_publishes_leave_exactly_one_active(shop: Shop) -> None:
    first, second = await draft(shop), await draft(shop)
    async with meeting(shop, CATALOG) as both:
        await both.join(publish(shop, second), publish(shop, first))
    assert await both.ended() == ["active", "PUBLISHED_MEANWHILE"]
    assert active(shop) == [(second,)]


async def test_a_draft_is_published_once(shop: Shop) -> None:
    version = await draft(shop)
    async with meeting(shop, CATALOG) as both:
        await both.join(publish(shop, version), publish(shop, version))
    assert await both.ended() == ["active", "VERSION_PUBLISHED"]
    assert active(shop) == [(version,)]


async def test_of_two_subscribes_to_one_deployment_one_wins(shop: Shop) -> None:
    deployment = await shop.deploy()
    lock = "SELECT FROM deployments WHERE id = %s FOR UPDATE"
    async with meeting(shop, lock, deployment.id) as both:
        await both.join(shop.subscribe(deployment.id), shop.subscribe(deployment.id, "pro"))
    won, refused = await both.ended()
    assert (won.plan_code, refused) == ("studio", "ALREADY_SUBSCRIBED")
    assert shop.rows("SELECT count(*) FROM subscriptions") == [(1,)]
    assert shop.rows("SELECT count(*) FROM subscription_terms") == [(1,)]


async def test_who_subscribes_after_a_publish_began_gets_what_it_published(shop: Shop) -> None:
    version, deployment = await draft(shop), await shop.deploy()
    async with meeting(shop, CATALOG) as both:
        await both.join(publish(shop, version), shop.subscribe(deployment.id))
    _, subscription = await both.ended()
    assert subscription.plan_version == version


async def test_a_publish_waits_for_running_subscriptions(shop: Shop) -> None:
    version, deployment = await draft(shop), await shop.deploy()
    async with meeting(shop, HELD) as both:
        await both.join(publish(shop, version))
        assert active(shop) == [(1,)]
    assert await both.ended() == ["active"]
    other = await draft(shop)
    async with meeting(shop, CATALOG) as both:
        await both.join(shop.subscribe(deployment.id), publish(shop, other))
    subscription, _ = await both.ended()
    assert (subscription.plan_version, active(shop)) == (version, [(other,)])


SLUG: Final = """
INSERT INTO deployments (tenant_id, slug, display_name, state, created_at, state_changed_at)
VALUES ('acme', 'blog', 'blog', 'active', now(), now())
"""


async def test_of_two_equal_slugs_one_wins(shop: Shop) -> None:
    async with meeting(shop, SLUG) as both:
        await both.join(shop.deploy("blog"), shop.deploy("blog"))
    answers = await both.ended()
    assert "SLUG_TAKEN" in answers
    [made] = [answer for answer in answers if answer != "SLUG_TAKEN"]
    assert shop.rows("SELECT id::text FROM deployments") == [(made.id,)]
    assert shop.rows("SELECT count(*) FROM deployment_events") == [(1,)]


async def test_a_write_that_is_sent_twice_at_once_is_done_once(shop: Shop) -> None:
    async with meeting(shop, SLUG) as both:
        await both.join(
            shop.deploy("blog", request_id="again"), shop.deploy("blog", request_id="again")
        )
    first, second = await both.ended()
    assert first == second
    assert shop.rows("SELECT count(*) FROM deployments") == [(1,)]


async def test_of_two_transitions_the_second_starts_where_the_first_ended(shop: Shop) -> None:
    deployment = await shop.deploy()
    lock = "SELECT FROM deployments WHERE id = %s FOR UPDATE"
    async with meeting(shop, lock, deployment.id) as both:
        await both.join(shop.move(deployment.id, "paused"), shop.move(deployment.id, "past_due"))
    moved, refused = await both.ended()
    assert (moved.deployment.state, refused) == ("paused", "TRANSITION_NOT_ALLOWED")


async def test_two_seeds_at_once_add_everything_once(shop: Shop) -> None:
    with psycopg.connect(shop.admin_url) as connection:
        connection.execute("DELETE FROM addons")
    async with meeting(shop, CATALOG) as both:
        await both.join(seed(shop.database), seed(shop.database))
    assert [len(changes) for changes in await both.ended()] == [4, 0]
