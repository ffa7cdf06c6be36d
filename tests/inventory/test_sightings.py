"""The effect of a sighting on a row; the only way into the inventory."""

from typing import Any

import grpc
import psycopg
import pytest
from arcadia.inventory.v1 import sync_service_pb2 as sync_pb
from google.protobuf.json_format import MessageToDict

from tests.inventory.account import PROVIDER, Inventory, reason_of, sighting, violated_field
from tests.support.databases import PostgresServer

CREATED = {"provider_created_at": {"seconds": 1_700_000_000}}


async def test_a_new_row_is_discovered(inventory: Inventory) -> None:
    counts = await inventory.record(sighting("1", tags=["Web", "blue"], **CREATED))
    assert counts.discovered_count == 1
    row = await inventory.one("1")
    assert (row.kind, row.name, row.region, row.size) == ("droplet", "web-1", "syd1", "s-1vcpu-1gb")
    assert list(row.tags) == ["blue", "web"]
    assert row.attrs["memory"] == 1024
    assert row.provider_created_at.seconds == 1_700_000_000
    assert await inventory.events("1") == ["discovered"]


async def test_a_changed_row_is_updated_with_the_old_and_the_new_values(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1", status="active", attrs={"memory": 1024}))
    counts = await inventory.record(sighting("1", status="off", attrs={"memory": 2048}))
    assert counts.updated_count == 1
    event = (await inventory.history("1"))[-1]
    assert event.type == "updated"
    assert MessageToDict(event.changes) == {
        "status": {"old": "active", "new": "off"},
        "attrs.memory": {"old": 1024, "new": 2048},
    }
    assert event.actor == "worker"


async def test_tags_that_change_alone_are_tagged_and_with_other_fields_part_of_an_update(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1", name="web", tags=["blue", "web"]))
    counts = await inventory.record(sighting("1", name="web", tags=["web", "green"]))
    assert counts.updated_count == 1
    await inventory.record(sighting("1", name="web-2", tags=["web"]))
    await inventory.record(sighting("1", name="web-2", tags=["WEB", "web"]))
    assert [(event.type, MessageToDict(event.changes)) for event in await inventory.history("1")][
        1:
    ] == [
        ("tagged", {"tags": {"old": ["blue", "web"], "new": ["green", "web"]}}),
        (
            "updated",
            {
                "name": {"old": "web", "new": "web-2"},
                "tags": {"old": ["green", "web"], "new": ["web"]},
            },
        ),
    ]


async def test_an_unchanged_row_is_only_marked_as_seen(inventory: Inventory) -> None:
    await inventory.record(sighting("1"))
    before = await inventory.one("1")
    counts = await inventory.record(sighting("1"))
    after = await inventory.one("1")
    assert counts.unchanged_count == 1
    assert after.last_seen_at.ToNanoseconds() > before.last_seen_at.ToNanoseconds()
    assert after.first_seen_at == before.first_seen_at
    assert await inventory.events("1") == ["discovered"]


async def test_a_batch_sent_again_changes_nothing(inventory: Inventory) -> None:
    batch = [sighting(str(number), tags=["tenant:acme"]) for number in range(20)]
    first = await inventory.record(*batch)
    again = await inventory.record(*batch)
    assert first.discovered_count == 20
    assert again.unchanged_count == 20
    assert await inventory.events("7") == ["discovered"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (sighting("1", tags=["a", "b"]), sighting("1", tags=["b", "A"])),
        (sighting("1", attrs={"ips": ["x", "y"]}), sighting("1", attrs={"ips": ["y", "x"]})),
        (sighting("1", attrs={"updated_at": "1"}), sighting("1", attrs={"updated_at": "2"})),
        (sighting("1", attrs={"backup_ids": [1]}), sighting("1", attrs={"backup_ids": [1, 2]})),
        (sighting("1", attrs={"vcpus": 1}), sighting("1", attrs={"vcpus": 1.0})),
        (sighting("1"), sighting("1", **CREATED)),
    ],
    ids=["tag order and case", "list order", "timestamps", "counters", "1 and 1.0", "creation"],
)
async def test_insignificant_changes_give_no_event(
    inventory: Inventory, before: object, after: object
) -> None:
    await inventory.record(before)  # type: ignore[arg-type]
    counts = await inventory.record(after)  # type: ignore[arg-type]
    assert counts.unchanged_count == 1
    assert await inventory.events("1") == ["discovered"]


async def test_a_changed_multiplicity_in_a_list_is_a_change(inventory: Inventory) -> None:
    await inventory.record(sighting("1", attrs={"rules": ["a", "a", "b"]}))
    counts = await inventory.record(sighting("1", attrs={"rules": ["a", "b", "b"]}))
    assert counts.updated_count == 1


async def test_an_id_twice_in_a_batch_counts_once_and_the_last_wins(
    inventory: Inventory,
) -> None:
    counts = await inventory.record(sighting("1", name="first"), sighting("1", name="last"))
    assert counts.discovered_count == 1
    assert (await inventory.one("1")).name == "last"


async def test_a_field_that_the_token_could_not_see_keeps_its_value(
    inventory: Inventory,
) -> None:
    await inventory.record(
        sighting("1", tags=["tenant:acme"], attrs={"vpc_uuid": "v-1", "memory": 1024})
    )
    counts = await inventory.record(
        sighting("1", attrs={"memory": 1024}, unknown=["tags", "attrs.vpc_uuid"])
    )
    row = await inventory.one("1")
    assert counts.unchanged_count == 1
    assert list(row.tags) == ["tenant:acme"]
    assert row.tenant_id == "acme"
    assert row.attrs["vpc_uuid"] == "v-1"


async def test_a_field_that_is_gone_though_the_token_could_see_it_is_a_change(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1", attrs={"vpc_uuid": "v-1"}))
    counts = await inventory.record(sighting("1", attrs={}))
    assert counts.updated_count == 1
    assert "vpc_uuid" not in (await inventory.one("1")).attrs


async def test_kinds_do_not_share_provider_ids(inventory: Inventory) -> None:
    await inventory.record(sighting("1"), kind="droplet")
    counts = await inventory.record(sighting("1"), kind="volume")
    assert counts.discovered_count == 1


async def test_numbers_and_texts_are_kept_exactly(inventory: Inventory) -> None:
    odd = {"price_hourly": 0.00743999984115362, "big": 2**53, "text": 'Zoë "q" \\ \t,{}', "n": None}
    await inventory.record(sighting("1", name='a{"b",\\c} \x1f', attrs=odd))
    row = await inventory.one("1")
    assert row.name == 'a{"b",\\c} \x1f'
    assert MessageToDict(row.attrs) == odd
    counts = await inventory.record(sighting("1", name='a{"b",\\c} \x1f', attrs=odd))
    assert counts.unchanged_count == 1


async def test_tags_and_deployments_are_assigned_by_their_tags(inventory: Inventory) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme", "deployment:blog"]))
    row = await inventory.one("1")
    assert (row.tenant_id, row.deployment_id) == ("acme", "blog")


async def test_a_changed_tenant_tag_is_tagged_and_an_assignment(
    inventory: Inventory,
) -> None:
    await inventory.record(sighting("1", tags=["tenant:acme"]))
    await inventory.record(sighting("1", tags=["tenant:globex"]))
    updated, assigned = (await inventory.history("1"))[1:]
    assert (updated.type, assigned.type) == ("tagged", "assigned")
    assert MessageToDict(assigned.changes) == {"tenant_id": {"old": "acme", "new": "globex"}}


async def test_a_batch_of_another_kind_than_its_sweep_is_refused_completely(
    inventory: Inventory,
) -> None:
    sweep_id = await inventory.begin("volume")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("1"), kind="droplet", sweep_id=sweep_id)
    assert reason_of(refused.value) == "SWEEP_OF_ANOTHER_KIND"
    assert await inventory.listed() == {}


async def test_a_batch_for_a_closed_sweep_is_refused_completely(inventory: Inventory) -> None:
    swept = await inventory.sweep(sighting("1"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("2"), sweep_id=swept.sweep.id)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(refused.value) == "SWEEP_CLOSED"
    assert list(await inventory.listed()) == ["1"]


async def test_a_batch_for_an_unknown_sweep_is_not_found(inventory: Inventory) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("1"), sweep_id="0192f0c1-1111-7222-8333-444455556666")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("batch", "kind", "field"),
    [
        ([sighting("1")], "spaceship", "kind"),
        ([sighting("1")], "project", "kind"),
        ([sighting("1"), sighting("")], "droplet", "sightings[1].provider_id"),
        ([sighting("1", unknown=["colour"])], "droplet", "sightings[0].unknown_fields"),
        ([sighting(str(n)) for n in range(5001)], "droplet", "sightings"),
    ],
    ids=["unknown kind", "projects have a call of their own", "no id", "unknown field", "too many"],
)
async def test_a_malformed_batch_is_refused_with_the_name_of_the_field(
    inventory: Inventory, batch: list[object], kind: str, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(*batch, kind=kind)  # type: ignore[arg-type]
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violated_field(refused.value) == field


@pytest.mark.parametrize("content", ["{", "[1]", "1", '{"a": NaN}'])
async def test_attrs_that_are_no_json_object_are_refused(
    inventory: Inventory, content: str
) -> None:
    malformed = sighting("1")
    malformed.attrs_json = content
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(malformed)
    assert violated_field(refused.value) == "sightings[0].attrs_json"


async def test_a_nul_character_is_refused_with_the_name_of_the_field(
    inventory: Inventory,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("1", name="a\x00b"))
    assert violated_field(refused.value) == "sightings[0].name"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("1", attrs={"note": "a\x00b"}))
    assert violated_field(refused.value) == "sightings[0].attrs_json"


async def test_an_empty_batch_changes_nothing(inventory: Inventory) -> None:
    sweep_id = await inventory.begin()
    counts = await inventory.record(sweep_id=sweep_id)
    assert counts.unchanged_count == 0


def bucket(size: int, at: str, **more: Any) -> Any:
    """A bucket that was measured."""
    attrs = {"size_bytes": size, "object_count": 1, "measured_at": at, **more}
    return sighting("acme-assets", tags=["tenant:acme", "deployment:shop"], attrs=attrs)


async def test_a_bucket_that_grows_all_day_gets_one_change_a_day(inventory: Inventory) -> None:
    shown = [
        (1_000, "2026-04-01T00:17:00Z"),
        (1_001, "2026-04-01T06:17:00Z"),
        (1_002, "2026-04-01T12:17:00Z"),
        (1_003, "2026-04-01T18:17:00Z"),
        (1_004, "2026-04-02T00:17:00Z"),
        (1_005, "2026-04-02T06:17:00Z"),
    ]
    for size, at in shown:
        await inventory.record(bucket(size, at), kind="spaces_bucket")

    history = await inventory.history("acme-assets")
    assert [MessageToDict(event.changes) for event in history if event.type == "updated"] == [
        {"attrs.size_bytes": {"old": 1_000, "new": 1_004}}
    ]


async def test_a_bucket_that_could_not_be_measured_keeps_its_known_size_with_its_age(
    inventory: Inventory,
) -> None:
    at = "2026-04-01T00:17:00Z"
    await inventory.record(bucket(2**30, at), kind="spaces_bucket")
    refused = sighting(
        "acme-assets",
        tags=["tenant:acme", "deployment:shop"],
        attrs={"unmeasured": "the Spaces key may not read the bucket"},
        unknown=["attrs.size_bytes", "attrs.object_count", "attrs.measured_at"],
    )
    for _ in range(2):
        await inventory.record(refused, kind="spaces_bucket")

    row = await inventory.one("acme-assets")
    assert row.attrs["size_bytes"] == 2**30
    assert row.attrs["measured_at"] == at
    assert row.attrs["unmeasured"] == "the Spaces key may not read the bucket"
    events = await inventory.events("acme-assets")
    assert events == ["discovered", "updated"]


async def test_a_provider_id_names_one_resource_of_a_kind_and_one_project_says_the_database(
    inventory: Inventory, postgres: PostgresServer
) -> None:
    await inventory.record(sighting("1"))
    await inventory.record(sighting("1", name="vol"), kind="volume")
    again = """
        INSERT INTO {table} ({columns}, provider_id, first_seen_at, last_seen_at{more})
        VALUES ({values}, '1', now(), now(){zero})
    """
    resource = {"table": "cloud_resources", "more": ", sighting_digest", "zero": ", 0"}
    project = {"table": "cloud_projects", "more": "", "zero": ""}
    of_digitalocean = {"columns": "provider", "values": "'digitalocean'"}
    with psycopg.connect(postgres.url(inventory.database_name), autocommit=True) as connection:
        for kind in ("droplet", "volume"):
            of_kind = {"columns": "provider, kind", "values": f"'digitalocean', '{kind}'"}
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute(again.format(**resource, **of_kind))
        connection.execute(again.format(**project, **of_digitalocean))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(again.format(**project, **of_digitalocean))


@pytest.mark.parametrize(
    "owner", ["platform-admin", "7", "0192f0c1-1111-7222-8333-444455556666", "team_x.y"]
)
async def test_tenant_and_deployment_ids_are_texts_of_any_form(
    inventory: Inventory, owner: str
) -> None:
    await inventory.record(sighting("1", tags=[f"tenant:{owner}", f"deployment:{owner}"]))
    seen = await inventory.one("1")
    assert (seen.tenant_id, seen.deployment_id) == (owner, owner)


def balancer(certificate: str, name: str = "") -> Any:
    """A load balancer that names a certificate by its id, and by its name where it is known."""
    https = {"entry_port": 443, "certificate_id": certificate}
    if name:
        https["certificate_name"] = name
    rules = [https, {"entry_port": 80}]
    return sighting("1", size="lb-small", attrs={"forwarding_rules": rules})


async def test_a_known_name_of_a_certificate_is_kept_when_the_token_reads_names_no_more(
    inventory: Inventory,
) -> None:
    await inventory.record(balancer("id-1", "acme"), kind="load_balancer")
    counts = await inventory.record(balancer("id-1"), kind="load_balancer")
    assert (counts.updated_count, counts.unchanged_count) == (0, 1)
    row = await inventory.one("1")
    [rule] = [
        rule for rule in MessageToDict(row.attrs)["forwarding_rules"] if "certificate_id" in rule
    ]
    assert rule["certificate_name"] == "acme"
    # Of another certificate nobody knows the name.
    counts = await inventory.record(balancer("id-2"), kind="load_balancer")
    assert counts.updated_count == 1
    assert "acme" not in str((await inventory.one("1")).attrs)


LONG = "x" * 1_001


@pytest.mark.parametrize(
    ("shown", "field"),
    [
        ({"name": LONG}, "sightings[0].name"),
        ({"status": LONG}, "sightings[0].status"),
        ({"provider_created_at": {"seconds": 2**62}}, "sightings[0].provider_created_at"),
        ({"provider_created_at": {"seconds": -(2**62)}}, "sightings[0].provider_created_at"),
    ],
)
async def test_a_value_that_the_database_cannot_store_is_refused_by_its_field(
    inventory: Inventory, shown: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("1", **shown))
    assert violated_field(refused.value) == field


async def test_an_id_or_a_project_that_the_database_cannot_keep_is_refused(
    inventory: Inventory,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.record(sighting("1" * 1_001))
    assert violated_field(refused.value) == "sightings"
    projects = sync_pb.RecordProjectsRequest(
        provider=PROVIDER, projects=[sync_pb.ProjectSighting(provider_id="1", name="a\0b")]
    )
    members = sync_pb.RecordProjectMembersRequest(provider=PROVIDER, project_provider_id="a\0b")
    member = sync_pb.RecordProjectMembersRequest(
        provider=PROVIDER,
        project_provider_id="1",
        members=[sync_pb.ProjectMember(kind="droplet", provider_id="a\0b")],
    )
    calls: tuple[tuple[Any, Any, str], ...] = (
        (inventory.sync.RecordProjects, projects, "projects[0].name"),
        (inventory.sync.RecordProjectMembers, members, "project_provider_id"),
        (inventory.sync.RecordProjectMembers, member, "members[0].provider_id"),
    )
    for call, request, field in calls:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(request, metadata=inventory.worker)
        assert violated_field(refused.value) == field
