"""The begin and end of a revert, as recorded by a worker."""

import grpc
import pytest
from arcadia.inventory.v1 import reconcile_service_pb2 as pb

from tests.drift.account import Account
from tests.inventory.account import reason_of


async def drifted(account: Account) -> str:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    return (await account.open())["size"].id


async def begin(account: Account, drift_id: str, run_id: str = "run-1") -> pb.BeginRevertResponse:
    request = pb.BeginRevertRequest(
        drift_id=drift_id, workflow_id=f"revert-drift/{drift_id}", run_id=run_id
    )
    return await account.reconcile.BeginRevert(request, metadata=account.inventory.worker)


async def complete(
    account: Account, drift_id: str, run_id: str = "run-1", *, actor: str = ""
) -> str:
    request = pb.CompleteRevertRequest(drift_id=drift_id, run_id=run_id, actor=actor)
    worker = account.inventory.worker
    answer = await account.reconcile.CompleteRevert(request, metadata=worker)
    return answer.drift.status


async def test_begin_revert_returns_the_drift_and_the_live_resource(account: Account) -> None:
    answer = await begin(account, await drifted(account))
    assert answer.drift.expected.string_value == "s-2vcpu-2gb"
    assert (answer.resource.provider_id, answer.resource.size) == ("1", "s-1vcpu-1gb")
    assert answer.drift.revert_run.status == "running"


async def test_a_drift_is_reverted_only_after_the_live_value_matches(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    assert await complete(account, drift_id) == "open"
    [drift] = await account.listed()
    assert drift.revert_run.status == "failed"
    assert "s-1vcpu-1gb" in drift.revert_run.reason
    await account.shows("1", size="s-2vcpu-2gb")
    assert await complete(account, drift_id) == "reverted"
    assert await complete(account, drift_id) == "reverted"
    assert (await account.inventory.events("1"))[-1] == "drift_resolved"
    assert (await account.sweep()).opened_count == 0


async def test_a_reverted_drift_names_who_requested_the_revert(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    await account.shows("1", size="s-2vcpu-2gb")
    assert await complete(account, drift_id, actor="operator-7") == "reverted"
    [closed] = await account.listed(status="reverted")
    assert closed.resolved_by == "operator-7"
    assert (await account.inventory.history("1"))[-1].actor == "operator-7"


async def test_a_failed_revert_leaves_the_drift_open_with_the_reason(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    request = pb.FailRevertRequest(drift_id=drift_id, run_id="run-1", reason="the size is sold out")
    answer = await account.reconcile.FailRevert(request, metadata=account.inventory.worker)
    assert (answer.drift.status, answer.drift.revert_run.status) == ("open", "failed")
    assert answer.drift.revert_run.reason == "the size is sold out"


async def test_a_finding_cannot_be_accepted_while_it_is_being_reverted(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await account.accept(drift_id)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(refused.value) == "REVERT_RUNNING"
    assert (await account.open())["size"].expected.string_value == "s-2vcpu-2gb"
    request = pb.FailRevertRequest(
        drift_id=drift_id, run_id="run-1", reason="the revert was cancelled"
    )
    await account.reconcile.FailRevert(request, metadata=account.inventory.worker)
    await account.accept(drift_id)
    assert "size" not in await account.open()


async def test_only_the_newest_run_ends_a_revert(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id, "run-1")
    await begin(account, drift_id, "run-2")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await complete(account, drift_id, "run-1")
    assert reason_of(refused.value) == "REVERT_OF_ANOTHER_RUN"


async def test_a_closed_finding_cannot_be_reverted(account: Account) -> None:
    drift_id = await drifted(account)
    await account.accept(drift_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await begin(account, drift_id)
    assert reason_of(refused.value) == "DRIFT_NOT_OPEN"


async def test_a_sweep_leaves_a_drift_to_the_revert_that_runs(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    await account.shows("1", size="s-2vcpu-2gb", status="off")  # resized, and not on again yet
    assert (await account.sweep()).stale_count == 0
    assert await complete(account, drift_id) == "reverted"


async def test_a_drift_whose_revert_left_the_machine_off_stays_open_until_it_runs(
    account: Account,
) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    request = pb.FailRevertRequest(drift_id=drift_id, run_id="run-1", reason="the machine is off")
    await account.reconcile.FailRevert(request, metadata=account.inventory.worker)
    await account.shows("1", size="s-2vcpu-2gb", status="off")
    assert (await account.sweep()).stale_count == 0
    assert (await account.open())["size"].revert_run.reason == "the machine is off"
    await account.shows("1", size="s-2vcpu-2gb")
    assert (await account.sweep()).stale_count == 1


async def test_a_revert_that_was_terminated_holds_its_drift_for_a_week(account: Account) -> None:
    drift_id = await drifted(account)
    await begin(account, drift_id)
    account.execute("UPDATE cloud_drift SET revert_started_at = now() - interval '8 days'")
    await account.shows("1", size="s-2vcpu-2gb")
    assert (await account.sweep()).stale_count == 1
