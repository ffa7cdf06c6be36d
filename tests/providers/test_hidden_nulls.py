"""A null for a field whose scope the token lacks is unknown, and any other null is unset."""

from typing import Any

import pytest

from kinds import RESOURCE_KINDS
from kinds.kind import ResourceKind
from kinds.listing import BucketListing
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.page_memory import ListingMemory, PageMemory
from providers.digitalocean.sources import Sources
from services.inventory.drift.rules.comparing import compare
from services.inventory.drift.rules.specs import taken_from
from services.inventory.resources.rules.resources import SightedResource, meaningful_changes, merged
from tests.providers.simulator import Simulator
from tests.providers.test_scopes import shown, sighted

Row = dict[str, Any]

SCOPED = [
    pytest.param(kind, scope, id=f"{kind.name}-{scope}")
    for kind in RESOURCE_KINDS.values()
    if not isinstance(kind.listing, BucketListing)
    for scope in sorted(set(kind.scoped.values()))
]
"""Each scope that a kind declares; of buckets it is a key's, without which S3 answers nothing."""


async def seen(provider: DigitalOcean, kind: ResourceKind) -> dict[str, SightedResource]:
    """What a sync gets of a kind, by provider id."""
    source = Sources(provider, spaces=None).of(kind.listing)
    rows = [
        row
        for query in range(source.query_count)
        async for page in source.pages(query, 1)
        for row in page.items
    ]
    return {each.provider_id: each for row in rows if (each := sighted(kind, row))}


@pytest.mark.parametrize(("kind", "scope"), SCOPED)
async def test_a_null_for_a_field_whose_scope_the_token_lacks_is_unknown(
    kind: ResourceKind, scope: str, simulator: Simulator, token: str, provider: DigitalOcean
) -> None:
    whole = await seen(provider, kind)
    simulator.narrow(token, scope, nulls=True)

    narrowed = await seen(provider, kind)

    assert narrowed.keys() == whole.keys()
    for provider_id, narrow in narrowed.items():
        known = whole[provider_id]
        told = narrow.unknown_fields - known.unknown_fields
        assert {name.removeprefix("attrs.") for name in told} <= kind.scoped.keys()
        kept = merged(narrow, known.content)
        assert meaningful_changes(known.content, kept) == ()
        spec = taken_from(kind.name, shown(kind, known.content, known.unknown_fields))
        assert compare(kind.name, spec, shown(kind, kept, narrow.unknown_fields)).mismatches == ()
    hidden = {
        name.removeprefix("attrs.") for one in narrowed.values() for name in one.unknown_fields
    }
    assert {path for path, by in kind.scoped.items() if by == scope} & hidden


@pytest.mark.parametrize(("kind", "scope"), SCOPED)
async def test_a_sweep_does_not_take_a_hidden_null_for_a_field_that_the_token_sees(
    kind: ResourceKind, scope: str, simulator: Simulator, token: str, provider: DigitalOcean
) -> None:
    simulator.narrow(token, scope, nulls=True)
    source = Sources(provider, spaces=None).of(kind.listing)

    rows = [row async for page in source.pages(0, 1) for row in page.items]

    assert rows
    visible = {path for row in rows for path in kind.visible_scopes(row)}
    assert visible == {path for path, by in kind.scoped.items() if by != scope} & visible


async def test_a_null_that_the_token_may_see_is_none(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    kind = RESOURCE_KINDS["reserved_ip"]
    addresses = simulator.truth("reserved_ip")
    for address in addresses:
        simulator.change("reserved_ip", address["ip"], droplet=None)

    found = await seen(provider, kind)

    for address in addresses:  # the account is shared
        simulator.change("reserved_ip", address["ip"], droplet=address["droplet"])
    assert {one.content.attrs["droplet"] for one in found.values()} == {None}
    assert {one.unknown_fields for one in found.values()} == {frozenset()}
    asked = [path for path in simulator.requests() if path.startswith("/v2/droplets")]
    assert asked == ["/v2/droplets?per_page=1"]  # once, whatever the number of rows


async def test_a_read_by_id_leaves_hidden_nulls_unknown_too(
    simulator: Simulator, token: str, provider: DigitalOcean
) -> None:
    kind = RESOURCE_KINDS["reserved_ip"]
    [address, *_] = [one["ip"] for one in simulator.truth("reserved_ip") if one["droplet"]]
    simulator.narrow(token, "droplet:read", nulls=True)

    row = await Sources(provider, spaces=None).of(kind.listing).one(address)

    assert sighted(kind, row).unknown_fields == {"attrs.droplet"}


async def test_a_scope_that_a_row_shows_is_not_checked(
    simulator: Simulator, provider: DigitalOcean
) -> None:
    await seen(provider, RESOURCE_KINDS["reserved_ip"])

    assert not simulator.requests(path="/v2/droplets")


@pytest.mark.parametrize("nulls", [False, True])
async def test_an_omitted_field_is_unknown_without_its_scope_and_otherwise_unset(
    nulls: bool, simulator: Simulator, token: str, provider: DigitalOcean
) -> None:
    kind = RESOURCE_KINDS["load_balancer"]
    whole = await seen(provider, kind)
    assert None in {one.content.attrs["tag"] for one in whole.values()}

    simulator.narrow(token, "tag:read", nulls=nulls)
    narrowed = await seen(provider, kind)

    assert all("tag" not in one.content.attrs for one in narrowed.values())
    assert all("attrs.tag" in one.unknown_fields for one in narrowed.values())


async def test_an_answer_that_only_the_scopes_explain_is_never_remembered(
    simulator: Simulator, token: str, provider: DigitalOcean
) -> None:
    kind = RESOURCE_KINDS["droplet"]
    for droplet in simulator.truth("droplet"):
        simulator.change("droplet", str(droplet["id"]), vpc_uuid=None)
    memory = PageMemory()
    answers: list[bytes] = []

    class Noting(ListingMemory):
        """Notes what was answered."""

        def key_of(self, number: int, content: bytes) -> bytes:
            answers.append(content)
            return super().key_of(number, content)

    async def unset_vpcs() -> list[Any]:
        # Of a source of its own each time, as of another sweep.
        source = Sources(provider, spaces=None).of(kind.listing)
        pages = source.pages(0, 1, memory=Noting(memory, "droplet 0"))
        listed = [page async for page in pages]
        assert {(page.key, page.known) for page in listed} == {(b"", None)}
        return [row.get("vpc_uuid", "hidden") for page in listed for row in page.items]

    assert {*await unset_vpcs()} == {None}
    simulator.narrow(token, "vpc:read", nulls=True)
    assert {*await unset_vpcs()} == {"hidden"}
    assert answers[: len(answers) // 2] == answers[len(answers) // 2 :]
