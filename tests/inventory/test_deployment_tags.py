"""Tags name a deployment by its slug; the catalog resolves it to a deployment and tenant."""

import grpc
import pytest
from arcadia.inventory.v1 import sync_service_pb2
from sqlalchemy import text

from services.common.identity.callers import ALL
from tests.inventory.account import Inventory, sighting
from tests.inventory.catalog import SmallCatalog
from tests.inventory.owners import owners

SHOP = "11111111-1111-7111-8111-111111111111"
OTHER = "22222222-2222-7222-8222-222222222222"


def know(catalog: SmallCatalog, deployment_id: str, tenant_id: str, slug: str) -> None:
    catalog.tenants[deployment_id] = tenant_id
    catalog.slugs[deployment_id] = slug


async def test_a_tagged_resource_is_assigned_to_the_deployment_of_the_catalog(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    know(catalog, SHOP, "acme", "shop")
    await inventory.sweep(sighting("1", tags=["tenant:acme", "deployment:shop"]))
    found = await inventory.one("1")
    assert (found.tenant_id, found.deployment_id) == ("acme", SHOP)
    assert await owners(inventory, "1") == [("acme", "shop", "tag"), ("acme", SHOP, "tag")]
    assert await inventory.events("1") == ["discovered", "assigned"]


async def test_the_tenant_of_a_deployment_is_the_catalogs_to_say(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    know(catalog, SHOP, "acme", "shop")
    know(catalog, OTHER, "globex", "blog")
    await inventory.sweep(
        sighting("1", tags=["deployment:shop", "tenant:acme"]),
        sighting("2", tags=["deployment:blog", "tenant:initech"]),
    )
    assert (await inventory.one("1")).deployment_id == SHOP
    unknown = await inventory.one("2")
    assert (unknown.tenant_id, unknown.deployment_id) == ("initech", "blog")


async def test_a_slug_without_a_tenant_is_nobodys_whoever_creates_a_deployment_of_that_name(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    await inventory.sweep(sighting("1", tags=["deployment:intranet"]))
    know(catalog, SHOP, "globex", "intranet")
    await inventory.sweep(sighting("1", tags=["deployment:intranet"]))
    await inventory.sweep(sighting("1", tags=["deployment:intranet"]))
    assert await owners(inventory, "1") == [("", "", "")]
    found = await inventory.one("1")
    assert (found.tenant_id, found.deployment_id) == ("", "")


async def test_resources_that_an_earlier_release_assigned_to_a_slug_without_a_tenant_are_unassigned(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    know(catalog, SHOP, "globex", "intranet")
    await inventory.sweep(sighting("1", tags=["deployment:intranet", "tenant:globex"]))
    async with inventory.database.write(ALL) as session:
        await session.execute(text("UPDATE cloud_resources SET tags = '{deployment:intranet}'"))
    assert (await inventory.one("1")).tenant_id == "globex"
    await inventory.sweep(sighting("1", tags=["deployment:intranet"]))
    assert (await inventory.one("1")).tenant_id == ""


async def test_an_equal_slug_of_another_tenant_takes_nothing_away(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    know(catalog, SHOP, "acme", "shop")
    tags = ["deployment:shop", "tenant:acme"]
    await inventory.sweep(sighting("1", tags=tags))
    know(catalog, OTHER, "globex", "shop")
    await inventory.sweep(sighting("1", tags=tags))
    assert (await owners(inventory, "1"))[-1] == ("acme", SHOP, "tag")


async def test_known_slugs_apply_to_every_kind_from_the_first_sighting(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    know(catalog, SHOP, "acme", "shop")
    tags = ["tenant:acme", "deployment:shop"]
    await inventory.record(sighting("v1", attrs={}, tags=tags), kind="volume")
    await inventory.sweep(sighting("1", tags=tags))
    await inventory.record(sighting("v2", attrs={}, tags=tags), kind="volume")
    await inventory.record(sighting("1", tags=tags, name="renamed"))
    shown = await inventory.listed()
    assert {one.deployment_id for one in shown.values()} == {SHOP}
    assert await owners(inventory, "v2") == [("acme", SHOP, "tag")]
    assert await owners(inventory, "1") == [("acme", "shop", "tag"), ("acme", SHOP, "tag")]


async def test_a_sweep_is_complete_without_the_catalog_and_the_next_one_asks(
    inventory: Inventory, silent_catalog: SmallCatalog
) -> None:
    know(silent_catalog, SHOP, "acme", "shop")
    tagged = sighting("1", tags=["tenant:acme", "deployment:shop"])
    assert (await inventory.sweep(tagged)).sweep.outcome == "completed"
    assert (await inventory.one("1")).deployment_id == "shop"
    await silent_catalog.serve()
    await inventory.sweep(tagged)
    assert (await inventory.one("1")).deployment_id == SHOP


async def test_a_sweep_without_new_data_changes_nothing(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    know(catalog, SHOP, "acme", "shop")
    tagged = sighting("1", tags=["tenant:acme", "deployment:shop"])
    await inventory.sweep(tagged)
    before = await inventory.history("1")
    await inventory.sweep(tagged)
    assert await inventory.history("1") == before


async def test_slugs_are_read_again_at_the_end_of_a_sweep_only_if_anything_changed(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    tags = ["tenant:acme", "deployment:shop"]
    await inventory.sweep(sighting("1", tags=tags))
    know(catalog, SHOP, "acme", "shop")
    catalog.asked.clear()

    sweep_id = await inventory.begin()
    assert await learned(inventory) == 1
    assert (await inventory.one("1")).deployment_id == SHOP
    await inventory.record(sighting("1", tags=tags), sweep_id=sweep_id)
    await close_learned(inventory, sweep_id, total=1)
    assert len(catalog.asked) == 1

    know(catalog, OTHER, "acme", "blog")
    sweep_id = await inventory.begin()
    assert await learned(inventory) == 1
    blog = sighting("2", tags=["tenant:acme", "deployment:blog"])
    await inventory.record(sighting("1", tags=tags), blog, sweep_id=sweep_id)
    await close_learned(inventory, sweep_id, total=2)
    assert (await inventory.one("2")).deployment_id == OTHER


async def learned(inventory: Inventory) -> int:
    """Learns what the tags of droplets name; how many deployments that are."""
    request = sync_service_pb2.LearnDeploymentsRequest(provider="digitalocean", kind="droplet")
    answer = await inventory.sync.LearnDeployments(request, metadata=inventory.worker)
    return answer.named_count


async def close_learned(inventory: Inventory, sweep_id: str, *, total: int) -> None:
    """Closes a sweep that learned while it read."""
    request = sync_service_pb2.CompleteSweepRequest(
        sweep_id=sweep_id,
        reported_total=total,
        scope_fingerprint=["tags"],
        deployments_are_learned=True,
    )
    closed = await inventory.sync.CompleteSweep(request, metadata=inventory.worker)
    assert closed.sweep.outcome == "completed"


async def test_a_filter_by_id_finds_rows_stored_under_the_tenants_slug(
    inventory: Inventory, catalog: SmallCatalog
) -> None:
    await inventory.sweep(
        sighting("1", tags=["tenant:acme", "deployment:shop"]),
        sighting("2", tags=["tenant:globex", "deployment:shop"]),
        sighting("3", tags=["tenant:acme", "deployment:blog"]),
    )
    await inventory.lose("1", "2", "3")
    catalog.tenants[SHOP], catalog.slugs[SHOP] = "acme", "shop"
    assert set(await inventory.listed(deployment_id=SHOP)) == {"1"}
    assert set(await inventory.listed(deployment_id="shop")) == {"1", "2"}
    assert set(await inventory.listed(deployment_id=SHOP, tenant_id="globex")) == set()


async def test_a_filter_by_id_never_returns_an_incomplete_result(
    inventory: Inventory, silent_catalog: SmallCatalog
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.listed(deployment_id=SHOP)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert not silent_catalog.asked
