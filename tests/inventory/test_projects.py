"""The provider's projects, and their resources."""

from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import resources_pb2, sync_service_pb2
from google.protobuf.json_format import MessageToDict
from sqlalchemy import text

from services.common.identity.callers import ALL
from tests.inventory.account import Inventory, reason_of, sighting, violated_field


def project(provider_id: str, **fields: Any) -> sync_service_pb2.ProjectSighting:
    return sync_service_pb2.ProjectSighting(
        provider_id=provider_id, **{"name": f"project {provider_id}", **fields}
    )


async def record(
    inventory: Inventory, *projects: sync_service_pb2.ProjectSighting, sweep_id: str = ""
) -> sync_service_pb2.RecordProjectsResponse:
    return await inventory.sync.RecordProjects(
        sync_service_pb2.RecordProjectsRequest(
            provider="digitalocean", sweep_id=sweep_id, projects=projects
        ),
        metadata=inventory.worker,
    )


async def put(inventory: Inventory, project_id: str, *members: tuple[str, str]) -> int:
    answer = await inventory.sync.RecordProjectMembers(
        sync_service_pb2.RecordProjectMembersRequest(
            provider="digitalocean",
            project_provider_id=project_id,
            members=[
                sync_service_pb2.ProjectMember(kind=kind, provider_id=provider_id)
                for kind, provider_id in members
            ],
        ),
        metadata=inventory.worker,
    )
    return answer.moved_count


async def listed(inventory: Inventory) -> dict[str, resources_pb2.Project]:
    answer = await inventory.reading.ListProjects(
        pb.ListProjectsRequest(), metadata=inventory.operator
    )
    return {one.provider_id: one for one in answer.projects}


async def sweep(inventory: Inventory, *projects: sync_service_pb2.ProjectSighting) -> str:
    sweep_id = await inventory.begin("project")
    await record(inventory, *projects, sweep_id=sweep_id)
    await inventory.complete(sweep_id, total=len(projects))
    return sweep_id


async def test_projects_are_discovered_updated_and_seen_again(inventory: Inventory) -> None:
    first = await record(inventory, project("a"), project("b", environment="Production"))
    again = await record(inventory, project("a"), project("b", environment="production"))
    changed = await record(inventory, project("a", name="renamed", is_default=True), project("b"))
    assert first.discovered_count == 2
    assert (again.discovered_count, again.unchanged_count) == (0, 2)
    assert changed.updated_count == 2
    kept = await listed(inventory)
    assert (kept["a"].name, kept["a"].is_default) == ("renamed", True)
    assert kept["a"].classification == "unclassified"


async def test_our_own_project_is_internal_from_the_first(inventory: Inventory) -> None:
    await record(inventory, project("a", name="skyai-internal"))
    assert (await listed(inventory))["a"].classification == "internal"


async def test_a_project_gets_strikes_like_any_kind(inventory: Inventory) -> None:
    await sweep(inventory, project("a"), project("b"))
    for _ in range(3):
        last = await sweep(inventory, project("a"))
    assert await inventory.suspects(last) == ["b"]
    closed = await inventory.confirm(last, gone=["b"])
    assert closed.deleted_count == 1
    assert list(await listed(inventory)) == ["a"]
    back = await record(inventory, project("b"))
    assert back.updated_count == 1
    assert list(await listed(inventory)) == ["a", "b"]


async def test_a_resource_moves_into_a_project_and_says_from_where(
    inventory: Inventory,
) -> None:
    await record(inventory, project("a"), project("b"))
    await inventory.record(sighting("1"), sighting("2"))
    assert await put(inventory, "a", ("droplet", "1"), ("droplet", "2")) == 2
    assert await put(inventory, "b", ("droplet", "1")) == 1
    kept = await listed(inventory)
    assert (await inventory.one("1")).project_id == kept["b"].id
    assert (await inventory.one("2")).project_id == kept["a"].id
    event = (await inventory.history("1"))[-1]
    assert MessageToDict(event.changes) == {
        "project_id": {"old": kept["a"].id, "new": kept["b"].id}
    }


async def test_members_sent_again_move_nothing(inventory: Inventory) -> None:
    await record(inventory, project("a"))
    await inventory.record(sighting("1"))
    await put(inventory, "a", ("droplet", "1"))
    assert await put(inventory, "a", ("droplet", "1"), ("droplet", "1")) == 0
    assert await inventory.events("1") == ["discovered", "updated"]


async def test_a_sighting_leaves_the_project_as_it_is(inventory: Inventory) -> None:
    await record(inventory, project("a"))
    await inventory.record(sighting("1"))
    await put(inventory, "a", ("droplet", "1"))
    await inventory.record(sighting("1", name="renamed"))
    assert (await inventory.one("1")).project_id == (await listed(inventory))["a"].id


async def test_members_that_are_not_known_yet_wait_for_the_next_sweep(
    inventory: Inventory,
) -> None:
    await record(inventory, project("a"))
    assert await put(inventory, "a", ("droplet", "later"), ("volume", "later")) == 0


async def test_a_tenants_project_gives_it_what_no_tag_claims(inventory: Inventory) -> None:
    await record(inventory, project("a"), project("b"))
    async with inventory.database.write(ALL) as session:
        await session.execute(
            text(
                "UPDATE cloud_projects SET classification = 'tenant', tenant_id = 'acme'"
                " WHERE provider_id = 'a'"
            )
        )
    await inventory.record(sighting("1"), sighting("2", tags=["tenant:globex"]))
    await put(inventory, "a", ("droplet", "1"), ("droplet", "2"))
    assert (await inventory.one("1")).tenant_id == "acme"
    assert (await inventory.one("2")).tenant_id == "globex"
    assert await inventory.events("1") == ["discovered", "updated", "assigned"]
    assert await inventory.events("2") == ["discovered", "updated"]
    await inventory.record(sighting("1", name="renamed"))
    assert (await inventory.one("1")).tenant_id == "acme"
    await put(inventory, "b", ("droplet", "1"))
    assert (await inventory.one("1")).tenant_id == ""


async def test_an_unknown_project_is_not_found(inventory: Inventory) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await put(inventory, "nowhere", ("droplet", "1"))
    assert reason_of(refused.value) == "PROJECT_NOT_FOUND"


async def test_a_member_of_an_unknown_kind_is_refused_with_its_place(
    inventory: Inventory,
) -> None:
    await record(inventory, project("a"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await put(inventory, "a", ("droplet", "1"), ("spaceship", "2"))
    assert violated_field(refused.value) == "members[1].kind"


async def test_projects_are_listed_in_pages(inventory: Inventory) -> None:
    await record(inventory, *(project(str(number)) for number in range(5)))
    seen: list[str] = []
    token = ""
    while True:
        answer = await inventory.reading.ListProjects(
            pb.ListProjectsRequest(page_size=2, page_token=token), metadata=inventory.operator
        )
        seen += [one.provider_id for one in answer.projects]
        token = answer.next_page_token
        if not token:
            break
    assert seen == ["0", "1", "2", "3", "4"]
