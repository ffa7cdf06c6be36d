"""Lookups by other services: the resource of a bill, its lifetime, and its owners."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import lookup_service_pb2 as pb
from arcadia.inventory.v1 import sync_service_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from services.common.identity.callers import ALL
from tests.inventory.account import PROVIDER, Inventory, sighting, violated_field
from tests.inventory.test_statements import Count, statements

__all__ = ["statements"]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2099, 1, 1, tzinfo=UTC)


def stamp(instant: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(instant)
    return made


async def candidates(inventory: Inventory, *keys: dict[str, str]) -> list[list[pb.Lifetime]]:
    request = pb.LookupResourcesRequest(
        provider=PROVIDER, keys=[pb.ResourceKey(**key) for key in keys]
    )
    answer = await inventory.lookup.LookupResources(request, metadata=inventory.worker)
    return [list(result.lifetimes) for result in answer.results]


async def lifetimes(inventory: Inventory, **filters: Any) -> list[pb.Lifetime]:
    found: list[pb.Lifetime] = []
    token = ""
    while True:
        request = pb.ListLifetimesRequest(
            **{"provider": PROVIDER, "page_size": 2, "page_token": token, **filters}
        )
        answer = await inventory.lookup.ListLifetimes(request, metadata=inventory.worker)
        found += answer.lifetimes
        token = answer.next_page_token
        if not token:
            return found


async def intervals(
    inventory: Inventory,
    *,
    start: datetime = LONG_AGO,
    end: datetime = FAR_AHEAD,
    **filters: Any,
) -> list[pb.ExistenceInterval]:
    found: list[pb.ExistenceInterval] = []
    token = ""
    while True:
        request = pb.ListExistenceIntervalsRequest(
            span_from=stamp(start),
            span_to=stamp(end),
            **{"page_size": 2, "page_token": token, **filters},
        )
        answer = await inventory.lookup.ListExistenceIntervals(
            request, metadata=inventory.program("analytics")
        )
        found += answer.intervals
        token = answer.next_page_token
        if not token:
            return found


async def test_a_key_matches_an_id_or_a_current_or_former_name(inventory: Inventory) -> None:
    await inventory.record(sighting("1", name="Web"), sighting("2", name="db"))
    await inventory.record(sighting("1", name="web", attrs={}), kind="volume")
    await inventory.record(sighting("2", name="web-2"))
    found = await candidates(
        inventory,
        {"provider_id": "1"},
        {"provider_id": "1", "kind": "volume"},
        {"kind": "droplet", "name": "WEB"},
        {"kind": "droplet", "name": "DB"},
        {"kind": "droplet", "name": "nothing"},
    )
    kinds = [[(one.kind, one.provider_id) for one in result] for result in found]
    assert kinds == [
        [("droplet", "1"), ("volume", "1")],
        [("volume", "1")],
        [("droplet", "1")],
        [("droplet", "2")],
        [],
    ]
    assert [span.name for span in found[3][0].names] == ["db", "web-2"]


async def test_an_ambiguous_name_returns_all_matches_including_tombstoned_ones(
    inventory: Inventory,
) -> None:
    await inventory.sweep(sighting("old", name="web"))
    await inventory.lose("old")
    await inventory.record(sighting("new", name="web"))
    (found,) = await candidates(inventory, {"kind": "droplet", "name": "web"})
    assert [one.provider_id for one in found] == ["old", "new"]
    gone = (await inventory.one("old")).last_seen_at
    assert found[0].lived_to == gone
    assert found[0].ownership[-1].valid_to == gone
    assert not found[1].HasField("lived_to")


async def test_our_own_id_finds_its_resource_alone(inventory: Inventory) -> None:
    await inventory.record(sighting("1", name="web"), sighting("2", name=""))
    one, other = [(await inventory.one(provider_id)).id for provider_id in ("1", "2")]
    strange = "00000000-0000-4000-8000-000000000000"
    found = await candidates(
        inventory, {"resource_id": other}, {"resource_id": strange}, {"resource_id": one}
    )
    assert [[life.resource_id for life in result] for result in found] == [[other], [], [one]]


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ({"resource_id": "web"}, "keys[0].resource_id"),
        ({"resource_id": "00000000-0000-4000-8000-000000000000", "name": "web"}, "keys[0]"),
        ({"resource_id": "00000000-0000-4000-8000-000000000000", "provider_id": "1"}, "keys[0]"),
    ],
)
async def test_an_id_that_is_none_or_has_something_beside_it_is_refused(
    inventory: Inventory, key: dict[str, str], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await candidates(inventory, key)
    assert violated_field(refused.value) == field


@pytest.mark.parametrize("key", [{}, {"kind": "droplet"}, {"name": "web"}])
async def test_a_key_that_names_nothing_is_refused_by_its_place(
    inventory: Inventory, key: dict[str, str]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await candidates(inventory, {"provider_id": "1"}, key)
    assert violated_field(refused.value) == "keys[1]"


async def test_a_life_begins_when_the_provider_made_it(inventory: Inventory) -> None:
    made = stamp(LONG_AGO)
    await inventory.record(
        sighting("1", provider_created_at=made, tags=["tenant:acme"]), sighting("2")
    )
    first, second = await lifetimes(inventory)
    assert first.lived_from == made
    assert [(span.tenant_id, span.valid_from) for span in first.ownership] == [("acme", made)]
    assert second.lived_from == (await inventory.one("2")).first_seen_at
    # When the second was made nobody knows: the provider does not tell.
    assert (first.begin_unknown, second.begin_unknown) == (False, True)


async def test_lifetimes_are_those_that_overlap_the_span(inventory: Inventory) -> None:
    await inventory.sweep(sighting("gone", provider_created_at=stamp(LONG_AGO)))
    await inventory.lose("gone")
    lost = (await inventory.one("gone")).last_seen_at.ToDatetime(UTC)
    await inventory.record(sighting("alive"), sighting("alive too"), sighting("volume"))
    await inventory.record(sighting("v", attrs={}), kind="volume")

    async def shown(**filters: Any) -> list[str]:
        return [one.provider_id for one in await lifetimes(inventory, **filters)]

    assert await shown() == ["gone", "alive", "alive too", "volume", "v"]
    assert await shown(kind="volume") == ["v"]
    after = stamp(lost + timedelta(microseconds=1))
    assert await shown(overlap_from=after, kind="droplet") == ["alive", "alive too", "volume"]
    assert await shown(overlap_to=after) == ["gone"]
    assert await shown(overlap_to=stamp(LONG_AGO)) == []


async def test_intervals_are_cut_where_it_was_powered_off_and_where_it_changed_hands(
    inventory: Inventory,
) -> None:
    shown: dict[str, Any] = {"tags": ["tenant:acme"], "provider_created_at": stamp(LONG_AGO)}
    await inventory.record(sighting("1", **shown))
    await _a_second_later(inventory)
    await inventory.record(sighting("1", **shown, status="off"))
    await _a_second_later(inventory)
    await inventory.record(sighting("1", **{**shown, "tags": ["tenant:globex"]}, status="off"))
    await _a_second_later(inventory)
    found = await intervals(inventory)
    assert [(one.tenant_id, one.status) for one in found] == [
        ("acme", "active"),
        ("acme", "off"),
        ("globex", "off"),
    ]
    history = await inventory.history("1")
    powered_off, moved = (
        event.occurred_at.seconds
        for event in history
        if event.type in ("updated", "assigned")
        and event.changes.fields.keys() & {"status", "tenant_id"}
    )
    assert [one.interval_to.seconds for one in found[:2]] == [powered_off, moved]
    assert found[0].interval_from == stamp(LONG_AGO)
    assert not found[0].HasField("size_gb")


async def test_intervals_end_now_at_the_latest(inventory: Inventory) -> None:
    made = stamp(LONG_AGO)
    await inventory.record(sighting("1", provider_created_at=made))
    (found,) = await intervals(inventory)
    assert found.interval_to.ToDatetime(UTC) < FAR_AHEAD
    assert await intervals(inventory, start=FAR_AHEAD - timedelta(days=1)) == []


async def test_intervals_of_a_kind_or_a_deployment_only(inventory: Inventory) -> None:
    made = stamp(LONG_AGO)
    shop = ["tenant:acme", "deployment:shop"]
    await inventory.record(
        *(sighting(str(number), provider_created_at=made, tags=shop) for number in range(5)),
        sighting("other", provider_created_at=made),
    )
    await inventory.record(
        sighting("v", provider_created_at=made, attrs={"size_gigabytes": 10.5}, tags=shop),
        kind="volume",
    )
    assert len(await intervals(inventory, deployment_id="shop")) == 6
    (volume,) = await intervals(inventory, kinds=["volume"])
    assert volume.size_gb == "10.5"
    assert len(await intervals(inventory)) == 7


async def test_an_interval_tells_the_fields_by_which_its_kind_is_metered(
    inventory: Inventory,
) -> None:
    """Null is empty, what the token could not see is not told, and objects are JSON."""
    spec = {"services": [{"instance_count": 2, "instance_size_slug": "apps-s-1vcpu-1gb"}]}
    made = stamp(LONG_AGO)
    await inventory.record(
        sighting("free", provider_created_at=made, attrs={"droplet": None}),
        sighting("used", provider_created_at=made, attrs={"droplet": 42}),
        sighting("hidden", provider_created_at=made),
        kind="reserved_ip",
    )
    await inventory.record(
        sighting("app", provider_created_at=made, attrs={"spec": spec}), kind="app"
    )
    await inventory.record(
        sighting("db", provider_created_at=made, attrs={"num_nodes": 3, "engine": "pg"}),
        kind="database",
    )
    found = {one.name.removeprefix("web-"): one.fields for one in await intervals(inventory)}
    assert found["free"].get("attrs.droplet") == ""
    assert found["used"]["attrs.droplet"] == "42"
    assert "attrs.droplet" not in found["hidden"]
    assert json.loads(found["app"]["attrs.spec"]) == spec
    assert (found["db"]["attrs.num_nodes"], found["db"]["attrs.engine"]) == ("3", "pg")

    await inventory.record(
        sighting("free", provider_created_at=made, attrs={"droplet": 7}), kind="reserved_ip"
    )
    told = [
        one.fields["attrs.droplet"]
        for one in await intervals(inventory, kinds=["reserved_ip"])
        if one.name == "web-free"
    ]
    assert told == ["", "7"]


async def test_a_buckets_interval_has_its_size_or_why_it_is_unknown(inventory: Inventory) -> None:
    made = stamp(LONG_AGO)
    measured = {"size_bytes": 3 * 2**29, "object_count": 1, "measured_at": "2026-04-01T00:17:00Z"}
    refused = {"unmeasured": "the Spaces key may not read the bucket"}
    await inventory.record(
        sighting("assets", provider_created_at=made, attrs=measured),
        sighting("backups", provider_created_at=made, attrs=refused),
        kind="spaces_bucket",
    )

    found = {one.name: one for one in await intervals(inventory, kinds=["spaces_bucket"])}

    assert found["web-assets"].size_gb == "1.5"
    assert found["web-assets"].size_unknown_because == ""
    assert not found["web-backups"].HasField("size_gb")
    assert found["web-backups"].size_unknown_because == refused["unmeasured"]


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"span_to": stamp(FAR_AHEAD)}, "span_from"),
        ({"span_from": stamp(LONG_AGO)}, "span_to"),
        ({"span_from": stamp(FAR_AHEAD), "span_to": stamp(LONG_AGO)}, "span_to"),
        (
            {"span_from": stamp(LONG_AGO), "span_to": stamp(FAR_AHEAD), "kinds": ["ship"]},
            "kinds[0]",
        ),
        (
            {"span_from": stamp(LONG_AGO), "span_to": stamp(FAR_AHEAD), "page_size": -1},
            "page_size",
        ),
    ],
)
async def test_a_span_that_is_none_is_refused_by_its_field(
    inventory: Inventory, request_fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.lookup.ListExistenceIntervals(
            pb.ListExistenceIntervalsRequest(**request_fields),
            metadata=inventory.program("analytics"),
        )
    assert violated_field(refused.value) == field


async def test_projects_are_found_by_name_id_and_tenant_gone_ones_too(
    inventory: Inventory,
) -> None:
    names = ["Shop", "shop", "internal"]
    await inventory.sync.RecordProjects(
        sync_service_pb2.RecordProjectsRequest(
            provider=PROVIDER,
            projects=[
                sync_service_pb2.ProjectSighting(provider_id=str(number), name=name)
                for number, name in enumerate(names)
            ],
        ),
        metadata=inventory.worker,
    )

    async def found(**keys: Any) -> list[str]:
        request = pb.LookupProjectsRequest(provider=PROVIDER, **keys)
        answer = await inventory.lookup.LookupProjects(request, metadata=inventory.worker)
        assert all(one.classification == "unclassified" for one in answer.projects)
        return [one.provider_id for one in answer.projects]

    assert await found(names=["SHOP"]) == ["0", "1"]
    assert await found(names=["internal", "nothing"], tenant_ids=["acme"]) == ["2"]
    assert await found() == []


async def test_a_page_needs_a_constant_number_of_statements(
    inventory: Inventory, statements: Count
) -> None:
    for number in range(3):
        await inventory.record(*(sighting(f"{one}", name=f"{number}-{one}") for one in range(200)))
    costs = set()
    for size in (1, 50, 200):
        listed = pb.ListLifetimesRequest(provider=PROVIDER, page_size=size)
        looked_up = pb.LookupResourcesRequest(
            provider=PROVIDER,
            keys=[pb.ResourceKey(kind="droplet", name=f"0-{one}") for one in range(size)],
        )
        existed = pb.ListExistenceIntervalsRequest(
            page_size=size, span_from=stamp(LONG_AGO), span_to=stamp(FAR_AHEAD)
        )
        costs.add(
            (
                await statements(inventory.lookup.ListLifetimes(listed, metadata=inventory.worker)),
                await statements(
                    inventory.lookup.LookupResources(looked_up, metadata=inventory.worker)
                ),
                await statements(
                    inventory.lookup.ListExistenceIntervals(
                        existed, metadata=inventory.program("analytics")
                    )
                ),
            )
        )
    assert len(costs) == 1
    assert max(costs.pop()) < 6


async def _a_second_later(inventory: Inventory) -> None:
    """Waits until the database's clock shows another second: cuts fall on whole ones."""
    async with inventory.database.read(ALL) as session:
        await session.execute(
            text("SELECT pg_sleep_until(date_trunc('second', now()) + interval '1 second')")
        )


@pytest.mark.parametrize(
    "query",
    [
        "cloud_resources WHERE kind = 'droplet' AND name_key = 'web'",
        "cloud_resource_events WHERE kind = 'droplet' AND former_name_key = 'web'",
    ],
)
async def test_a_name_is_looked_up_by_its_index_behind_row_level_security(
    inventory: Inventory, query: str
) -> None:
    async with inventory.database.read(ALL) as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = (await session.execute(text(f"EXPLAIN SELECT kind FROM {query}"))).scalars().all()
    assert any("Index Cond" in line and "name_key = " in line for line in plan), plan


async def test_when_a_kind_was_last_seen_completely(inventory: Inventory) -> None:
    complete = await inventory.sweep(sighting("1"))
    await inventory.sweep(sighting("1"), total=5)
    await inventory.begin("domain")
    request = pb.GetSweepTimesRequest(kinds=["droplet", "domain"])
    answer = await inventory.lookup.GetSweepTimes(request, metadata=inventory.program("analytics"))
    droplets, domains = answer.sweep_times
    assert (droplets.kind, domains.kind) == ("droplet", "domain")
    # The second sweep did not read all that there is.
    assert droplets.completed_sweep_at == complete.sweep.started_at
    assert not domains.HasField("completed_sweep_at")


async def test_when_a_kind_was_seen_is_not_asked_of_what_is_no_text(inventory: Inventory) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.lookup.GetSweepTimes(
            pb.GetSweepTimesRequest(kinds=["droplet", "a\0b"]),
            metadata=inventory.program("analytics"),
        )
    assert violated_field(refused.value) == "kinds[1]"
