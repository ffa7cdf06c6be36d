"""A classified project assigns its resources to a tenant, or to the operator."""

from typing import Any

import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb

from tests.inventory.account import Inventory, reason_of, sighting, violated_field
from tests.inventory.owners import SHOP, Refused, assign, classify, owners, project, spans


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
