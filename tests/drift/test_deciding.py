"""Operators' decisions about drift, and their effects."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from arcadia.inventory.v1 import drift_service_pb2 as pb
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tests.audit.log import entries_of
from tests.drift.account import Account, value_of
from tests.inventory.account import reason_of, violated_field


def in_days(days: float) -> Timestamp:
    at = Timestamp()
    at.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return at


async def drifted(account: Account, provider_id: str = "1") -> str:
    """A droplet whose size is not what it should be; the drift's id."""
    await account.shows(provider_id, tags=["tenant:acme"])
    await account.desire(provider_id, {"size": "s-2vcpu-2gb", "name": f"web-{provider_id}"})
    await account.sweep()
    identifier = await account.id_of(provider_id)
    return (await account.open(resource_id=identifier))["size"].id


async def test_accepting_makes_the_live_value_the_desired_one(account: Account) -> None:
    answer = await account.accept(await drifted(account))
    assert (answer.drift.status, answer.drift.resolved_by) == ("accepted", "op")
    assert answer.drift.HasField("resolved_at")
    assert value_of(answer.spec.spec) == {"size": "s-1vcpu-1gb", "name": "web-1"}
    assert (answer.spec.spec_version, answer.spec.recorded_by) == (2, "op")
    event = (await account.inventory.history("1"))[-1]
    assert (event.type, event.actor) == ("drift_resolved", "op")


async def test_an_accepted_drift_is_in_the_audit_log_with_what_it_changed(account: Account) -> None:
    drift_id = await drifted(account)
    await account.accept(drift_id)
    [entry] = [
        kept.content
        for kept in entries_of(account.admin_url)
        if kept.content["rpc"].endswith("/AcceptDrift")
    ]
    assert (entry["outcome"], entry["actor"], entry["object"]) == (
        "done",
        "op",
        f"drift/{drift_id}",
    )
    [row] = [one for one in entry["changes"] if one["table"] == "cloud_drift"]
    assert (row["before"]["status"], row["after"]["status"]) == ("open", "accepted")


async def test_after_accepting_a_sweep_finds_nothing(account: Account) -> None:
    await account.accept(await drifted(account))
    swept = await account.sweep()
    assert (swept.opened_count, swept.updated_count, swept.stale_count) == (0, 0, 0)
    assert await account.listed() == []


async def test_a_second_accept_is_a_failed_precondition(account: Account) -> None:
    drift_id = await drifted(account)
    await account.accept(drift_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.accept(drift_id)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(refused.value) == "DRIFT_NOT_OPEN"
    # By this the gateway answers 422.
    assert dict(refused.value.trailing_metadata() or ())["x-http-code"] == "422"


async def test_the_same_request_again_answers_as_the_first(account: Account) -> None:
    drift_id = await drifted(account)
    first = await account.accept(drift_id, request_id="r-1")
    again = await account.accept(drift_id, request_id="r-1")
    assert again == first
    with pytest.raises(grpc.aio.AioRpcError):
        await account.accept(drift_id, request_id="r-2")


async def test_accepting_that_a_resource_is_gone_ends_the_drift_on_its_presence(
    account: Account,
) -> None:
    await drifted(account)
    await account.lose("1")
    await account.sweep()
    await account.accept((await account.open())["presence"].id)
    swept = await account.sweep()
    assert (swept.opened_count, await account.listed()) == (0, [])
    # And that it came back is a difference then.
    await account.shows("1", size="s-2vcpu-2gb")
    await account.sweep()
    assert set(await account.open()) == {"presence"}


async def test_accepting_an_unknown_drift_is_not_found(account: Account) -> None:
    for drift_id, code in (
        ("00000000-0000-7000-8000-000000000000", grpc.StatusCode.NOT_FOUND),
        ("rubbish", grpc.StatusCode.INVALID_ARGUMENT),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await account.accept(drift_id)
        assert refused.value.code() is code


async def test_a_finding_muted_by_a_rule_is_still_found_and_listed(account: Account) -> None:
    rule = await account.mute("size")
    await drifted(account)
    assert (await account.sweep()).muted_count == 1
    [drift] = await account.listed()
    assert drift.muted_by_rule_id == rule.id
    assert [one.id for one in await account.listed(muted="true")] == [drift.id]
    assert await account.listed(muted="false") == []


async def test_a_rule_mutes_what_it_names_and_nothing_else(account: Account) -> None:
    await drifted(account, "1")
    await account.shows("2", tags=["tenant:globex"])
    await account.desire("2", {"size": "s-2vcpu-2gb", "name": "other"})
    await account.sweep()
    await account.mute("size", tenant_id="acme")
    muted = {(one.provider_id, one.field) for one in await account.listed(muted="true")}
    assert muted == {("1", "size")}
    await account.mute("name", resource_id=await account.id_of("2"))
    muted = {(one.provider_id, one.field) for one in await account.listed(muted="true")}
    assert muted == {("1", "size"), ("2", "name")}


async def test_the_narrowest_rule_is_the_one_that_is_shown(account: Account) -> None:
    await drifted(account)
    await account.mute("size")
    narrow = await account.mute("size", resource_id=await account.id_of("1"))
    await account.mute("size", tenant_id="acme")
    [drift] = await account.listed()
    assert drift.muted_by_rule_id == narrow.id


async def test_a_rule_mutes_until_its_date(account: Account) -> None:
    await drifted(account)
    rule = await account.mute("size", expires_at=in_days(1))
    assert rule.muted_count == 1
    account.execute("UPDATE cloud_drift_ignore_rules SET expires_at = now() - interval '1 second'")
    [drift] = await account.listed()
    assert drift.muted_by_rule_id == ""
    operator = account.inventory.operator
    listed = await account.drift.ListIgnoreRules(pb.ListIgnoreRulesRequest(), metadata=operator)
    assert list(listed.ignore_rules) == []
    listed = await account.drift.ListIgnoreRules(
        pb.ListIgnoreRulesRequest(include_expired=True), metadata=operator
    )
    assert [(one.id, one.muted_count) for one in listed.ignore_rules] == [(rule.id, 0)]


async def test_a_rule_that_was_taken_back_mutes_no_longer(account: Account) -> None:
    await drifted(account)
    rule = await account.mute("size")
    operator = account.inventory.operator
    request = pb.DeleteIgnoreRuleRequest(id=rule.id, request_id="d-1")
    await account.drift.DeleteIgnoreRule(request, metadata=operator)
    await account.drift.DeleteIgnoreRule(request, metadata=operator)
    assert await account.listed(muted="true") == []
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.drift.DeleteIgnoreRule(
            pb.DeleteIgnoreRuleRequest(id=rule.id), metadata=operator
        )
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_repeated_request_makes_one_rule(account: Account) -> None:
    first = await account.mute("size", request_id="r-1")
    assert (await account.mute("size", request_id="r-1")).id == first.id
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.mute("name", request_id="r-1")
    assert reason_of(refused.value) == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"field": "sizee"}, "field"),
        ({"field": "user_data"}, "field"),
        ({"field": "size", "kind": "dropplet"}, "kind"),
        ({"field": "size", "reason": ""}, "reason"),
        ({"field": "size", "tenant_id": " "}, "tenant_id"),
        ({"field": "size", "expires_at": Timestamp(seconds=1)}, "expires_at"),
    ],
)
async def test_a_rule_that_would_mute_nothing_is_refused(
    account: Account, rule: dict[str, object], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.mute(**rule)  # type: ignore[arg-type]
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violated_field(refused.value) == field


async def test_pages_of_drifts_show_each_once_newest_first(account: Account) -> None:
    for number in range(5):
        await account.shows(str(number))
        await account.desire(str(number), {"size": "s-2vcpu-2gb"})
        await account.sweep()
    operator = account.inventory.operator
    seen: list[str] = []
    token = ""
    while True:
        request = pb.ListDriftsRequest(page_size=2, page_token=token)
        answer = await account.drift.ListDrifts(request, metadata=operator)
        seen += [drift.provider_id for drift in answer.drifts]
        token = answer.next_page_token
        if not token:
            break
    assert seen == ["4", "3", "2", "1", "0"]
    first = await account.drift.ListDrifts(pb.ListDriftsRequest(page_size=2), metadata=operator)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.drift.ListDrifts(
            pb.ListDriftsRequest(page_token=first.next_page_token, field="name"),
            metadata=operator,
        )
    assert violated_field(refused.value) == "page_token"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, 1),
        ({"kind": "droplet"}, 1),
        ({"kind": "volume"}, 0),
        ({"tenant_id": "acme"}, 1),
        ({"tenant_id": "globex"}, 0),
        ({"deployment_id": "shop"}, 0),
        ({"field": "size"}, 1),
        ({"field": "name"}, 0),
        ({"status": "accepted"}, 0),
        ({"status": "any"}, 1),
        ({"muted": "true"}, 0),
        ({"muted": "false"}, 1),
    ],
)
async def test_a_list_shows_what_its_filters_ask_for(
    account: Account, filters: dict[str, str], found: int
) -> None:
    await drifted(account)
    assert len(await account.listed(**filters)) == found


async def test_a_spec_sent_again_under_its_key_is_recorded_once(account: Account) -> None:
    await account.shows("1", size="s-1vcpu-1gb")
    operator = account.inventory.operator
    resource_id = await account.id_of("1")

    async def record(key: str, size: str) -> pb.RecordSpecResponse:
        request = pb.RecordSpecRequest(
            resource_id=resource_id, spec=ParseDict({"size": size}, Struct())
        )
        return await account.drift.RecordSpec(
            request, metadata=(*operator, ("idempotency-key", key))
        )

    first = await record("k-1", "s-1vcpu-1gb")
    second = await record("k-2", "s-2vcpu-4gb")
    assert (await record("k-1", "s-1vcpu-1gb")) == first
    assert second.spec.spec_version == first.spec.spec_version + 1
    answer = await account.drift.GetSpec(
        pb.GetSpecRequest(resource_id=resource_id), metadata=operator
    )
    assert answer.spec == second.spec
