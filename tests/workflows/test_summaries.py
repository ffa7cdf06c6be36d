"""The one-line summary of a run in Temporal's UI."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from contracts.drift import DriftSweepInput, drift_sweep
from contracts.metering import metering_by_hand
from contracts.sync import ResourceSyncInput, resource_sync

OCTOBER = [date(2026, 10, 1) + timedelta(place) for place in range(31)]


@pytest.mark.parametrize(
    ("days", "key", "told"),
    [
        ([], "metering/manual", "meter yesterday and today"),
        (OCTOBER[:1], "metering/manual/2026-10-01", "meter 2026-10-01"),
        (
            OCTOBER[:2],
            "metering/manual/2026-10-01+2026-10-02",
            "meter 2026-10-01 and 2026-10-02",
        ),
        (OCTOBER, "metering/manual/2026-10-01..2026-10-31", "meter 2026-10-01 to 2026-10-31"),
        (
            OCTOBER[:5:2],
            "metering/manual/2026-10-01+2026-10-03+2026-10-05",
            "meter 3 days from 2026-10-01 to 2026-10-05",
        ),
    ],
)
def test_metering_by_hand_names_a_span_by_its_ends(
    days: Sequence[date], key: str, told: str
) -> None:
    start = metering_by_hand(days)
    assert (start.id, start.summary) == (key, told)
    assert start.argument.days == tuple(days)


@pytest.mark.parametrize(
    ("kinds", "told"),
    [(("droplet",), "droplet"), (("app", "vpc"), "app, vpc"), (tuple("abcdefg"), "7 kinds")],
)
def test_a_run_over_kinds_names_a_few_and_counts_many(kinds: tuple[str, ...], told: str) -> None:
    sync = resource_sync(ResourceSyncInput("digitalocean", kinds, "internal"))
    sweep = drift_sweep(DriftSweepInput("digitalocean", kinds))
    assert sync.summary == f"sync {told} from digitalocean"
    assert sweep.summary == f"compare {told} of digitalocean with their specs"
