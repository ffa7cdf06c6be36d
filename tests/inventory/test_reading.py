"""Reading the inventory: filters, stable pages, counts."""

from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from sqlalchemy import text

from services.common.identity.callers import ALL
from tests.inventory.account import Inventory, Token, sighting, violated_field

UNKNOWN_ID = "0192f0c1-1111-7222-8333-444455556666"


async def pages(
    inventory: Inventory, size: int, token: Token | None = None, **filters: Any
) -> list[list[str]]:
    """The provider ids of every page."""
    read: list[list[str]] = []
    page_token = ""
    while True:
        answer = await inventory.reading.ListResources(
            pb.ListResourcesRequest(page_size=size, page_token=page_token, **filters),
            metadata=token or inventory.operator,
        )
        read.append([resource.provider_id for resource in answer.resources])
        page_token = answer.next_page_token
        if not page_token:
            return read


@pytest.fixture
async def estate(inventory: Inventory) -> Inventory:
    """Droplets and a volume that differ in every filtered field; one is tombstoned."""
    await inventory.sweep(sighting("gone"))
    for _ in range(3):
        swept = await inventory.sweep()
    await inventory.confirm(swept.sweep.id, gone=["gone"])
    await inventory.record(
        sighting("1", name="Web-1", tags=["tenant:acme", "deployment:blog", "Blue"]),
        sighting("2", name="web_2%", region="nyc3", tags=["tenant:acme"]),
        sighting("3", name="db", status="off"),
    )
    await inventory.record(sighting("v-1", name="disk", size="", status=""), kind="volume")
    return inventory


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["1", "2", "3", "v-1"]),
        ({"kind": "volume"}, ["v-1"]),
        ({"region": "nyc3"}, ["2"]),
        ({"status": "off"}, ["3"]),
        ({"tenant_id": "acme"}, ["1", "2"]),
        ({"deployment_id": "blog"}, ["1"]),
        ({"tag": "blue"}, ["1"]),
        ({"tag": "BLUE"}, ["1"]),
        ({"tag": "blu"}, []),
        ({"query": "WEB"}, ["1", "2"]),
        ({"query": "v-"}, ["v-1"]),
        ({"query": "_2%"}, ["2"]),
        ({"query": "%"}, ["2"]),
        ({"deleted": "false"}, ["1", "2", "3", "v-1"]),
        ({"deleted": "true"}, ["gone"]),
        ({"deleted": "any"}, ["gone", "1", "2", "3", "v-1"]),
        ({"kind": "droplet", "tenant_id": "acme", "region": "syd1"}, ["1"]),
        ({"project_id": UNKNOWN_ID}, []),
    ],
)
async def test_filters_are_combined_and_the_order_is_that_of_discovery(
    estate: Inventory, filters: dict[str, Any], found: list[str]
) -> None:
    assert await pages(estate, 500, **filters) == [found]


async def test_pages_join_to_the_whole_list(inventory: Inventory) -> None:
    names = [str(number) for number in range(25)]
    await inventory.record(*(sighting(name) for name in names))
    read = await pages(inventory, 10)
    assert [len(page) for page in read] == [10, 10, 5]
    assert [name for page in read for name in page] == names


async def test_a_full_last_page_has_no_next_one(inventory: Inventory) -> None:
    await inventory.record(*(sighting(str(number)) for number in range(20)))
    assert [len(page) for page in await pages(inventory, 10)] == [10, 10]


async def test_pages_stay_as_they_are_while_rows_come_and_change(inventory: Inventory) -> None:
    await inventory.record(*(sighting(str(number)) for number in range(10)))
    first = await inventory.reading.ListResources(
        pb.ListResourcesRequest(page_size=5), metadata=inventory.operator
    )
    await inventory.record(*(sighting(f"new-{number}") for number in range(10)))
    await inventory.record(*(sighting(str(number), name="changed") for number in range(10)))
    second = await inventory.reading.ListResources(
        pb.ListResourcesRequest(page_size=5, page_token=first.next_page_token),
        metadata=inventory.operator,
    )
    assert [resource.provider_id for resource in second.resources] == ["5", "6", "7", "8", "9"]


async def test_a_page_token_of_another_filter_is_refused(inventory: Inventory) -> None:
    await inventory.record(*(sighting(str(number)) for number in range(10)))
    first = await inventory.reading.ListResources(
        pb.ListResourcesRequest(page_size=5), metadata=inventory.operator
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.reading.ListResources(
            pb.ListResourcesRequest(kind="droplet", page_token=first.next_page_token),
            metadata=inventory.operator,
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violated_field(refused.value) == "page_token"


async def test_a_stolen_page_token_opens_nothing(inventory: Inventory) -> None:
    await inventory.record(*(sighting(str(number), tags=["tenant:acme"]) for number in range(10)))
    first = await inventory.reading.ListResources(
        pb.ListResourcesRequest(page_size=5), metadata=inventory.tenant("acme")
    )
    stolen = await inventory.reading.ListResources(
        pb.ListResourcesRequest(page_size=5, page_token=first.next_page_token),
        metadata=inventory.tenant("globex"),
    )
    assert list(stolen.resources) == []


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"kind": "spaceship"}, "kind"),
        ({"deleted": "perhaps"}, "deleted"),
        ({"project_id": "seven"}, "project_id"),
        ({"page_size": -1}, "page_size"),
        ({"page_token": "x"}, "page_token"),
    ],
)
async def test_a_malformed_list_request_is_refused_with_the_name_of_the_field(
    inventory: Inventory, request_fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.reading.ListResources(
            pb.ListResourcesRequest(**request_fields), metadata=inventory.operator
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violated_field(refused.value) == field


async def test_the_basic_view_leaves_attrs_out(inventory: Inventory) -> None:
    await inventory.record(sighting("1"))
    assert not (await inventory.listed(view="RESOURCE_VIEW_BASIC"))["1"].HasField("attrs")
    assert not (await inventory.listed(view="RESOURCE_VIEW_UNSPECIFIED"))["1"].HasField("attrs")
    assert (await inventory.listed(view="RESOURCE_VIEW_FULL"))["1"].attrs["vcpus"] == 1


async def test_an_unknown_resource_is_not_found_and_a_malformed_id_is_refused(
    inventory: Inventory,
) -> None:
    for identifier, code in (
        (UNKNOWN_ID, grpc.StatusCode.NOT_FOUND),
        ("seven", grpc.StatusCode.INVALID_ARGUMENT),
        ("", grpc.StatusCode.INVALID_ARGUMENT),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await inventory.reading.GetResource(
                pb.GetResourceRequest(id=identifier), metadata=inventory.operator
            )
        assert refused.value.code() is code


async def test_the_living_are_counted_by_kind_region_and_tenant(estate: Inventory) -> None:
    answer = await estate.reading.CountResources(
        pb.CountResourcesRequest(), metadata=estate.operator
    )
    counts = {(c.kind, c.region, c.tenant_id): c.count for c in answer.counts}
    assert counts == {
        ("droplet", "syd1", "acme"): 1,
        ("droplet", "nyc3", "acme"): 1,
        ("droplet", "syd1", ""): 1,
        ("volume", "syd1", ""): 1,
    }
    assert answer.total == 4
    volumes = await estate.reading.CountResources(
        pb.CountResourcesRequest(kind="volume"), metadata=estate.operator
    )
    assert volumes.total == 1


async def test_after_a_first_sweep_a_page_is_read_by_an_index(inventory: Inventory) -> None:
    await inventory.sweep(*(sighting(str(number)) for number in range(2000)))
    async with inventory.database.read(ALL) as session:
        plan = await session.execute(
            text(
                "EXPLAIN SELECT id FROM cloud_resources WHERE deleted_at IS NULL"
                " ORDER BY id LIMIT 100"
            )
        )
        steps = "\n".join(plan.scalars())
    assert "Index" in steps
    assert "Sort" not in steps
