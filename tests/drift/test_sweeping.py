"""The drifts that a sweep opens, updates, skips and closes."""

import psycopg
import pytest

from tests.drift.account import Account, value_of
from tests.inventory.account import sighting


async def test_a_resource_created_as_requested_does_not_drift(account: Account) -> None:
    await account.shows("1", tags=["web"])
    await account.keep("1")
    swept = await account.sweep()
    assert (swept.resource_count, swept.opened_count) == (1, 0)
    assert swept.field_count > 0
    assert await account.listed() == []


async def test_a_new_mismatch_is_a_drift_with_both_values_and_an_event(account: Account) -> None:
    await account.shows("1", tags=["tenant:acme", "deployment:shop"])
    spec = await account.desire("1", {"size": "s-1vcpu-1gb", "name": "web-1"})
    await account.shows("1", size="s-4vcpu-8gb", tags=["tenant:acme", "deployment:shop"])
    swept = await account.sweep()
    assert (swept.opened_count, swept.field_count) == (1, 2)
    drift = (await account.open())["size"]
    assert (value_of(drift.expected), value_of(drift.actual)) == ("s-1vcpu-1gb", "s-4vcpu-8gb")
    assert (drift.status, drift.spec_version) == ("open", spec.spec_version)
    assert (drift.tenant_id, drift.deployment_id) == ("acme", "shop")
    assert (drift.resource_kind, drift.provider_id, drift.resource_name) == (
        "droplet",
        "1",
        "web-1",
    )
    event = (await account.inventory.history("1"))[-1]
    assert event.type == "drift_detected"
    assert value_of(event.changes) == {"size": {"old": "s-1vcpu-1gb", "new": "s-4vcpu-8gb"}}


async def test_a_page_compared_again_changes_nothing(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    before = (await account.open())["size"]
    again = await account.sweep()
    assert (again.opened_count, again.updated_count, again.stale_count) == (0, 0, 0)
    after = (await account.open())["size"]
    assert after.id == before.id
    assert after.detected_at == before.detected_at
    assert after.last_seen_at.ToDatetime() > before.last_seen_at.ToDatetime()
    assert (await account.inventory.events("1")).count("drift_detected") == 1


async def test_a_live_value_that_moved_is_updated_in_place(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    before = (await account.open())["size"]
    await account.shows("1", size="s-8vcpu-16gb")
    swept = await account.sweep()
    assert (swept.opened_count, swept.updated_count) == (0, 1)
    after = (await account.open())["size"]
    assert after.id == before.id
    assert value_of(after.actual) == "s-8vcpu-16gb"


async def test_a_desired_value_that_moved_is_updated_in_place(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    before = (await account.open())["size"]
    await account.desire("1", {"size": "s-2vcpu-4gb"})
    assert (await account.sweep()).updated_count == 1
    after = (await account.open())["size"]
    assert (after.id, value_of(after.expected)) == (before.id, "s-2vcpu-4gb")
    assert after.spec_version == before.spec_version + 1


async def test_a_mismatch_that_is_gone_is_closed_stale_and_kept_as_history(
    account: Account,
) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    await account.shows("1", size="s-2vcpu-2gb")
    assert (await account.sweep()).stale_count == 1
    assert await account.listed() == []
    [closed] = await account.listed(status="stale")
    assert closed.resolved_by == "worker"
    assert closed.HasField("resolved_at")
    event = (await account.inventory.history("1"))[-1]
    assert event.type == "drift_resolved"
    assert value_of(event.changes)["drift"] == {"old": "open", "new": "stale"}
    assert value_of(event.changes)["size"] == {"old": "s-1vcpu-1gb", "new": "s-2vcpu-2gb"}


async def test_the_same_mismatch_later_is_a_drift_of_its_own(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    await account.shows("1", size="s-2vcpu-2gb")
    await account.sweep()
    await account.shows("1")
    assert (await account.sweep()).opened_count == 1
    assert [drift.status for drift in await account.listed(status="any")] == ["open", "stale"]


async def test_a_field_that_is_no_longer_specified_does_not_drift(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb", "name": "other"})
    await account.sweep()
    await account.desire("1", {"name": "other"})
    assert (await account.sweep()).stale_count == 1
    assert set(await account.open()) == {"name"}


async def test_a_field_the_token_could_not_see_is_unknown_and_not_different(
    account: Account,
) -> None:
    await account.shows("1", unknown=["tags", "attrs.vpc_uuid"], attrs={})
    await account.desire("1", {"tags": ["web"], "vpc_uuid": "v-1", "name": "web-1"})
    swept = await account.sweep()
    assert (swept.unknown_count, swept.opened_count, swept.field_count) == (2, 0, 1)
    await account.shows("1", tags=["db"], attrs={"vpc_uuid": "v-2"})
    assert (await account.sweep()).opened_count == 2
    await account.shows("1", unknown=["tags", "attrs.vpc_uuid"], attrs={})
    swept = await account.sweep()
    assert (swept.unknown_count, swept.stale_count) == (2, 0)
    assert set(await account.open()) == {"tags", "vpc_uuid"}


async def test_a_resource_in_flight_is_left_for_the_next_sweep(account: Account) -> None:
    await account.shows("1")
    await account.shows("2")
    for provider_id in ("1", "2"):
        await account.desire(provider_id, {"size": "s-2vcpu-2gb"})
    await account.shows("1", status="new")
    swept = await account.sweep(in_flight=["2"])
    assert (swept.deferred_count, swept.resource_count, swept.opened_count) == (2, 0, 0)
    await account.shows("1", status="active")
    assert (await account.sweep()).opened_count == 2
    # Nor is what is open already decided on meanwhile.
    await account.shows("2", size="s-2vcpu-2gb")
    assert (await account.sweep(in_flight=["2"])).stale_count == 0
    assert (await account.sweep()).stale_count == 1


async def test_a_specified_resource_that_was_tombstoned_drifts_on_presence_alone(
    account: Account,
) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.sweep()
    await account.lose("1")
    swept = await account.sweep()
    assert (swept.opened_count, swept.stale_count) == (1, 1)
    drift = (await account.open())["presence"]
    assert (value_of(drift.expected), value_of(drift.actual)) == ("present", "gone")
    await account.shows("1")
    await account.sweep()
    assert set(await account.open()) == {"size"}


async def test_a_frozen_newest_sweep_freezes_drift_and_says_so(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.inventory.sweep(sighting("1"), scopes=["tags", "vpc_uuid"])
    await account.inventory.sweep(sighting("1"), scopes=["tags"])
    swept = await account.sweep()
    assert "vpc_uuid" in swept.frozen_reason
    assert (swept.resource_count, swept.opened_count) == (0, 0)
    await account.inventory.sweep(sighting("1"), scopes=["tags", "vpc_uuid"])
    swept = await account.sweep()
    assert (swept.frozen_reason, swept.opened_count) == ("", 1)


async def test_pages_together_compare_every_resource_once(account: Account) -> None:
    for number in range(7):
        await account.shows(str(number))
        await account.desire(str(number), {"size": "s-2vcpu-2gb"})
    swept = await account.sweep(page_size=3)
    assert (swept.resource_count, swept.opened_count) == (7, 7)


async def test_kinds_are_swept_apart(account: Account) -> None:
    await account.shows("1")
    await account.shows("1", kind="volume", size="", attrs={"size_gigabytes": 10})
    await account.desire("1", {"size": "s-2vcpu-2gb"})
    await account.desire("1", {"size_gigabytes": 20}, kind="volume")
    assert (await account.sweep("volume")).opened_count == 1
    assert set(await account.open()) == {"size_gigabytes"}


async def test_at_most_one_drift_of_a_field_is_open_says_the_database(account: Account) -> None:
    await account.shows("1")
    await account.desire("1", {"size": "other"})
    await account.sweep()
    again = (
        "INSERT INTO cloud_drift (resource_id, kind, field, expected, actual, spec_version,"
        " detected_at, last_seen_at) SELECT resource_id, kind, field, expected, actual,"
        " spec_version, now(), now() FROM cloud_drift LIMIT 1"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        account.execute(again)
    account.execute("UPDATE cloud_drift SET status = 'stale', resolved_at = now()")
    account.execute(again)
    assert account.rows("SELECT status FROM cloud_drift ORDER BY id") == [("stale",), ("open",)]
