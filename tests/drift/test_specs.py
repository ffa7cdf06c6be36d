"""Specs: what can be desired, and how it is stored."""

from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import drift_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2 as worker_pb

from tests.drift.account import Account, value_of
from tests.inventory.account import reason_of, violated_field


async def test_a_spec_gets_a_new_version_when_it_differs(account: Account) -> None:
    await account.shows("1")
    versions = [
        (await account.desire("1", spec)).spec_version
        for spec in ({"size": "a"}, {"size": "a"}, {"size": "b"}, {"size": "b", "name": "c"})
    ]
    assert versions == [1, 1, 2, 3]


async def test_a_spec_is_read_as_it_was_recorded(account: Account) -> None:
    await account.shows("1")
    recorded = await account.desire("1", {"size": "a", "attrs.vcpus": 2, "tags": ["web"]})
    request = pb.GetSpecRequest(resource_id=recorded.resource_id)
    answer = await account.drift.GetSpec(request, metadata=account.inventory.operator)
    assert answer.spec == recorded
    assert value_of(recorded.spec) == {"size": "a", "vcpus": 2, "tags": ["web"]}
    assert recorded.recorded_by == "op"


async def test_nothing_desired_and_nothing_there_are_not_found(account: Account) -> None:
    await account.shows("1")
    for resource_id, reason in (
        (await account.id_of("1"), "SPEC_NOT_FOUND"),
        ("00000000-0000-7000-8000-000000000000", "RESOURCE_NOT_FOUND"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await account.drift.GetSpec(
                pb.GetSpecRequest(resource_id=resource_id), metadata=account.inventory.operator
            )
        assert reason_of(refused.value) == reason


async def test_a_spec_from_the_live_resource_has_what_is_somebodys_choice(
    account: Account,
) -> None:
    await account.shows(
        "1", tags=["web"], attrs={"memory": 1024, "vpc_uuid": "v", "features": ["ipv6"]}
    )
    spec = value_of((await account.keep("1")).spec)
    assert spec["size"] == "s-1vcpu-1gb"
    assert spec["tags"] == ["web"]
    assert spec["vpc_uuid"] == "v"
    assert "memory" not in spec
    assert "status" not in spec


@pytest.mark.parametrize(
    ("spec", "field", "reason"),
    [
        ({"sizee": "x"}, "spec.sizee", "UNKNOWN_FIELD"),
        ({"user_data": "#!/bin/sh"}, "spec.user_data", "SECRET_FIELD"),
        ({"size": 5}, "spec.size", "WRONG_TYPE"),
        ({"name": ["web"]}, "spec.name", "WRONG_TYPE"),
        ({"tags": "web"}, "spec.tags", "WRONG_TYPE"),
        ({"tags": None}, "spec.tags", "WRONG_TYPE"),
        ({"tags": ["web", 1]}, "spec.tags", "WRONG_TYPE"),
        ({"presence": "maybe"}, "spec.presence", "INVALID_PRESENCE"),
        ({"vcpus": 1, "attrs.vcpus": 2}, "spec.attrs.vcpus", "FIELD_TWICE"),
        ({"name": "a\x00b"}, "spec", "INVALID_ARGUMENT"),
        ({"memory": 2.0**53}, "spec.memory", "INVALID_ARGUMENT"),
    ],
)
async def test_a_field_that_cannot_be_desired_is_refused_by_its_name(
    account: Account, spec: dict[str, Any], field: str, reason: str
) -> None:
    await account.shows("1")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.desire("1", spec)
    assert (violated_field(refused.value), reason_of(refused.value)) == (field, reason)
    assert account.rows("SELECT count(*) FROM cloud_provisioned") == [(0,)]


async def test_a_spec_is_given_or_taken_from_the_live_resource_and_not_both(
    account: Account,
) -> None:
    await account.shows("1")
    resource_id = await account.id_of("1")
    both = pb.RecordSpecRequest(resource_id=resource_id, from_live=True)
    both.spec.update({"size": "a"})
    neither = pb.RecordSpecRequest(resource_id=resource_id)
    for request, words in ((both, "must be unset when from_live"), (neither, "is required")):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await account.drift.RecordSpec(request, metadata=account.inventory.operator)
        assert violated_field(refused.value) == "spec"
        assert words in (refused.value.details() or "")


async def test_a_batch_says_what_was_new_changed_and_the_same(account: Account) -> None:
    for number in range(3):
        await account.shows(str(number))
    ids = [await account.id_of(str(number)) for number in range(3)]
    first = await account.desire_all({identifier: {"size": "a"} for identifier in ids})
    assert (first.created_count, first.updated_count, first.unchanged_count) == (3, 0, 0)
    again = await account.desire_all({ids[0]: {"size": "a"}, ids[1]: {"size": "b"}})
    assert (again.created_count, again.updated_count, again.unchanged_count) == (0, 1, 1)
    assert account.rows("SELECT DISTINCT recorded_by FROM cloud_provisioned") == [("provisioning",)]


async def test_a_batch_with_one_bad_spec_records_nothing(account: Account) -> None:
    await account.shows("1")
    await account.shows("2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.desire_all(
            {
                await account.id_of("1"): {"size": "a"},
                await account.id_of("2"): {"password": "hunter2"},
            }
        )
    assert violated_field(refused.value) == "specs[1].spec_json.password"
    assert account.rows("SELECT count(*) FROM cloud_provisioned") == [(0,)]


async def test_taking_a_spec_back_closes_its_drifts_as_stale(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb", "name": "other"})
    await account.sweep()
    request = worker_pb.RemoveSpecsRequest(
        resource_ids=[await account.id_of("1")], actor="provisioning"
    )
    worker = account.inventory.worker
    answers = [await account.reconcile.RemoveSpecs(request, metadata=worker) for _ in range(2)]
    assert [answer.removed_count for answer in answers] == [1, 0]
    assert await account.listed() == []
    closed = await account.listed(status="stale")
    assert {(one.field, one.resolved_by) for one in closed} == {
        ("size", "provisioning"),
        ("name", "provisioning"),
    }
    assert (await account.inventory.events("1")).count("drift_resolved") == 2


@pytest.mark.parametrize("call", ["RecordSpecs", "RemoveSpecs", "AssignResources"])
async def test_a_name_that_the_database_cannot_keep_is_refused(account: Account, call: str) -> None:
    ask: Any = getattr(account.reconcile, call)
    request = getattr(worker_pb, f"{call}Request")(actor="a\0b")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ask(request, metadata=account.inventory.worker)
    assert violated_field(refused.value) == "actor"
