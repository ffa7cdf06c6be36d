"""The filtered inventory as CSV: the same rows as the list, in constant memory."""

import csv
import io
from datetime import datetime
from typing import Any

import grpc
import orjson
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb

from tests.inventory.account import Inventory, Token, sighting, violated_field


async def chunks(
    inventory: Inventory, token: Token | None = None, **filters: Any
) -> list[pb.ExportResourcesResponse]:
    request = pb.ExportResourcesRequest(filter=pb.ListResourcesRequest(**filters))
    call = inventory.reading.ExportResources(request, metadata=token or inventory.operator)
    return [answer async for answer in call]


async def exported(
    inventory: Inventory, token: Token | None = None, **filters: Any
) -> list[dict[str, str]]:
    """The rows of an export, by the names in its header."""
    content = b"".join(answer.chunk for answer in await chunks(inventory, token, **filters))
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True))


async def test_an_export_has_a_header_and_a_line_for_each_resource(inventory: Inventory) -> None:
    await inventory.record(sighting("1", tags=["web", "db"]), sighting("2"))
    rows = await exported(inventory)
    listed = await inventory.listed()
    assert [row["id"] for row in rows] == [resource.id for resource in listed.values()]
    first = rows[0]
    assert first["kind"] == "droplet"
    assert first["tags"] == "db web"
    assert first["deleted_at"] == ""
    assert datetime.fromisoformat(first["first_seen_at"]).utcoffset() is not None
    assert "attrs" not in first


async def test_an_export_of_nothing_is_its_header_alone(inventory: Inventory) -> None:
    only = await chunks(inventory)
    assert b"".join(answer.chunk for answer in only).count(b"\r\n") == 1


async def test_a_full_export_has_what_only_the_kind_has(inventory: Inventory) -> None:
    await inventory.record(sighting("1", attrs={"memory": 1024, "vcpus": 2}))
    rows = await exported(inventory, view="RESOURCE_VIEW_FULL")
    assert orjson.loads(rows[0]["attrs"]) == {"memory": 1024, "vcpus": 2}


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "volume"},
        {"region": "ams3"},
        {"status": "off"},
        {"tenant_id": "acme"},
        {"deployment_id": "blog"},
        {"tag": "web"},
        {"query": "MAIL"},
        {"kind": "droplet", "region": "ams3"},
        {"deleted": "true"},
    ],
    ids=str,
)
async def test_an_export_filters_as_the_list_does(
    inventory: Inventory, filters: dict[str, Any]
) -> None:
    await inventory.record(
        sighting("1", region="ams3", name="mail"),
        sighting("2", status="off", tags=["web", "tenant:acme", "deployment:blog"]),
        sighting("3", region="ams3", status="off"),
    )
    await inventory.record(sighting("4", region="ams3"), kind="volume")
    rows = await exported(inventory, **filters)
    request = pb.ListResourcesRequest(page_size=500, **filters)
    listed = await inventory.reading.ListResources(request, metadata=inventory.operator)
    assert [row["id"] for row in rows] == [resource.id for resource in listed.resources]
    assert len(rows) < 4


async def test_a_long_export_comes_in_chunks_of_whole_lines(inventory: Inventory) -> None:
    await inventory.record(*(sighting(str(number)) for number in range(1_100)))
    answers = await chunks(inventory)
    assert [answer.chunk.count(b"\r\n") for answer in answers] == [501, 500, 100]
    assert all(answer.chunk.endswith(b"\r\n") for answer in answers)
    assert len({row["id"] for row in await exported(inventory)}) == 1_100


async def test_no_name_of_a_resource_is_a_formula(inventory: Inventory) -> None:
    await inventory.record(sighting("1", name='=HYPERLINK("http://x","y")', tags=["@sum"]))
    row = (await exported(inventory))[0]
    assert row["name"] == '\'=HYPERLINK("http://x","y")'
    assert row["tags"] == "'@sum"


async def test_a_tenant_exports_its_own_only(inventory: Inventory) -> None:
    await inventory.record(
        sighting("a", tags=["tenant:acme"]), sighting("g", tags=["tenant:globex"]), sighting("o")
    )
    acme = inventory.tenant("acme")
    assert [row["provider_id"] for row in await exported(inventory, acme)] == ["a"]
    assert await exported(inventory, acme, tenant_id="globex") == []


async def test_a_wrong_filter_is_refused_by_its_name(inventory: Inventory) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await exported(inventory, kind="spaceship")
    assert violated_field(refused.value) == "kind"
