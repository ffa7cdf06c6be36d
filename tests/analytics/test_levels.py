"""Levels of time-weighted meters: many of one deployment, and those of a retired meter."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.account import Analytics, event, today, yesterday

A, B = {"volume": "a"}, {"volume": "b"}


@pytest.fixture
async def disks(analytics: Analytics) -> Analytics:
    """Two levels of one deployment that have held for two days, and for three."""
    analytics.peers.declare("disk", "time_weighted", "hours", "volume")
    for key, disk, days in (("b", B, 3), ("a", A, 2)):
        day = (today() - timedelta(days=days)).isoformat()
        await analytics.send(
            event(key, kind="disk", qty="2", day=day, time="00:00:00", dimensions=disk)
        )
    return analytics


async def of_yesterday(analytics: Analytics) -> dict[str, Any]:
    """Yesterday's figures of the levels, by volume."""
    figures = await analytics.figures(resource_kind="disk", from_day=yesterday())
    return {one.dimensions["volume"]: one for one in figures if one.day == yesterday()}


async def test_an_event_of_a_level_leaves_other_levels_as_they_are(disks: Analytics) -> None:
    before = await of_yesterday(disks)
    await disks.send(event("less", kind="disk", qty="0", time="12:00:00", dimensions=A))
    after = await of_yesterday(disks)
    assert {volume: Decimal(one.qty) for volume, one in after.items()} == {"a": 24, "b": 48}
    assert after["b"] == before["b"]


async def test_a_void_of_a_level_leaves_other_levels_as_they_are(disks: Analytics) -> None:
    before = await of_yesterday(disks)
    await disks.void("a")
    assert await of_yesterday(disks) == {"b": before["b"]}


async def test_a_level_of_a_retired_meter_can_be_ended_and_not_set(disks: Analytics) -> None:
    disks.peers.declare("disk", "time_weighted", "hours", "volume", "zone")
    disks.peers.meters["disk"].retired = True
    # A dimension that is not known yet: the meter is looked up again.
    zoned = A | {"zone": "z"}
    receipt = await disks.send(
        event("set", kind="disk", qty="3", time="06:00:00", dimensions=A),
        event("set-zone", kind="disk", qty="3", time="06:00:00", dimensions=zoned),
        event("end", kind="disk", qty="0", time="12:00:00", dimensions=A),
    )
    assert [(one.index, one.reason) for one in receipt.refused] == [
        (0, "METER_RETIRED"), (1, "METER_RETIRED"),
    ]  # fmt: skip
    assert Decimal((await of_yesterday(disks))["a"].qty) == 24
