"""The owner of a resource: explicit, by tags, or by project; and since when."""

import asyncio
import itertools
import random
from typing import Any

import grpc
import psycopg
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2 as worker_pb
from arcadia.inventory.v1 import resources_pb2, sync_service_pb2
from google.protobuf.json_format import MessageToDict
from sqlalchemy import text

from services.common.identity.callers import ALL, Scope
from tests.inventory.account import PROVIDER, Inventory, Token, reason_of, sighting, violated_field
from tests.inventory.catalog import SmallCatalog
from tests.inventory.test_statements import Count, statements
from tests.support.databases import PostgresServer

__all__ = ["statements"]

SHOP = "11111111-1111-7111-8111-111111111111"
Refused = grpc.aio.AioRpcError


async def assign(
    inventory: Inventory, provider_id: str, *, key: str = "", token: Token = (), **owner: Any
) -> resources_pb2.Resource:
    request = pb.AssignResourceRequest(id=(await inventory.one(provider_id)).id, **owner)
    metadata = (*(token or inventory.operator), *((("idempotency-key", key),) if key else ()))
    return (await inventory.reading.AssignResource(request, metadata=metadata)).resource


async def assign_all(inventory: Inventory, *provider_ids: str, **request: Any) -> int:
    ids = [(await inventory.one(provider_id)).id for provider_id in provider_ids]
    answer = await inventory.reconcile.AssignResources(
        worker_pb.AssignResourcesRequest(resource_ids=ids, **request), metadata=inventory.worker
    )
    return answer.assigned_count


async def spans(inventory: Inventory, provider_id: str) -> list[pb.Assignment]:
    """Oldest first, read in pages of two."""
    resource_id = (await inventory.one(provider_id)).id
    found: list[pb.Assignment] = []
    token = ""
    while True:
        request = pb.ListAssignmentsRequest(resource_id=resource_id, page_size=2, page_token=token)
        answer = await inventory.reading.ListAssignments(request, metadata=inventory.operator)
        found += answer.assignments
        token = answer.next_page_token
        if not token:
            return found[::-1]


async def owners(inventory: Inventory, provider_id: str) -> list[tuple[str, str, str]]:
    return [
        (span.tenant_id, span.deployment_id, span.source)
        for span in await spans(inventory, provider_id)
    ]


async def project(inventory: Inventory, name: str, *members: str) -> str:
    """A project in which these droplets live; answers our id of it."""
    await inventory.sync.RecordProjects(
        sync_service_pb2.RecordProjectsRequest(
            provider=PROVIDER,
            projects=[sync_service_pb2.ProjectSighting(provider_id=name, name=name)],
        ),
        metadata=inventory.worker,
    )
    await inventory.sync.RecordProjectMembers(
        sync_service_pb2.RecordProjectMembersRequest(
            provider=PROVIDER,
            project_provider_id=name,
            members=[
                sync_service_pb2.ProjectMember(kind="droplet", provider_id=one) for one in members
            ],
        ),
        metadata=inventory.worker,
    )
    listed = await inventory.reading.ListProjects(
        pb.ListProjectsRequest(page_size=500), metadata=inventory.operator
    )
    return next(one.id for one in listed.projects if one.provider_id == name)


async def classify(
    inventory: Inventory, project_id: str, classification: str, tenant_id: str = "", **more: Any
) -> resources_pb2.Project:
    request = pb.ClassifyProjectRequest(
        id=project_id, classification=classification, tenant_id=tenant_id, **more
    )
    answer = await inventory.reading.ClassifyProject(request, metadata=inventory.operator)
    return answer.project


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


async def test_a_classified_project_assigns_resources_without_tag_or_explicit_owner(
    inventory: Inventory,
) -> None:
    await inventory.record(
        sighting("1"), sighting("2", tags=["tenant:globex"]), sighting("3"), sighting("elsewhere")
    )
    shop = await project(inventory, "shop", "1", "2", "3")
    await assign(inventory, "3", tenant_id="hooli")
    classed = await classify(inventory, shop, "tenant", "acme")
    assert (classed.classification, classed.tenant_id) == ("tenant", "acme")
    shown = {one.provider_id: one.tenant_id for one in (await inventory.listed()).values()}
    assert shown == {"1": "acme", "2": "globex", "3": "hooli", "elsewhere": ""}
    assert (await spans(inventory, "1"))[-1].reason == "project shop classed as tenant acme"
    assert (await inventory.events("1"))[-1] == "assigned"
    await classify(inventory, shop, "tenant", "acme")
    await classify(inventory, shop, "internal")
    assert await owners(inventory, "1") == [("", "", ""), ("acme", "", "project"), ("", "", "")]
    assert await owners(inventory, "2") == [("globex", "", "tag")]


async def test_a_repeated_classification_returns_the_first_response(inventory: Inventory) -> None:
    shop = await project(inventory, "shop")
    first = await classify(inventory, shop, "tenant", "acme", request_id="k")
    await classify(inventory, shop, "unclassified")
    assert await classify(inventory, shop, "tenant", "acme", request_id="k") == first
    with pytest.raises(Refused) as refused:
        await classify(inventory, shop, "tenant", "globex", request_id="k")
    assert reason_of(refused.value) == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"classification": ""}, "classification"),
        ({"classification": "mine"}, "classification"),
        ({"classification": "tenant"}, "tenant_id"),
        ({"classification": "internal", "tenant_id": "acme"}, "tenant_id"),
        ({"classification": "internal", "id": "p"}, "id"),
    ],
)
async def test_a_malformed_classification_is_refused_by_its_field(
    inventory: Inventory, request_fields: dict[str, Any], field: str
) -> None:
    request = pb.ClassifyProjectRequest(**{"id": SHOP, **request_fields})
    with pytest.raises(Refused) as refused:
        await inventory.reading.ClassifyProject(request, metadata=inventory.operator)
    assert violated_field(refused.value) == field


async def test_an_unknown_project_cannot_be_classed(inventory: Inventory) -> None:
    with pytest.raises(Refused) as refused:
        await classify(inventory, SHOP, "internal")
    assert reason_of(refused.value) == "PROJECT_NOT_FOUND"


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
