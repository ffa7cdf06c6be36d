"""The owner of a resource: explicit, by tags, or by project; and since when."""

from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2 as worker_pb
from arcadia.inventory.v1 import sync_service_pb2
from google.protobuf.json_format import MessageToDict
from sqlalchemy import text

from services.common.identity.callers import ALL, Scope
from tests.inventory.account import PROVIDER, Inventory, reason_of, sighting, violated_field
from tests.inventory.catalog import SmallCatalog
from tests.inventory.owners import (
    SHOP,
    Refused,
    assign,
    assign_all,
    classify,
    owners,
    project,
    spans,
)
from tests.inventory.test_statements import Count, statements

__all__ = ["statements"]


async def seen_again(inventory: Inventory, digests: dict[str, int]) -> None:
    """Marks droplets as listed just as they were, without sending their rows."""
    request = sync_service_pb2.RecordUnchangedRequest(
        provider=PROVIDER,
        kind="droplet",
        sweep_id=await inventory.begin(),
        provider_ids=digests.keys(),
        digests=digests.values(),
    )
    answer = await inventory.sync.RecordUnchanged(request, metadata=inventory.worker)
    assert not answer.changed_positions


async def test_a_row_that_is_only_seen_again_has_the_owner_that_the_rules_give_it_now(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    recorded = await inventory.record(
        sighting("1"), sighting("2", tags=["deployment:shop", "tenant:acme"])
    )
    digests = dict(zip(("1", "2"), recorded.digests, strict=True))
    first = await project(inventory, "first", "1")

    # Whose its project is, and in which it lives.
    tenants = []
    for tenant in ("acme", "globex", ""):
        await classify(inventory, first, "tenant" if tenant else "internal", tenant)
        await seen_again(inventory, digests)
        tenants.append((await inventory.one("1")).tenant_id)
    assert tenants == ["acme", "globex", ""]
    await classify(inventory, await project(inventory, "second"), "tenant", "initech")
    await project(inventory, "second", "1")
    await seen_again(inventory, digests)
    assert (await inventory.one("1")).tenant_id == "initech"

    # Which deployment of the catalog its tags mean.
    deployments = []
    for deployment_id in (SHOP, SHOP.replace("1", "2")):
        catalog.tenants = {deployment_id: "acme"}
        catalog.slugs = {deployment_id: "shop"}
        await inventory.sync.LearnDeployments(
            sync_service_pb2.LearnDeploymentsRequest(provider=PROVIDER, kind="droplet"),
            metadata=inventory.worker,
        )
        await seen_again(inventory, digests)
        deployments.append((await inventory.one("2")).deployment_id)
    assert deployments == [SHOP, SHOP.replace("1", "2")]


async def test_a_resource_given_to_a_deployment_goes_to_its_tenant(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    catalog.tenants[SHOP] = "acme"
    await inventory.record(sighting("1"))
    given = await assign(inventory, "1", deployment_id=SHOP, reason="sold")
    assert (given.tenant_id, given.deployment_id) == ("acme", SHOP)
    before, now = await spans(inventory, "1")
    assert (now.actor, now.reason, now.source) == ("op", "sold", "explicit")
    assert before.valid_to == now.valid_from
    assert not now.HasField("valid_to")
    event = (await inventory.history("1"))[-1]
    assert (event.type, event.actor) == ("assigned", "op")
    assert MessageToDict(event.changes)["deployment_id"] == {"old": None, "new": SHOP}
    assert catalog.callers == {"Bearer"}


async def test_an_explicit_assignment_wins_until_it_is_taken_back(inventory: Inventory) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    await assign(inventory, "1", tenant_id="globex")
    await inventory.record(sighting("1", tags=["tenant:initech"]))
    await classify(inventory, await project(inventory, "p", "1"), "tenant", "umbrella")
    assert (await inventory.one("1")).tenant_id == "globex"
    back = await assign(inventory, "1", by_rules=True)
    assert back.tenant_id == "initech"
    assert await owners(inventory, "1") == [
        ("acme", "", "tag"),
        ("globex", "", "explicit"),
        ("initech", "", "tag"),
    ]


async def test_a_resource_unassigned_by_hand_has_no_owner_whatever_its_tags(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    await assign(inventory, "1", nobody=True)
    await inventory.record(sighting("1", tags=["tenant:acme"], name="renamed"))
    assert (await inventory.one("1")).tenant_id == ""
    assert await owners(inventory, "1") == [("acme", "", "tag"), ("", "", "explicit")]


async def test_a_request_that_names_no_owner_takes_a_resource_from_no_one(
    inventory: Inventory,
) -> None:
    """A misspelt field of a JSON body is not there at all when it arrives."""
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", reason="sold")
    assert reason_of(refused.value) == "FIELD_REQUIRED"
    assert (await inventory.one("1")).tenant_id == "acme"


async def test_workers_give_batches_and_take_them_back(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    catalog.tenants[SHOP] = "acme"
    await inventory.record(sighting("1"), sighting("2", tags=["tenant:globex"]))
    await inventory.record(sighting("3", attrs={}), kind="volume")
    assert await assign_all(inventory, "1", "2", "3", deployment_id=SHOP, actor="provision") == 3
    assert await assign_all(inventory, "1", "2", "3", deployment_id=SHOP) == 0
    assert [span.actor for span in await spans(inventory, "3")] == ["worker", "provision"]
    assert await assign_all(inventory, "1", "2") == 2
    assert await owners(inventory, "2") == [
        ("globex", "", "tag"),
        ("acme", SHOP, "explicit"),
        ("globex", "", "tag"),
    ]


async def test_the_same_key_again_assigns_nothing_though_somebody_else_did_meanwhile(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1"))
    first = await assign_all(inventory, "1", tenant_id="acme", key="provision-7/assign")
    await assign(inventory, "1", tenant_id="globex")
    again = await assign_all(inventory, "1", tenant_id="acme", key="provision-7/assign")
    assert first == again == 1
    assert (await inventory.one("1")).tenant_id == "globex"


@pytest.mark.parametrize("name", ["request_id", "key"])
async def test_an_operators_call_sent_again_answers_as_it_did(
    inventory: Inventory, catalog: SmallCatalog, name: str
) -> None:
    named: dict[str, Any] = {name: "k-1"}
    catalog.tenants[SHOP] = "acme"
    await inventory.record(sighting("1"))
    first = await assign(inventory, "1", deployment_id=SHOP, **named)
    await assign(inventory, "1", tenant_id="globex")
    await catalog.stop()
    again = await assign(inventory, "1", deployment_id=SHOP, **named)
    assert again == first
    assert (await inventory.one("1")).tenant_id == "globex"
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", tenant_id="initech", **named)
    assert reason_of(refused.value) == "IDEMPOTENCY_KEY_REUSED"


async def test_a_deployment_that_the_catalog_does_not_know_is_not_found(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    await inventory.record(sighting("1"))
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", deployment_id=SHOP)
    assert reason_of(refused.value) == "DEPLOYMENT_NOT_FOUND"
    assert catalog.asked == [SHOP]
    assert await owners(inventory, "1") == [("", "", "")]


@pytest.mark.parametrize("state", ["down", "not built yet"])
async def test_without_the_catalog_no_owner_is_guessed(
    inventory: Inventory, silent_catalog: SmallCatalog, state: str
) -> None:
    if state == "not built yet":
        await silent_catalog.serve(answers=False)
    await inventory.record(sighting("1"))
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", deployment_id=SHOP, tenant_id="acme")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert reason_of(refused.value) == "CATALOG_UNAVAILABLE"
    assert (await inventory.one("1")).tenant_id == ""
    assert (await assign(inventory, "1", tenant_id="acme")).tenant_id == "acme"


async def test_a_tenant_that_is_not_the_deployments_is_refused(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    catalog.tenants[SHOP] = "acme"
    await inventory.record(sighting("1"))
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", deployment_id=SHOP, tenant_id="globex")
    assert violated_field(refused.value) == "tenant_id"


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "7"}, "id"),
        ({"by_rules": True, "tenant_id": "acme"}, "by_rules"),
        ({"by_rules": True, "nobody": True}, "by_rules"),
        ({"nobody": True, "tenant_id": "acme"}, "nobody"),
        ({"tenant_id": "acme "}, "tenant_id"),
        ({"tenant_id": " "}, "tenant_id"),
        ({"tenant_id": "a" * 256}, "tenant_id"),
        ({"tenant_id": "a\0"}, "tenant_id"),
        ({"deployment_id": "a\0"}, "deployment_id"),
        ({"reason": "a\0"}, "reason"),
    ],
)
async def test_a_malformed_assignment_is_refused_by_its_field(
    inventory: Inventory, request_fields: dict[str, Any], field: str
) -> None:
    request = pb.AssignResourceRequest(**{"id": SHOP, **request_fields})
    with pytest.raises(Refused) as refused:
        await inventory.reading.AssignResource(request, metadata=inventory.operator)
    assert violated_field(refused.value) == field


async def test_an_unknown_resource_is_not_found_and_the_rest_of_its_batch_stays(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1"))
    ids = [(await inventory.one("1")).id, SHOP]
    with pytest.raises(Refused) as refused:
        await inventory.reconcile.AssignResources(
            worker_pb.AssignResourcesRequest(resource_ids=ids, tenant_id="acme"),
            metadata=inventory.worker,
        )
    assert reason_of(refused.value) == "RESOURCE_NOT_FOUND"
    assert (await inventory.one("1")).tenant_id == ""


async def test_a_tombstoned_resource_cannot_be_reassigned_and_keeps_its_owner(
    inventory: Inventory,
) -> None:
    await inventory.sweep(sighting("1", tags=["tenant:acme"]))
    await assign(inventory, "1", tenant_id="globex")
    await inventory.lose("1")
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", tenant_id="initech")
    assert reason_of(refused.value) == "RESOURCE_DELETED"
    assert await assign_all(inventory, "1") == 0
    assert [span.HasField("valid_to") for span in await spans(inventory, "1")] == [True, True]


async def test_a_resource_that_reappears_has_an_owner_again_from_then_on(
    inventory: Inventory,
) -> None:
    await inventory.sweep(sighting("1", tags=["tenant:acme"]))
    await inventory.sweep(sighting("1", tags=["tenant:acme"]))
    last_seen = (await inventory.one("1")).last_seen_at
    await inventory.lose("1")
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    lived, lives = await spans(inventory, "1")
    restored = (await inventory.history("1"))[-1]
    assert lived.valid_to == last_seen
    assert (restored.type, lives.valid_from) == ("restored", restored.occurred_at)
    assert not lives.HasField("valid_to")


async def test_only_operators_assign_resources(inventory: Inventory) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    member = inventory.tenant("acme")
    with pytest.raises(Refused) as refused:
        await assign(inventory, "1", token=member, tenant_id="acme")
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_the_database_shows_no_assignment_to_a_tenant(inventory: Inventory) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    query = text("SELECT count(*) FROM cloud_resource_assignments")
    async with inventory.database.read(Scope("acme")) as session:
        assert (await session.execute(query)).scalar_one() == 0
    async with inventory.database.read(ALL) as session:
        assert (await session.execute(query)).scalar_one() == 1


async def test_any_number_of_resources_cost_the_same(
    inventory: Inventory, statements: Count
) -> None:
    rows = [sighting(str(number)) for number in range(300)]
    await inventory.record(*rows)
    shop = await project(inventory, "shop", *(str(number) for number in range(300)))
    ids = [one.id for one in (await inventory.listed()).values()]
    costs = []
    for turn, size in enumerate((1, 20, 300)):
        request = worker_pb.AssignResourcesRequest(
            resource_ids=ids[:size], tenant_id=f"tenant-{turn}"
        )
        given = inventory.reconcile.AssignResources(request, metadata=inventory.worker)
        costs.append(await statements(given))
    assert len(set(costs)) == 1
    await inventory.reconcile.AssignResources(
        worker_pb.AssignResourcesRequest(resource_ids=ids[1:]), metadata=inventory.worker
    )
    many = await statements(classify(inventory, shop, "tenant", "acme"))
    await assign_all(inventory, *(str(number) for number in range(2, 299)), tenant_id="hooli")
    few = await statements(classify(inventory, shop, "tenant", "globex"))
    assert many == few
