"""A resource that changes owners: each tenant reads only its own part of the history."""

from collections.abc import Sequence

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2 as pb

from services.common.identity.tokens import mint_user_token
from tests.inventory.account import Inventory, sighting


async def test_a_change_that_moves_a_resource_shows_neither_tenant_the_other(
    inventory: Inventory,
) -> None:
    acme = _token(inventory, "acme")
    globex = _token(inventory, "globex")
    await inventory.sweep(sighting("1", tags=["tenant:acme"]))
    await inventory.sweep(
        sighting("1", tags=["deployment:globex-secret", "tenant:globex"], name="globex-plan")
    )
    moved_to_globex = await _told(inventory, globex)
    await inventory.sweep(sighting("1", tags=["tenant:acme"], name="back"))
    told_to_acme = await _told(inventory, acme)
    assert "globex" not in told_to_acme
    assert "acme" not in moved_to_globex
    operators = await _told(inventory, inventory.operator)
    assert "globex-secret" in operators
    assert "globex-plan" in operators


@pytest.mark.parametrize(
    "filters",
    [
        {"region": "a\0"}, {"status": "\0"}, {"tag": "\0"}, {"query": "\0"},
        {"tenant_id": "\0"}, {"deployment_id": "\0"}, {"query": "q" * 1_001},
    ],
)  # fmt: skip  # a table
async def test_a_filter_that_no_row_can_match_is_refused_by_its_name(
    inventory: Inventory, filters: dict[str, str]
) -> None:
    request = pb.ListResourcesRequest(**filters)  # type: ignore[arg-type]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.reading.ListResources(request, metadata=inventory.operator)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert next(iter(filters)) in str(refused.value.details())


def _token(inventory: Inventory, tenant: str) -> tuple[tuple[str, str], ...]:
    token = mint_user_token(inventory.settings, subject=tenant, tenant_id=tenant)
    return (("authorization", f"Bearer {token}"),)


async def _told(inventory: Inventory, token: Sequence[tuple[str, str]]) -> str:
    """All that a caller can read of the one resource's history, as text."""
    resource = next(iter((await inventory.listed(token)).values()))
    request = pb.ListResourceEventsRequest(resource_id=resource.id, page_size=500)
    answer = await inventory.reading.ListResourceEvents(request, metadata=token)
    return str(answer.events)
