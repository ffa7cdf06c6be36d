"""A sweep resolves deployments of tags only if the kind has tags."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from arcadia.inventory.v1 import sync_service_pb2 as pb
from temporalio.testing import ActivityEnvironment

from kinds.listing import AnyListing
from providers.digitalocean.api.pages import Page
from workflows.sync.activities.sweeping import SweepActivities
from workflows.sync.payloads import SweepInput


class EmptyAccount:
    """Sources of an account that has nothing."""

    query_count = 1

    def of(self, listing: AnyListing, **_: Any) -> "EmptyAccount":
        return self

    def is_listed_by_projects(self, listing: AnyListing) -> bool:
        return False

    async def pages(self, query: int, first: int, **_: Any) -> AsyncGenerator[Page, None]:
        yield Page([], 1, 0, None)

    async def unpriced(self, kind: str, sizes: tuple[str, ...]) -> tuple[str, ...]:
        return sizes


class FakeInventory:
    """An inventory that closes every sweep, and remembers what it was asked."""

    def __init__(self) -> None:
        self.learned: list[str] = []
        self.closed: list[pb.CompleteSweepRequest] = []

    async def LearnDeployments(
        self, request: pb.LearnDeploymentsRequest
    ) -> pb.LearnDeploymentsResponse:
        self.learned.append(request.kind)
        return pb.LearnDeploymentsResponse()

    async def CompleteSweep(self, request: pb.CompleteSweepRequest) -> pb.CompleteSweepResponse:
        self.closed.append(request)
        return pb.CompleteSweepResponse()


@pytest.mark.parametrize(("kind", "has_tags"), [("droplet", True), ("vpc", False)])
async def test_a_sweep_asks_for_deployments_where_the_kind_has_tags(
    kind: str, has_tags: bool
) -> None:
    inventory = FakeInventory()
    activities = SweepActivities(EmptyAccount(), inventory)  # type: ignore[arg-type]

    sweep = SweepInput("digitalocean", kind, "a-key", sweep_id="a-sweep")
    await ActivityEnvironment().run(activities.sweep_kind, sweep)

    assert inventory.learned == [kind] * has_tags
    assert [request.deployments_are_learned for request in inventory.closed] == [True]
