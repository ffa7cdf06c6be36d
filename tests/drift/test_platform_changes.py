"""Changes by the platform itself are no drift; other changes are.

Specs are taken from the live values of a simulated account. Then the platform makes all its
changes, and nothing drifts. Then each desired field is changed, and each is found.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from arcadia.inventory.v1 import drift_service_pb2 as pb

from kinds import RESOURCE_KINDS
from kinds.listing import Listing
from kinds.policy import TAKEN
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.rate import RateBudget
from providers.digitalocean.sources import Sources
from tests.drift.account import Account
from tests.providers.simulator import Simulator, start_simulator
from tests.support.engine_room import EngineRoom
from workflows.sync.activities.sightings import rows_of

Json = Any

SWITCHED_OFF: Final = {"enabled": False}
GIVEN: Final[Mapping[str, Mapping[str, Json]]] = {
    "cdn_endpoint": {},
    "certificate": {},
    "droplet": {"features": ["private_networking"]},
    "firewall": {},
    "load_balancer": {
        "disable_lets_encrypt_dns_records": False,
        "domains": [
            {
                "name": "acme.example",
                "is_managed": True,
                "certificate_id": "892071a0-bb95-49bc-8021-3afd67a210bf",
            }
        ],
        "glb_settings": {"target_protocol": "http", "target_port": 80},
        "tls_cipher_policy": "DEFAULT",
        "target_load_balancer_ids": ["a"],
    },
    "database": {"do_settings": {"service_cnames": ["db.acme.example"]}, "engine": "redis"},
    "kubernetes_cluster": {
        "registries": ["a"],
        "control_plane_firewall": {"enabled": False, "allowed_addresses": []},
        "cluster_autoscaler_configuration": {"scale_down_unneeded_time": "1m0s"},
        "isolated_workers": False,
        "sso": SWITCHED_OFF,
        "worker_subnet_uuid": "b",
        **{
            name: SWITCHED_OFF
            for name in RESOURCE_KINDS["kubernetes_cluster"].attrs
            if name.endswith("_plugin") or name in ("coredns_autoscaler", "routing_agent")
        },
    },
    "volume": {"description": ""},
}
"""What the first resource of a kind is given before, where the simulated one says less.

Of these kinds every desired field is changed.
"""

SHOWN: Final = {
    # The history tells what was renewed, renamed, scaled or announced.
    ("certificate", "attrs.id"),
    ("certificate", "attrs.not_after"),
    ("certificate", "attrs.sha1_fingerprint"),
    ("cdn_endpoint", "attrs.certificate_id"),
    ("database", "attrs.engine"),
    ("database", "attrs.maintenance_window"),
    ("droplet", "attrs.image"),
    ("kubernetes_cluster", "attrs.node_pools"),
    ("load_balancer", "attrs.domains"),
    ("load_balancer", "attrs.forwarding_rules"),
}
"""What the platform does that is an event all the same."""


def otherwise(value: Json) -> Json:
    """Another value of the same shape."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, otherwise(value[0]) if value else "other"]
    if isinstance(value, dict):
        first = next(iter(value))
        return {**value, first: otherwise(value[first])}
    return f"{value or ''}-other"


REAL: Final[Mapping[tuple[str, str], Callable[[Json], Json]]] = {
    ("droplet", "image"): lambda image: {**image, "id": 7, "slug": "debian-12-x64"},
    ("load_balancer", "algorithm"): lambda _: "least_connections",
    ("database", "version"): lambda _: "99",
    ("database", "rules"): lambda rules: [*rules, {"type": "ip_addr", "value": "198.51.100.1"}],
    ("reserved_ip", "droplet"): lambda _: None,
    ("database", "tags"): lambda tags: [*(tags or []), "other"],
    ("volume", "tags"): lambda tags: [*(tags or []), "other"],
}
"""Where another value of the same shape would be no real change."""


@dataclass
class World:
    """The simulated account, and the inventory that watches it."""

    account: Account
    simulator: Simulator
    provider: DigitalOcean
    kept: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """The fields of each spec, by kind and provider id."""

    async def sync(self, *, without: str = "") -> None:
        """Records every resource of every kind but one as it is now."""
        for name, kind in RESOURCE_KINDS.items():
            if name == without:
                continue
            source = Sources(self.provider, spaces=None).of(kind.listing)
            rows: Any = rows_of("digitalocean", name)
            for query in range(source.query_count):
                async for page in source.pages(query, 1):
                    messages = [rows.message(row) for row in page.items]
                    if messages:
                        await self.account.inventory.record(*messages, kind=name)

    async def keep_all(self) -> None:
        """An operator wants everything to stay as it is."""
        for kind in RESOURCE_KINDS:
            for provider_id, resource in (await self.account.inventory.listed(kind=kind)).items():
                answer = await self.account.drift.RecordSpec(
                    pb.RecordSpecRequest(resource_id=resource.id, from_live=True),
                    metadata=self.account.inventory.operator,
                )
                self.kept[kind, provider_id] = set(answer.spec.spec.fields)

    async def sweep(self) -> set[tuple[str, str, str]]:
        """Sweeps every kind; the drifts that are open by kind, provider id and field."""
        for kind in RESOURCE_KINDS:
            await self.account.sweep(kind)
        return {
            (drift.resource_kind, drift.provider_id, drift.field)
            for drift in await self.account.listed()
        }

    def first(self, kind: str) -> dict[str, Any]:
        """The first object of a kind, with all its fields."""
        listing = RESOURCE_KINDS[kind].listing
        return next(
            one
            for one in self.simulator.truth(kind)
            if not isinstance(listing, Listing) or listing.shows(one)
        )

    def change_for_real(self, kind: str, fields: set[str]) -> None:
        """Changes these fields of the first resource of a kind."""
        shown, columns = self.first(kind), RESOURCE_KINDS[kind].columns
        # A certificate is known by its name, and changed by its id.
        identifier = str(shown["id" if kind == "certificate" else columns.provider_id])
        of_columns = {"name": columns.name, "size": columns.size, "tags": columns.tags}
        for name in sorted(fields):
            path = of_columns.get(name, name)
            real = REAL.get((kind, name), otherwise)
            self.simulator.change(kind, identifier, **{path: real(shown.get(path))})


@pytest.fixture(scope="session")
def drifting_simulator(engine_room: EngineRoom) -> Simulator:
    return start_simulator(engine_room, "drift-simulator")


@pytest.fixture
async def world(account: Account, drifting_simulator: Simulator) -> AsyncIterator[World]:
    drifting_simulator.behave()
    drifting_simulator.reset()
    url = drifting_simulator.url
    async with DigitalOcean.open(url, "drift", RateBudget()) as provider:
        world = World(account, drifting_simulator, provider)
        for kind, fields in GIVEN.items():
            identifier = str(world.first(kind)["id"])
            drifting_simulator.change(kind, identifier, **fields)
        await world.sync()
        await world.keep_all()
        yield world


async def test_changes_by_the_platform_itself_are_no_drift(world: World) -> None:
    assert await world.sweep() == set()

    changed = world.simulator.platform()
    assert all(changed.values()), changed
    await world.sync()

    assert await world.sweep() == set()
    updated = world.account.rows(
        "SELECT DISTINCT kind, jsonb_object_keys(changes) FROM cloud_resource_events"
        " WHERE type = 'updated'"
    )
    assert set(updated) == SHOWN


async def test_later_changes_by_people_are_found_field_by_field(world: World) -> None:
    world.simulator.platform()
    expected = set()
    for kind, declared in RESOURCE_KINDS.items():
        identifier = str(world.first(kind)[declared.columns.provider_id])
        # What the kind does not have, or has inside of another field; and the name where another
        # one makes another resource.
        columns = {name for name in ("size", "tags") if not getattr(declared.columns, name)}
        if declared.columns.provider_id == "name" or "." in declared.columns.name:
            columns.add("name")
        fields = world.kept[kind, identifier] - columns  # the kind has no such field
        if kind in GIVEN:
            assert fields >= desired_of(kind), kind
        if kind == "domain":
            records = world.simulator.truth("domain_record")
            address = next(one for one in records if one["type"] == "A")
            world.simulator.change("domain_record", str(address["id"]), data="192.0.2.99")
        elif kind == "cdn_endpoint":
            other = next(
                one["id"]
                for one in world.simulator.truth("certificate")
                if one["name"] == "globex-example"
            )
            world.simulator.change(kind, identifier, certificate_id=other)
            fields = fields - {"certificate_id"}
            world.change_for_real(kind, fields - {"certificate_name"})
        else:
            world.change_for_real(kind, fields)
        expected |= {(kind, identifier, name) for name in fields}
    await world.sync()

    assert await world.sweep() == expected


async def test_a_removed_certificate_is_a_drift(world: World) -> None:
    endpoint = str(world.first("cdn_endpoint")["id"])
    world.simulator.platform("certificates_renewed")
    world.simulator.change("cdn_endpoint", endpoint, certificate_id="")
    await world.sync()

    assert await world.sweep() == {
        ("cdn_endpoint", endpoint, "certificate_id"),
        ("cdn_endpoint", endpoint, "certificate_name"),
    }


async def test_certificate_fields_that_the_token_may_not_read_are_unknown(world: World) -> None:
    world.simulator.narrow("drift", "certificate:read")
    world.simulator.platform("certificates_renewed")
    await world.sync(without="certificate")

    assert await world.sweep() == set()


def desired_of(kind: str) -> set[str]:
    """The fields of a kind's own that are somebody's choice."""
    return {
        name
        for name, attr in RESOURCE_KINDS[kind].attrs.items()
        if attr.policy.policy in TAKEN and attr.policy.computed_when is None and name != "tag"
    }
