"""Listings below each object of another kind: the replicas of each database."""

import httpx
import orjson
import pytest

from kinds import RESOURCE_KINDS
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import NotFound, ProviderError
from providers.digitalocean.sources import Sources
from tests.providers.simulator import Simulator

REPLICAS = RESOURCE_KINDS["database_replica"]


async def test_each_row_names_the_object_that_it_was_listed_below(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    source = Sources(provider, spaces=None).of(REPLICAS.listing)
    databases = {row["name"]: row["id"] for row in simulator.truth("database")}

    pages = [page async for page in source.pages(0, 1)]

    assert [page.total for page in pages] == [None]
    [row] = pages[0].items
    assert orjson.loads(REPLICAS.sight(row).attrs_json)["cluster_id"] == databases["acme-main"]
    assert len(simulator.requests(path="/v2/databases/")) == len(databases)


async def test_a_row_is_read_by_its_own_id(provider: DigitalOcean, simulator: Simulator) -> None:
    source = Sources(provider, spaces=None).of(REPLICAS.listing)
    [replica] = simulator.truth("database_replica")

    assert (await source.one(replica["id"]))["name"] == replica["name"]
    with pytest.raises(NotFound):
        await source.one("another")


async def test_a_parent_deleted_meanwhile_has_no_rows(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    simulator.fault("status", path="/v2/databases/", status=404)
    source = Sources(provider, spaces=None).of(REPLICAS.listing)

    assert [page.items async for page in source.pages(0, 1)] == [[]]


async def test_a_parent_that_cannot_be_read_makes_none_of_the_rows_known(
    provider: DigitalOcean, simulator: Simulator
) -> None:
    simulator.fault("status", path="/v2/databases/", status=403, times=1)
    source = Sources(provider, spaces=None).of(REPLICAS.listing)

    with pytest.raises(ProviderError):
        [page async for page in source.pages(0, 1)]


def test_the_logins_of_a_replica_are_hidden_and_redacted(simulator: Simulator, token: str) -> None:
    [replica] = simulator.truth("database_replica")
    [cluster] = [row["id"] for row in simulator.truth("database") if row["name"] == "acme-main"]
    simulator.narrow(token, "database:view_credentials")

    [narrow] = httpx.get(
        f"{simulator.url}/v2/databases/{cluster}/replicas",
        headers={"authorization": f"Bearer {token}"},
    ).json()["replicas"]

    unknown = REPLICAS.sight({**narrow, "cluster_id": cluster}).unknown_fields
    assert {"attrs.connection.user", "attrs.connection.password"} <= set(unknown)
    whole = REPLICAS.sight({**replica, "cluster_id": cluster})
    assert replica["connection"]["password"] not in repr(whole)
    assert "attrs.connection.user" not in whole.unknown_fields
