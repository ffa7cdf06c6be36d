"""The history of owners has no gap and no overlap, and its past is never rewritten."""

import asyncio
import itertools
import random

import psycopg
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb

from tests.inventory.account import Inventory, sighting
from tests.inventory.catalog import SmallCatalog
from tests.inventory.owners import SHOP, assign, assign_all, classify, owners, project, spans
from tests.support.databases import PostgresServer


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cloud_resource_assignments SET valid_to = now() WHERE valid_to IS NOT NULL",
        "UPDATE cloud_resource_assignments SET tenant_id = 'globex' WHERE valid_to IS NOT NULL",
        "DELETE FROM cloud_resource_assignments",
        "TRUNCATE cloud_resource_assignments",
    ],
)
async def test_not_even_the_owner_of_the_database_rewrites_the_past(
    inventory: Inventory, postgres: PostgresServer, statement: str
) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    await assign(inventory, "1", tenant_id="globex")
    with (
        psycopg.connect(postgres.url(inventory.database_name)) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
    ):
        connection.execute(statement)


async def test_two_spans_of_a_resource_never_overlap_says_the_database(
    inventory: Inventory, postgres: PostgresServer
) -> None:
    await inventory.record(sighting("1"))
    with (
        psycopg.connect(postgres.url(inventory.database_name)) as connection,
        pytest.raises(psycopg.errors.ExclusionViolation),
    ):
        connection.execute(
            "INSERT INTO cloud_resource_assignments (resource_id, source, valid_from)"
            " SELECT resource_id, source, valid_from + interval '1 hour'"
            " FROM cloud_resource_assignments"
        )


async def test_assigning_at_the_same_time_leaves_one_history_without_a_gap(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1"), sighting("2"))
    tenants = [f"tenant-{number}" for number in range(6)]
    await asyncio.gather(
        *(
            assign_all(inventory, *(("1", "2") if turn % 2 else ("2", "1")), tenant_id=tenant)
            for turn, tenant in enumerate(tenants)
        ),
        inventory.record(sighting("1", tags=["tenant:acme"])),
    )
    for provider_id in ("1", "2"):
        await _history_is_sound(inventory, provider_id)
        explicit = [span for span in await owners(inventory, provider_id) if span[2] == "explicit"]
        assert sorted(tenant for tenant, *_ in explicit) == tenants


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_the_history_is_sound_and_the_past_stays(
    inventory: Inventory, catalog: SmallCatalog, seed: int
) -> None:
    chance = random.Random(seed)
    catalog.tenants[SHOP] = "acme"
    tenants = ["acme", "globex", "initech"]
    await inventory.sweep(sighting("1"))
    projects = [await project(inventory, "a"), await project(inventory, "b", "1")]
    past: list[pb.Assignment] = []
    for _ in range(10):
        match chance.randrange(7):
            case 0:
                await assign(inventory, "1", tenant_id=chance.choice(tenants))
            case 1:
                await assign(inventory, "1", deployment_id=SHOP)
            case 2:
                await assign(inventory, "1", by_rules=True)
            case 3:
                tags = [f"tenant:{one}" for one in chance.sample(tenants, chance.randrange(3))]
                await inventory.record(sighting("1", tags=tags))
            case 4:
                await project(inventory, chance.choice("ab"), "1")
            case 5:
                await classify(inventory, chance.choice(projects), "tenant", chance.choice(tenants))
            case _:
                await inventory.lose("1")
                await inventory.record(sighting("1"))
        history = await _history_is_sound(inventory, "1")
        ended = [span for span in history if span.HasField("valid_to")]
        assert ended[: len(past)] == past
        past = ended


async def _history_is_sound(inventory: Inventory, provider_id: str) -> list[pb.Assignment]:
    """The history of a living resource: no overlap, no gap in a life, ends with what is."""
    history = await spans(inventory, provider_id)
    resource = await inventory.one(provider_id)
    assert history[0].valid_from == resource.first_seen_at
    restored = {
        event.occurred_at.ToNanoseconds()
        for event in await inventory.history(provider_id)
        if event.type == "restored"
    }
    for before, after in itertools.pairwise(history):
        ended, begun = before.valid_to.ToNanoseconds(), after.valid_from.ToNanoseconds()
        assert before.valid_from.ToNanoseconds() < ended
        assert ended == begun or (ended < begun and begun in restored)
        same = (before.tenant_id, before.deployment_id, before.source) == (
            after.tenant_id,
            after.deployment_id,
            after.source,
        )
        assert not same or begun in restored
    assert not history[-1].HasField("valid_to")
    assert (history[-1].tenant_id, history[-1].deployment_id) == (
        resource.tenant_id,
        resource.deployment_id,
    )
    return history
