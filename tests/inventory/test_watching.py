"""The history as a stream: from a cursor, each event exactly once."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
import psycopg
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import resources_pb2 as words
from arcadia.inventory.v1.inventory_service_pb2_grpc import InventoryServiceStub
from sqlalchemy import text

from services.common.identity.callers import ALL
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from tests.inventory.account import Inventory, Token, reason_of, sighting, violated_field
from tests.support.databases import PostgresServer
from tests.support.environment import environment_of
from tests.support.ports import free_port

INSERT = """
INSERT INTO cloud_resource_events (resource_id, kind, tenant_id, type, occurred_at)
VALUES (gen_random_uuid(), 'droplet', 'acme', 'discovered', now()) RETURNING id
"""
PATIENCE = 120.0


class Writers:
    """Transactions of the service's own role, which write events and commit when they are told."""

    def __init__(self, url: str) -> None:
        self.url = url

    @asynccontextmanager
    async def one(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """An open transaction; whoever wants it committed says so."""
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            await connection.execute("SELECT set_config('arcadia.scope', 'all', true)")
            yield connection

    @staticmethod
    async def write(connection: psycopg.AsyncConnection[Any]) -> int:
        """Writes an event, not committed yet; its id."""
        row = await (await connection.execute(INSERT)).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def writers(inventory: Inventory, postgres: PostgresServer) -> Writers:
    return Writers(postgres.url(inventory.database_name, Service.INVENTORY))


async def watched(
    inventory: Inventory, token: Token | None = None, **request: Any
) -> AsyncGenerator[words.ResourceEvent]:
    """The events of a watch, one by one; ends the call when it is closed."""
    call = inventory.reading.WatchResourceEvents(
        pb.WatchResourceEventsRequest(**request), metadata=token or inventory.operator
    )
    try:
        async for answer in call:
            for event in answer.events:
                yield event
    finally:
        call.cancel()


async def first(
    inventory: Inventory, count: int, token: Token | None = None, **request: Any
) -> list[words.ResourceEvent]:
    """The first events of a watch."""
    found: list[words.ResourceEvent] = []
    async with asyncio.timeout(PATIENCE), aclosing(watched(inventory, token, **request)) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    return found


async def ids_in_order(inventory: Inventory) -> list[int]:
    async with inventory.database.read(ALL) as session:
        rows = await session.execute(text("SELECT id FROM cloud_resource_events ORDER BY id"))
        return list(rows.scalars())


async def test_a_watch_begins_after_its_cursor_and_goes_on_with_what_is_written(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("a"), sighting("b"))
    past = await first(inventory, 2)
    assert [event.type for event in past] == ["discovered", "discovered"]
    assert past[0].id < past[1].id
    watching = asyncio.create_task(first(inventory, 2, after_event_id=past[0].id))
    await asyncio.sleep(0.1)
    await inventory.record(sighting("a", name="renamed"))
    assert [event.type for event in await watching] == ["discovered", "updated"]
    assert (await watching)[0].id == past[1].id


async def test_an_event_waits_for_an_earlier_one_that_commits_later(
    inventory: Inventory, writers: Writers
) -> None:
    async with writers.one() as slow, writers.one() as fast:
        earlier, later = await writers.write(slow), await writers.write(fast)
        assert earlier < later
        await fast.commit()
        watching = asyncio.create_task(first(inventory, 2))
        await inventory.record(sighting("from the front"))  # more, behind both
        await asyncio.sleep(0.2)
        assert not watching.done()
        await slow.commit()
        assert [event.id for event in await watching] == [earlier, later]


async def test_an_event_that_was_never_committed_holds_nothing_back(
    inventory: Inventory, writers: Writers
) -> None:
    async with writers.one() as slow, writers.one() as fast:
        await writers.write(slow)
        later = await writers.write(fast)
        await fast.commit()
        watching = asyncio.create_task(first(inventory, 1))
        await asyncio.sleep(0.1)
        await slow.rollback()
        assert [event.id for event in await watching] == [later]


async def test_a_long_transaction_without_events_does_not_delay_watchers(
    inventory: Inventory, writers: Writers
) -> None:
    async with writers.one() as busy:
        await busy.execute("SELECT pg_current_xact_id()")
        await inventory.record(sighting("a"))
        assert len(await first(inventory, 1)) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_a_client_that_reconnects_misses_nothing_and_sees_nothing_twice(
    inventory: Inventory, writers: Writers, seed: int
) -> None:
    dice = random.Random(seed)
    committed: set[int] = set()
    last: set[int] = set()

    async def write(pauses: list[float], *, kept: bool, is_last: bool = False) -> None:
        async with writers.one() as connection:
            drawn = []
            for pause in pauses:
                drawn.append(await writers.write(connection))
                await asyncio.sleep(pause)
            # Known before the reader can see it, or it waits for one that never comes.
            last.update(drawn if is_last else ())
            if kept:
                await connection.commit()
                committed.update(drawn)
            else:
                await connection.rollback()

    async def write_on() -> None:
        for _ in range(6):
            await write(
                [dice.random() / 100 for _ in range(dice.randint(1, 4))], kept=dice.random() < 0.8
            )

    async def write_all() -> None:
        await asyncio.gather(*(write_on() for _ in range(6)))
        await write([0.0], kept=True, is_last=True)

    writing = asyncio.create_task(write_all())
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while not last.intersection(seen[-1:]):
            stay = dice.randint(1, 15)
            cursor = seen[-1] if seen else 0
            async with aclosing(watched(inventory, after_event_id=cursor)) as events:
                async for event in events:
                    seen.append(event.id)
                    stay -= 1
                    if not stay or event.id in last:
                        break
        await writing
    assert seen == sorted(committed) == await ids_in_order(inventory)


async def test_a_tenant_watches_its_own_events_only(inventory: Inventory) -> None:
    await inventory.record(sighting("g", tags=["tenant:globex"]), sighting("ours"))
    await inventory.record(sighting("a", tags=["tenant:acme"]))
    acme = inventory.tenant("acme")
    watching = asyncio.create_task(first(inventory, 2, acme))
    await asyncio.sleep(0.1)
    await inventory.record(
        sighting("g", tags=["tenant:globex"], name="new"),
        sighting("a", tags=["tenant:acme"], name="new"),
    )
    mine = (await inventory.one("a")).id
    assert [(event.resource_id, event.type) for event in await watching] == [
        (mine, "discovered"),
        (mine, "updated"),
    ]


async def test_a_watch_of_a_kind_sees_that_kind_only(inventory: Inventory) -> None:
    await inventory.record(sighting("a"))
    await inventory.record(sighting("v"), kind="volume")
    only = await first(inventory, 1, kind="volume")
    assert only[0].resource_id == (await inventory.one("v")).id


async def test_few_events_among_many_of_others_are_found(
    inventory: Inventory, writers: Writers
) -> None:
    async with writers.one() as connection:
        await connection.execute(
            "INSERT INTO cloud_resource_events (resource_id, kind, tenant_id, type, occurred_at)"
            " SELECT gen_random_uuid(), 'droplet', 'globex', 'discovered', now()"
            " FROM generate_series(1, 45000)"
        )
        await connection.commit()
    await inventory.record(sighting("a", tags=["tenant:acme"]))
    found = await first(inventory, 1, inventory.tenant("acme"))
    assert found[0].id > 45_000


@pytest.mark.parametrize("cursor", [-1, 1_000])
async def test_an_unknown_cursor_is_refused(inventory: Inventory, cursor: int) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await first(inventory, 1, after_event_id=cursor)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violated_field(refused.value) == "after_event_id"


async def test_the_end_of_the_token_is_the_end_of_the_stream(inventory: Inventory) -> None:
    # Still good for a second or two, by the leeway of the clocks.
    token = mint_user_token(
        inventory.settings, subject="op", roles=["platform-admin"], lifetime_seconds=-28
    )
    await inventory.record(sighting("a"))
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await first(inventory, 2, (("authorization", f"Bearer {token}"),))
    assert ended.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(ended.value) == "TOKEN_EXPIRED"


async def test_many_watchers_share_one_listener_and_leave_the_pool_alone(
    inventory: Inventory,
) -> None:
    watchers = [asyncio.create_task(first(inventory, 1)) for _ in range(40)]
    await _listeners(inventory, 1)
    await asyncio.sleep(0.2)
    async with inventory.database.read(ALL) as session:
        rows = await session.execute(text(f"SELECT count(*) {CONNECTED}"))
        assert rows.scalar_one() < 10
    await inventory.record(sighting("a"))
    found = await asyncio.gather(*watchers)
    assert {event.id for events in found for event in events} == set(await ids_in_order(inventory))
    await _listeners(inventory, 0)


async def test_a_lost_listener_reconnects_and_loses_no_event(inventory: Inventory) -> None:
    watching = asyncio.create_task(first(inventory, 2))
    await _listeners(inventory, 1)
    async with inventory.database.read(ALL) as session:
        await session.execute(text(f"SELECT pg_terminate_backend(pid) {LISTENERS}"))
    await inventory.record(sighting("while nobody listens"))
    await _listeners(inventory, 1)
    await inventory.record(sighting("and after"))
    assert len(await watching) == 2


CONNECTED = "FROM pg_stat_activity WHERE datname = current_database()"

LISTENERS = """
FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE '%listening'
"""


async def _listeners(inventory: Inventory, count: int) -> None:
    """Waits until so many connections listen."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with inventory.database.read(ALL) as session:
                rows = await session.execute(text(f"SELECT count(*) {LISTENERS}"))
                if rows.scalar_one() == count:
                    return
            await asyncio.sleep(0.05)


async def test_a_server_that_ends_sends_its_watchers_elsewhere(
    fresh_settings: Callable[..., Settings],
) -> None:
    settings = fresh_settings(
        Service.INVENTORY, inventory_address=f"127.0.0.1:{free_port()}", log_level="info"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.inventory"),
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
    )
    async with grpc.aio.insecure_channel(settings.address(Service.INVENTORY)) as channel:
        stub = InventoryServiceStub(channel)
        token = mint_user_token(settings, subject="op", roles=["platform-admin"])
        call = stub.WatchResourceEvents(
            pb.WatchResourceEventsRequest(),
            metadata=(("authorization", f"Bearer {token}"),),
            wait_for_ready=True,
        )
        await call.wait_for_connection()
        reading = asyncio.create_task(call.read())
        process.terminate()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await reading
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    assert await process.wait() == 0
