"""Declarations of kinds are complete: every field is covered, rows are valid, prices are exact."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind, SightedResource
from kinds.listing import Listing, NestedListing
from kinds.policy import Policy
from kinds.pricing import DATABASE_SIZES, DROPLET_SIZES, RETIRED_SIZES, Shared
from kinds.unreadable import JsonObject
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.simulator.assignments import TYPE_OF_KIND
from providers.digitalocean.sources import Sources
from tests.providers.simulator import Simulator
from tests.support import openapi
from tests.support.pydo_facts import clients_fields

KINDS = pytest.mark.parametrize("kind", RESOURCE_KINDS.values(), ids=lambda kind: kind.name)
LISTED = [kind for kind in RESOURCE_KINDS.values() if isinstance(kind.listing, Listing)]
NESTED = [kind for kind in RESOURCE_KINDS.values() if isinstance(kind.listing, NestedListing)]
LISTS = pytest.mark.parametrize("kind", [*LISTED, *NESTED], ids=lambda kind: kind.name)
PARENTS = {"/v2/databases": "/v2/databases/{database_cluster_uuid}"}
"""As the document writes the path of one of them."""


def place(kind: ResourceKind) -> tuple[str, str]:
    """The path of a kind's listing, as the document writes it, and its key."""
    if isinstance(kind.listing, NestedListing):
        return f"{PARENTS[kind.listing.parents.path]}/{kind.listing.path}", kind.listing.key
    assert isinstance(kind.listing, Listing)
    return kind.listing.path, kind.listing.key


def described_fields(kind: ResourceKind) -> set[str]:
    """The fields of a row: by the document, else by DigitalOcean's own client."""
    path, key = place(kind)
    if openapi.describes(path):
        return openapi.listed_fields(path, key)
    assert isinstance(kind.listing, Listing)
    return clients_fields(kind.listing.source.split("`")[1], key)


async def rows_of(kind: ResourceKind, provider: DigitalOcean) -> list[JsonObject]:
    source = Sources(provider, spaces=None).of(kind.listing)
    return [
        row
        for query in range(source.query_count)
        async for page in source.pages(query, 1)
        for row in page.items
    ]


def attrs_of(sighted: SightedResource) -> dict[str, Any]:
    attrs: dict[str, Any] = orjson.loads(sighted.attrs_json)
    return attrs


@LISTS
def test_every_field_that_is_described_is_decided_about(kind: ResourceKind) -> None:
    assert described_fields(kind) <= kind.known_fields()


@LISTS
def test_no_declaration_names_a_field_that_nobody_sends(kind: ResourceKind) -> None:
    parts = {kind.parts.field} if kind.parts else set()
    owner = {kind.listing.owner} if isinstance(kind.listing, NestedListing) else set()

    added = kind.listing.added if isinstance(kind.listing, Listing) else set()

    assert kind.known_fields() <= described_fields(kind) | parts | owner | added


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)
def test_kinds_missing_from_the_api_description_name_their_source(kind: ResourceKind) -> None:
    assert isinstance(kind.listing, Listing)

    assert bool(kind.listing.source) is not openapi.describes(kind.listing.path)


@LISTS
def test_a_token_needs_the_scope_that_the_document_names(kind: ResourceKind) -> None:
    path, _ = place(kind)

    assert kind.scope
    if openapi.describes(path):
        assert kind.scope in openapi.call("GET", path)["scopes"]


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: kind.name)
def test_a_kind_is_listed_by_parameters_that_the_document_names(kind: ResourceKind) -> None:
    assert isinstance(kind.listing, Listing)
    asked = {name for query in kind.listing.queries for name, _ in query}

    assert not asked or asked <= openapi.call("GET", kind.listing.path)["parameters"].keys()


@KINDS
def test_a_kind_is_metered_by_fields_that_are_kept(kind: ResourceKind) -> None:
    columns = {"region", "size"}
    for rule in kind.meters:
        assert rule.dimensions.keys() <= set(rule.meter.dimensions)
        assert rule.fields <= columns | {f"attrs.{name}" for name in kind.attrs}


@KINDS
async def test_every_row_that_the_simulator_lists_makes_sense(
    kind: ResourceKind, provider: DigitalOcean
) -> None:
    rows = await rows_of(kind, provider)

    sighted = [kind.sight(row) for row in rows]
    assert sighted
    assert len({each.provider_id for each in sighted}) == len(rows)
    assert {name for row in rows for name in row} <= kind.known_fields()
    assert all(each.name for each in sighted)


@KINDS
async def test_the_simulator_lists_all_its_objects(
    kind: ResourceKind, provider: DigitalOcean, simulator: Simulator
) -> None:
    truth = simulator.truth(kind.name)
    if kind.name == "image":
        truth = [image for image in truth if image["type"] in {"custom", "backup"}]
    column = kind.columns.provider_id

    rows = await rows_of(kind, provider)

    assert {str(row[column]) for row in rows} == {str(row[column]) for row in truth}


@KINDS
async def test_a_resource_read_by_its_id_is_the_one_that_was_listed(
    kind: ResourceKind, provider: DigitalOcean
) -> None:
    listed = kind.sight((await rows_of(kind, provider))[0])

    alone = kind.sight(await Sources(provider, None).of(kind.listing).one(listed.provider_id))

    assert alone == listed


@KINDS
async def test_nothing_secret_is_in_what_is_kept(
    kind: ResourceKind, provider: DigitalOcean
) -> None:
    for row in await rows_of(kind, provider):
        assert "AVNS_" not in repr(kind.sight(row))


@KINDS
def test_every_kept_field_has_a_policy(kind: ResourceKind) -> None:
    kept = {f"attrs.{name}" for name in kind.attrs}
    columns = {"name", "region", "size", "status", "tags", "project_id"}

    assert kept | columns <= kind.policies.keys()
    for name in kind.volatile:
        assert kind.policies[f"attrs.{name}"].policy is Policy.VOLATILE
    for path in kind.secrets:
        assert kind.policies[f"attrs.{path}"].policy is Policy.SECRET


@KINDS
async def test_every_price_is_an_exact_decimal_or_says_that_it_is_unknown(
    kind: ResourceKind, provider: DigitalOcean
) -> None:
    for row in await rows_of(kind, provider):
        sighted = kind.sight(row)
        price = kind.monthly_price.of(sighted.size, attrs_of(sighted))

        if isinstance(kind.monthly_price, Shared):
            assert price is None
        else:
            assert isinstance(price, Decimal), sighted
            assert price >= 0


async def test_the_list_prices_of_sizes_are_the_providers(provider: DigitalOcean) -> None:
    offered = [size async for page in provider.pages("/v2/sizes", "sizes") for size in page.items]

    assert offered
    for size in offered:
        assert DROPLET_SIZES[size["slug"]] == Decimal(str(size["price_monthly"]))


def test_every_size_of_the_document_has_a_price_or_is_retired() -> None:
    priced = DROPLET_SIZES.keys() | DATABASE_SIZES.keys()

    assert {"gpu-h100x8-640gb", "db-s-2vcpu-4gb", "s-24vcpu-128gb"} <= openapi.sizes()
    assert openapi.sizes() - priced == RETIRED_SIZES


async def test_the_price_of_a_retired_size_is_known_while_the_provider_tells_it(
    provider: DigitalOcean,
) -> None:
    sources = Sources(provider, spaces=None)

    assert await sources.unpriced("droplet", ("s-1vcpu-2gb", "s-1vcpu-3gb")) == ("s-1vcpu-3gb",)
    assert await sources.unpriced("database", ("db-huge",)) == ("db-huge",)
    assert await sources.unpriced("project", ()) == ()


@pytest.mark.parametrize(
    ("kind", "size", "attrs", "price"),
    [
        ("droplet", "s-2vcpu-4gb", {"features": []}, "24"),
        ("droplet", "S-2VCPU-4GB", {"features": ["backups", "ipv6"]}, "28.80"),
        ("droplet", "retired-size", {}, None),
        ("volume", "", {"size_gigabytes": 100}, "10"),
        ("volume", "", {}, None),
        ("snapshot", "", {"size_gigabytes": 2.34}, "0.1404"),
        ("image", "", {"type": "custom", "size_gigabytes": 10}, "0.60"),
        ("image", "", {"type": "backup", "size_gigabytes": 10}, "0"),
        ("load_balancer", "lb-small", {"size_unit": 3}, "36"),
        ("database", "db-s-2vcpu-4gb", {"num_nodes": 2}, "120"),
        ("kubernetes_cluster", "", {"ha": True}, "40"),
        ("kubernetes_cluster", "", {"ha": False}, "0"),
        ("reserved_ip", "", {"droplet": None}, "5"),
        ("reserved_ip", "", {"droplet": 17}, "0"),
        ("vpc", "", {}, "0"),
        (
            "app",
            "basic",
            {"spec": {"services": [{"instance_size_slug": "basic-xxs", "instance_count": 3}]}},
            "15",
        ),
        ("app", "basic", {"spec": {"workers": [{"instance_size_slug": "huge"}]}}, None),
        ("spaces_bucket", "", {}, None),
        ("reserved_ip", "", {}, None),
        ("kubernetes_cluster", "", {}, None),
        ("image", "", {"size_gigabytes": 10}, None),
        ("database_replica", "db-s-1vcpu-2gb", {}, "30"),
        (
            "container_registry",
            "",
            {"subscription": {"tier": {"monthly_price_in_cents": 2000}}},
            "20",
        ),
        ("container_registry", "", {"subscription": None}, None),
        ("nat_gateway", "", {"size": 1}, None),
        ("certificate", "", {}, "0"),
    ],
)
def test_a_month_of_a_resource_has_its_price(
    kind: str, size: str, attrs: dict[str, Any], price: str | None
) -> None:
    told = RESOURCE_KINDS[kind].monthly_price.of(size, attrs)

    assert told == (None if price is None else Decimal(price))


def test_every_kind_of_a_projects_urns_is_synced() -> None:
    assert TYPE_OF_KIND.keys() <= RESOURCE_KINDS.keys()
