"""The history is append-only in the database, and partitioned by month."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import sync_service_pb2
from google.protobuf.json_format import MessageToDict

from tests.inventory.account import Inventory, sighting
from tests.support.databases import PostgresServer

REWRITES = [
    "UPDATE cloud_resource_events SET actor = 'nobody'",
    "DELETE FROM cloud_resource_events",
    "TRUNCATE cloud_resource_events",
]

Owner = psycopg.Connection[Any]


@pytest.fixture
def owner(inventory: Inventory, postgres: PostgresServer) -> Iterator[Owner]:
    """A connection as the owner of the tables."""
    url = postgres.url(inventory.database_name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE inventory_owner")
        yield connection


@pytest.mark.parametrize("rewrite", REWRITES)
async def test_the_service_has_no_right_to_rewrite_history(
    inventory: Inventory, postgres: PostgresServer, rewrite: str
) -> None:
    await inventory.record(sighting("1"))
    with psycopg.connect(postgres.url(inventory.database_name, "inventory")) as connection:
        connection.execute("SELECT set_config('arcadia.scope', 'all', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(rewrite)


@pytest.mark.parametrize("rewrite", REWRITES)
async def test_not_even_the_owner_can_rewrite_history(
    inventory: Inventory, owner: Owner, rewrite: str
) -> None:
    await inventory.record(sighting("1"))
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(rewrite)
    assert await inventory.events("1") == ["discovered"]


@pytest.mark.parametrize("rewrite", REWRITES)
async def test_nor_can_a_superuser_through_a_partition_or_as_a_replica(
    inventory: Inventory, owner: Owner, rewrite: str
) -> None:
    await inventory.record(sighting("1"))
    owner.execute("RESET ROLE")
    owner.execute("SET session_replication_role = replica")
    month = owner.execute(
        "SELECT tableoid::regclass::text FROM cloud_resource_events LIMIT 1"
    ).fetchone()
    assert month is not None
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(rewrite.replace("cloud_resource_events", month[0]))


def months(owner: Owner) -> int:
    row = owner.execute(
        "SELECT count(*) FROM pg_partition_tree('cloud_resource_events') WHERE isleaf"
    ).fetchone()
    assert row is not None
    return int(row[0])


async def test_partitions_are_made_ahead_and_made_again_when_missing(
    inventory: Inventory, owner: Owner
) -> None:
    assert months(owner) == 4
    for (partition,) in owner.execute(
        "SELECT relid::regclass::text FROM pg_partition_tree('cloud_resource_events') WHERE isleaf"
    ).fetchall():
        owner.execute(f"DROP TABLE {partition}")
    await inventory.record(sighting("1"))
    assert months(owner) == 4
    assert await inventory.events("1") == ["discovered"]


async def test_a_long_history_is_read_in_pages_newest_first(inventory: Inventory) -> None:
    for number in range(7):
        await inventory.record(sighting("1", name=f"name-{number}"))
    resource = await inventory.one("1")
    names, token = [], ""
    while True:
        answer = await inventory.reading.ListResourceEvents(
            pb.ListResourceEventsRequest(resource_id=resource.id, page_size=3, page_token=token),
            metadata=inventory.operator,
        )
        changes = [MessageToDict(event.changes) for event in answer.events]
        names += [change["name"]["new"] for change in changes if change]
        token = answer.next_page_token
        if not token:
            break
    assert names == [f"name-{number}" for number in range(6, 0, -1)]


async def test_events_say_who_and_in_which_request(inventory: Inventory) -> None:
    await inventory.sync.RecordSightings(
        sync_service_pb2.RecordSightingsRequest(
            provider="digitalocean", kind="droplet", sightings=[sighting("1")]
        ),
        metadata=(*inventory.worker, ("x-request-id", "run-42/page-7")),
    )
    event = (await inventory.history("1"))[0]
    assert (event.actor, event.request_id) == ("worker", "run-42/page-7")
    assert event.HasField("occurred_at")


async def test_ids_of_events_ascend_with_time(inventory: Inventory) -> None:
    for name in ("a", "b", "c"):
        await inventory.record(sighting("1", name=name))
    ids = [event.id for event in await inventory.history("1")]
    assert ids == sorted(set(ids))
