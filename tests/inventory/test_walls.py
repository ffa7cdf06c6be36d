"""Tenant isolation: by the query, and by PostgreSQL's row-level security."""

import grpc
import psycopg
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import sync_service_pb2
from sqlalchemy import text

from services.common.identity.callers import ALL, Scope
from services.common.settings import Service
from services.inventory.tables import metadata
from tests.inventory.account import Inventory, sighting
from tests.support.databases import PostgresServer

TABLES = ["cloud_resources", "cloud_resource_events", "cloud_projects"]
OF_OPERATORS = [
    "cloud_sweeps",
    "cloud_sweep_sightings",
    "cloud_sweep_unreadable",
    "cloud_sync_claims",
]


@pytest.fixture
async def tenants(inventory: Inventory) -> Inventory:
    """Two tenants with two droplets each, and one of nobody's; a project of acme's."""
    await inventory.record(
        sighting("a1", tags=["tenant:acme"]),
        sighting("a2", tags=["tenant:acme"]),
        sighting("g1", tags=["tenant:globex"]),
        sighting("g2", tags=["tenant:globex"]),
        sighting("ours"),
    )
    async with inventory.database.write(ALL) as session:
        await session.execute(
            text(
                "INSERT INTO cloud_projects (provider, provider_id, classification, tenant_id,"
                " first_seen_at, last_seen_at)"
                " VALUES ('digitalocean', 'p-a', 'tenant', 'acme', now(), now()),"
                " ('digitalocean', 'p-g', 'tenant', 'globex', now(), now()),"
                " ('digitalocean', 'p', 'internal', NULL, now(), now())"
            )
        )
    return inventory


async def test_a_tenant_lists_only_its_own(tenants: Inventory) -> None:
    assert sorted(await tenants.listed(tenants.tenant("acme"))) == ["a1", "a2"]
    assert sorted(await tenants.listed(tenants.tenant("nobody"))) == []


async def test_an_operator_lists_everything(tenants: Inventory) -> None:
    assert sorted(await tenants.listed()) == ["a1", "a2", "g1", "g2", "ours"]


async def test_asking_for_another_tenant_finds_nothing(tenants: Inventory) -> None:
    assert await tenants.listed(tenants.tenant("acme"), tenant_id="globex") == {}


async def test_another_tenants_resource_is_not_found(tenants: Inventory) -> None:
    foreign = await tenants.one("g1")
    for call in (
        lambda token: tenants.reading.GetResource(
            pb.GetResourceRequest(id=foreign.id), metadata=token
        ),
        lambda token: tenants.reading.ListResourceEvents(
            pb.ListResourceEventsRequest(resource_id=foreign.id), metadata=token
        ),
    ):
        await call(tenants.tenant("globex"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(tenants.tenant("acme"))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_tenant_counts_only_its_own(tenants: Inventory) -> None:
    answer = await tenants.reading.CountResources(
        pb.CountResourcesRequest(), metadata=tenants.tenant("acme")
    )
    assert answer.total == 2


async def test_a_tenant_lists_only_its_own_projects(tenants: Inventory) -> None:
    answer = await tenants.reading.ListProjects(
        pb.ListProjectsRequest(), metadata=tenants.tenant("acme")
    )
    assert [project.provider_id for project in answer.projects] == ["p-a"]
    everything = await tenants.reading.ListProjects(
        pb.ListProjectsRequest(), metadata=tenants.operator
    )
    assert len(everything.projects) == 3


@pytest.mark.parametrize("table", TABLES)
async def test_the_database_hides_foreign_rows_from_a_query_without_a_filter(
    tenants: Inventory, table: str
) -> None:
    query = text(f"SELECT DISTINCT tenant_id FROM {table}")
    async with tenants.database.read(Scope("acme")) as session:
        assert (await session.execute(query)).scalars().all() == ["acme"]
    async with tenants.database.read(ALL) as session:
        assert set((await session.execute(query)).scalars()) == {"acme", "globex", None}


async def sweep_something(tenants: Inventory) -> None:
    sweep_id = await tenants.begin()
    await tenants.record(sighting("x"), sweep_id=sweep_id)
    await tenants.unreadable(sweep_id, ("page 1, row 7", ""))
    request = sync_service_pb2.ClaimKindsRequest(
        provider="digitalocean", kinds=["droplet"], workflow_id="sync", run_id="run"
    )
    await tenants.sync.ClaimKinds(request, metadata=tenants.worker)


@pytest.mark.parametrize("table", [*TABLES, *OF_OPERATORS])
async def test_the_database_shows_nothing_without_a_scope(tenants: Inventory, table: str) -> None:
    await sweep_something(tenants)
    async with tenants.database.engine.connect() as connection:
        rows = await connection.execute(text(f"SELECT count(*) FROM {table}"))
        assert rows.scalar_one() == 0


@pytest.mark.parametrize("table", OF_OPERATORS)
async def test_the_database_shows_sweeps_to_operators_only(tenants: Inventory, table: str) -> None:
    await sweep_something(tenants)
    query = text(f"SELECT count(*) FROM {table}")
    async with tenants.database.read(Scope("acme")) as session:
        assert (await session.execute(query)).scalar_one() == 0
    async with tenants.database.read(ALL) as session:
        assert (await session.execute(query)).scalar_one() == 1


async def test_every_table_has_row_level_security_and_no_other_owner(
    tenants: Inventory, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.url(tenants.database_name)) as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity, pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND relname <> 'alembic_version'"
        ).fetchall()
    assert {name for name, *_ in rows} == {table.name for table in metadata.tables.values()}
    assert {(secured, owner) for _, secured, owner in rows} == {(True, "inventory_owner")}


async def test_the_partitions_are_closed_to_the_service(
    tenants: Inventory, postgres: PostgresServer
) -> None:
    url = postgres.url(tenants.database_name, Service.INVENTORY)
    with (
        psycopg.connect(url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema partitions"),
    ):
        connection.execute("SELECT * FROM partitions.cloud_resource_events_2026_01")


async def test_a_resources_history_stays_with_its_owner_of_the_time(
    tenants: Inventory,
) -> None:
    await tenants.record(sighting("a1", tags=["tenant:globex"], name="renamed"))
    history = await tenants.history("a1", tenants.tenant("globex"))
    assert [event.type for event in history] == ["assigned"]
    assert "acme" not in str(history)
    assert [event.type for event in await tenants.history("a1")] == [
        "discovered",
        "updated",
        "assigned",
    ]
