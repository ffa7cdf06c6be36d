"""Strikes: resources that a sweep with complete evidence did not see."""

from datetime import timedelta
from uuid import UUID

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2, resources_pb2, sync_service_pb2
from sqlalchemy import func

from services.common.identity.callers import ALL
from services.inventory.sync.store.sweeps import KEPT as KEPT_TIME
from services.inventory.tables import cloud_sweep_sightings, cloud_sweeps
from tests.inventory.account import Inventory, Token, reason_of, sighting, violated_field

KEPT, LOST = sighting("kept"), sighting("lost")
WIDE, NARROW = ("tags", "vpc_uuid"), ("tags",)


async def strikes(inventory: Inventory, provider_id: str = "lost") -> int:
    return (await inventory.one(provider_id)).stale_strike_count


async def test_a_complete_sweep_strikes_what_it_did_not_see(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    swept = await inventory.sweep(KEPT)
    assert swept.sweep.outcome == "completed"
    assert swept.sweep.struck_count == 1
    assert await strikes(inventory) == 1
    assert await strikes(inventory, "kept") == 0


async def test_a_row_is_a_suspect_at_its_third_strike_and_not_before(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, LOST)
    assert (await inventory.sweep(KEPT)).suspects == []
    assert (await inventory.sweep(KEPT)).suspects == []
    assert (await inventory.sweep(KEPT)).suspects == ["lost"]


async def test_a_suspect_that_a_read_confirms_gone_is_tombstoned(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    sweep = await inventory.confirm(swept.sweep.id, gone=["lost"])
    assert sweep.deleted_count == 1
    assert (await inventory.one("lost")).HasField("deleted_at")
    assert await inventory.events("lost") == ["discovered", "deleted"]
    assert not (await inventory.one("kept")).HasField("deleted_at")


async def test_a_suspect_that_a_read_finds_loses_its_strikes(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    sweep = await inventory.confirm(swept.sweep.id, found=["lost"])
    assert sweep.deleted_count == 0
    assert await strikes(inventory) == 0
    assert await inventory.events("lost") == ["discovered"]


async def test_a_confirmation_sent_again_changes_nothing(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    await inventory.confirm(swept.sweep.id, gone=["lost"])
    again = await inventory.confirm(swept.sweep.id, gone=["lost"])
    assert again.deleted_count == 1
    assert await inventory.events("lost") == ["discovered", "deleted"]


async def test_only_suspects_of_the_sweep_can_be_tombstoned(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    swept = await inventory.sweep(KEPT)
    sweep = await inventory.confirm(swept.sweep.id, gone=["lost", "kept", "never-known"])
    assert sweep.deleted_count == 0
    assert not (await inventory.one("lost")).HasField("deleted_at")


async def test_a_suspect_seen_before_its_confirmation_is_not_tombstoned(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    await inventory.record(LOST)
    sweep = await inventory.confirm(swept.sweep.id, gone=["lost"])
    assert sweep.deleted_count == 0


async def test_every_sighting_resets_the_strikes(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    await inventory.sweep(KEPT)
    await inventory.sweep(KEPT)
    assert await strikes(inventory) == 2
    await inventory.record(LOST)
    assert await strikes(inventory) == 0
    assert (await inventory.sweep(KEPT)).suspects == []


async def test_a_tombstoned_row_seen_again_is_restored(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    await inventory.confirm(swept.sweep.id, gone=["lost"])
    before = await inventory.one("lost")
    back = await inventory.sweep(KEPT, LOST)
    after = await inventory.one("lost")
    assert back.sweep.restored_count == 1
    assert after.id == before.id
    assert not after.HasField("deleted_at")
    assert await inventory.events("lost") == ["discovered", "deleted", "restored"]


async def test_a_tombstoned_row_gets_no_more_strikes(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    await inventory.confirm(swept.sweep.id, gone=["lost"])
    assert (await inventory.sweep(KEPT)).sweep.struck_count == 0


@pytest.mark.parametrize("total", [0, 2, 99], ids=["too many seen", "one short", "a page lost"])
async def test_a_sweep_that_does_not_add_up_strikes_nothing_and_says_so(
    inventory: Inventory, total: int
) -> None:
    await inventory.sweep(KEPT, LOST)
    swept = await inventory.sweep(KEPT, total=total)
    assert swept.sweep.outcome == "incomplete"
    assert swept.sweep.reason == f"the provider reported {total} and 1 were seen"
    assert await strikes(inventory) == 0


async def test_a_row_that_two_pages_showed_counts_once(inventory: Inventory) -> None:
    sweep_id = await inventory.begin()
    await inventory.record(KEPT, LOST, sweep_id=sweep_id)
    await inventory.record(LOST, sighting("third"), sweep_id=sweep_id)
    closed = await inventory.complete(sweep_id, total=3)
    assert (closed.sweep.outcome, closed.sweep.seen_count) == ("completed", 3)
    assert closed.sweep.discovered_count == 3


async def test_a_page_recorded_again_after_a_broken_answer_counts_once(
    inventory: Inventory,
) -> None:
    sweep_id = await inventory.begin()
    for _ in range(3):
        await inventory.record(KEPT, LOST, sweep_id=sweep_id)
    closed = await inventory.complete(sweep_id, total=2)
    assert closed.sweep.outcome == "completed"
    assert closed.sweep.discovered_count == 2


async def test_a_listing_that_says_no_total_is_complete_when_every_page_was_read(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, LOST)
    swept = await inventory.sweep(KEPT, total=-1)
    assert swept.sweep.outcome == "completed"
    assert await strikes(inventory) == 1


async def test_a_sweep_that_broke_off_strikes_nothing_and_is_recorded(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, LOST)
    sweep_id = await inventory.begin()
    await inventory.record(KEPT, sweep_id=sweep_id)
    answer = await inventory.sync.FailSweep(
        sync_service_pb2.FailSweepRequest(sweep_id=sweep_id, reason="403 on page 2"),
        metadata=inventory.worker,
    )
    assert (answer.sweep.outcome, answer.sweep.reason) == ("failed", "403 on page 2")
    assert answer.sweep.seen_count == 1
    assert answer.sweep.HasField("finished_at")
    assert await strikes(inventory) == 0


async def test_strikes_of_other_kinds_are_not_touched(inventory: Inventory) -> None:
    await inventory.sweep(LOST, kind="volume")
    await inventory.sweep(KEPT)
    assert await strikes(inventory) == 0


async def test_a_narrower_scope_freezes_strikes_and_says_so(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST, scopes=WIDE)
    swept = await inventory.sweep(KEPT, scopes=NARROW)
    assert swept.sweep.outcome == "frozen"
    assert "no longer sees vpc_uuid" in swept.sweep.reason
    assert list(swept.sweep.scope_fingerprint) == ["tags"]
    assert await strikes(inventory) == 0


async def test_it_stays_frozen_until_the_token_sees_as_much_as_before(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, LOST, scopes=WIDE)
    assert (await inventory.sweep(KEPT, scopes=NARROW)).sweep.outcome == "frozen"
    assert (await inventory.sweep(KEPT, scopes=NARROW)).sweep.outcome == "frozen"
    assert (await inventory.sweep(KEPT, scopes=WIDE)).sweep.outcome == "completed"


async def accept_scope(
    inventory: Inventory, sweep_id: str, token: Token | None = None
) -> resources_pb2.Sweep:
    request = inventory_service_pb2.AcceptScopeRequest(id=sweep_id)
    metadata = token or inventory.operator
    return (await inventory.reading.AcceptScope(request, metadata=metadata)).sweep


async def test_accepting_the_scope_unfreezes_the_kind(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST, scopes=WIDE)
    frozen = await inventory.sweep(KEPT, scopes=NARROW)
    accepted = await accept_scope(inventory, frozen.sweep.id)
    assert accepted.confirmed_by == "op"
    assert await accept_scope(inventory, frozen.sweep.id) == accepted
    assert (await inventory.sweep(KEPT, scopes=NARROW)).sweep.outcome == "completed"
    assert await strikes(inventory) == 1
    assert (await inventory.sweep(KEPT, scopes=())).sweep.outcome == "frozen"


async def test_only_the_newest_frozen_sweep_can_be_accepted_and_only_by_an_operator(
    inventory: Inventory,
) -> None:
    completed = await inventory.sweep(KEPT, scopes=WIDE)
    first = await inventory.sweep(KEPT, scopes=NARROW)
    second = await inventory.sweep(KEPT, scopes=NARROW)
    for sweep_id, reason in (
        (completed.sweep.id, "SWEEP_NOT_FROZEN"),
        (first.sweep.id, "SWEEP_SUPERSEDED"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await accept_scope(inventory, sweep_id)
        assert reason_of(refused.value) == reason
    with pytest.raises(grpc.aio.AioRpcError) as forbidden:
        await accept_scope(inventory, second.sweep.id, inventory.tenant("acme"))
    assert forbidden.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_wider_scope_is_no_reason_to_freeze(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST, scopes=NARROW)
    assert (await inventory.sweep(KEPT, scopes=WIDE)).sweep.outcome == "completed"


async def test_an_empty_listing_says_nothing_about_the_scope(inventory: Inventory) -> None:
    await inventory.sweep(LOST, scopes=WIDE)
    assert (await inventory.sweep(scopes=())).sweep.outcome == "completed"
    assert await strikes(inventory) == 1


async def test_a_row_discovered_while_the_sweep_ran_is_not_struck(
    inventory: Inventory,
) -> None:
    sweep_id = await inventory.begin()
    await inventory.record(sighting("just made"))
    await inventory.complete(sweep_id, total=0)
    assert await strikes(inventory, "just made") == 0


async def test_two_sweeps_at_the_same_time_strike_once(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    first, second = await inventory.begin(), await inventory.begin()
    for sweep_id in (first, second):
        await inventory.record(KEPT, sweep_id=sweep_id)
    assert (await inventory.complete(first, total=1)).sweep.struck_count == 1
    overlapping = await inventory.complete(second, total=1)
    assert (overlapping.sweep.outcome, overlapping.sweep.struck_count) == ("completed", 0)
    assert await strikes(inventory) == 1
    await inventory.sweep(KEPT)
    assert await strikes(inventory) == 2


async def test_a_sweep_opened_again_under_its_key_is_the_same_sweep(
    inventory: Inventory,
) -> None:
    assert await inventory.begin(key="a") == await inventory.begin(key="a")
    assert await inventory.begin(key="a") != await inventory.begin(key="b")


async def test_a_key_cannot_name_sweeps_of_two_kinds(inventory: Inventory) -> None:
    await inventory.begin("droplet", key="a")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.begin("volume", key="a")
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_closing_a_closed_sweep_returns_it_unchanged(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    for _ in range(3):
        swept = await inventory.sweep(KEPT)
    again = await inventory.complete(swept.sweep.id, total=17)
    assert again.sweep == swept.sweep
    assert again.suspect_count == 1
    assert await strikes(inventory) == 3


async def test_confirmations_for_a_sweep_that_did_not_complete_are_refused(
    inventory: Inventory,
) -> None:
    sweep_id = await inventory.begin()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.confirm(sweep_id, gone=["lost"])
    assert reason_of(refused.value) == "SWEEP_NOT_COMPLETED"


async def test_the_evidence_of_a_closed_sweep_is_removed(inventory: Inventory) -> None:

    swept = await inventory.sweep(KEPT, LOST)
    assert swept.sweep.seen_count == 2
    async with inventory.database.read(ALL) as session:
        assert (await session.execute(cloud_sweep_sightings.select())).all() == []


async def test_a_sweep_that_was_never_closed_is_closed_by_a_later_one(
    inventory: Inventory,
) -> None:
    await inventory.sweep(KEPT, LOST)
    abandoned, recent = await inventory.begin(), await inventory.begin()
    await inventory.record(KEPT, sweep_id=abandoned)
    async with inventory.database.write(ALL) as session:
        await session.execute(
            cloud_sweeps.update()
            .where(cloud_sweeps.c.id == UUID(abandoned))
            .values(started_at=func.now() - timedelta(days=2))
        )
    await inventory.begin()
    assert (await inventory.complete(recent, total=0)).sweep.outcome == "completed"
    closed = (await inventory.complete(abandoned, total=1)).sweep
    assert (closed.outcome, closed.reason) == ("failed", "abandoned: it was never closed")
    assert closed.seen_count == 1


async def test_old_sweeps_are_forgotten_but_for_those_by_which_the_next_is_judged(
    inventory: Inventory,
) -> None:
    failed = await inventory.begin()
    await inventory.sync.FailSweep(
        sync_service_pb2.FailSweepRequest(sweep_id=failed, reason="403"),
        metadata=inventory.worker,
    )
    await inventory.sweep(KEPT, scopes=WIDE)
    told = await inventory.sweep(KEPT, scopes=WIDE)
    empty = await inventory.sweep(scopes=())
    other = await inventory.sweep(LOST, kind="volume")
    async with inventory.database.write(ALL) as session:
        aged = cloud_sweeps.c.finished_at - KEPT_TIME - timedelta(hours=1)
        await session.execute(cloud_sweeps.update().values(finished_at=aged))
    frozen = await inventory.sweep(KEPT, scopes=NARROW)
    assert frozen.sweep.outcome == "frozen"
    async with inventory.database.read(ALL) as session:
        kept = (await session.execute(cloud_sweeps.select())).all()
    assert {str(row.id) for row in kept} == {
        told.sweep.id,
        empty.sweep.id,
        other.sweep.id,
        frozen.sweep.id,
    }


async def test_suspects_are_listed_in_pages(inventory: Inventory) -> None:
    lost = [sighting(f"lost-{number}") for number in range(5)]
    kept = [sighting(f"kept-{number}") for number in range(25)]
    await inventory.sweep(*kept, *lost)
    for _ in range(3):
        swept = await inventory.sweep(*kept)
    seen: list[str] = []
    token = ""
    while True:
        answer = await inventory.sync.ListSuspects(
            sync_service_pb2.ListSuspectsRequest(
                sweep_id=swept.sweep.id, page_size=2, page_token=token
            ),
            metadata=inventory.worker,
        )
        seen += answer.provider_ids
        # Confirming a page must not make the next one skip.
        await inventory.confirm(swept.sweep.id, gone=answer.provider_ids)
        token = answer.next_page_token
        if not token:
            break
    assert seen == [f"lost-{number}" for number in range(5)]


async def test_a_sweep_whose_key_the_database_cannot_keep_is_refused(inventory: Inventory) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await inventory.begin(key="a\0b")
    assert violated_field(refused.value) == "key"


async def deny(inventory: Inventory, sweep_id: str) -> resources_pb2.Sweep:
    """Says that the token may not list the kind of a sweep."""
    request = sync_service_pb2.FailSweepRequest(
        sweep_id=sweep_id, reason="no scope", is_denied=True
    )
    return (await inventory.sync.FailSweep(request, metadata=inventory.worker)).sweep


async def test_a_list_that_is_denied_once_it_was_read_is_frozen_and_cannot_be_accepted(
    inventory: Inventory,
) -> None:
    assert (await deny(inventory, await inventory.begin())).outcome == "failed"
    await inventory.sweep(KEPT, LOST, scopes=WIDE)
    for _ in range(3):
        denied = await deny(inventory, await inventory.begin())
        assert denied.outcome == "frozen"
        assert denied.reason == "no scope; strikes and drift are frozen"
    assert await strikes(inventory) == 0
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await accept_scope(inventory, denied.id)
    assert reason_of(refused.value) == "SWEEP_SAW_NOTHING"
    assert (await inventory.sweep(KEPT, scopes=NARROW)).sweep.outcome == "frozen"
    assert (await inventory.sweep(KEPT, scopes=WIDE)).sweep.outcome == "completed"


async def test_a_list_that_is_denied_in_mid_sweep_fails(inventory: Inventory) -> None:
    await inventory.sweep(KEPT, LOST)
    sweep_id = await inventory.begin()
    await inventory.record(KEPT, sweep_id=sweep_id)
    assert (await deny(inventory, sweep_id)).outcome == "failed"
