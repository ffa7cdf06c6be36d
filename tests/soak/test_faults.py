"""Every part fails in turn while the system works: nothing is lost or doubled."""

import pytest

from services.common.settings import Port
from tests.soak import faults
from tests.soak.report import Report
from tests.soak.system import soaking
from tests.soak.truth import Truth
from tests.support.engine_room import EngineRoom


@pytest.mark.soak
async def test_whatever_is_broken_under_load_nothing_is_lost_and_nothing_doubled(
    engine_room: EngineRoom, report: Report
) -> None:
    async with soaking(engine_room) as soak:
        provider = faults.Provider(f"http://127.0.0.1:{soak.stack.settings.port(Port.SIMULATOR)}")
        await provider.lift_limits()
        for fault in (
            *faults.kills(soak.stack, provider),
            *faults.connections(soak.links),
            *faults.moods(provider),
            *faults.clocks(provider, soak.outside, soak.deployment_id),
        ):
            report.outcomes.append(await soak.suffer(fault))
        if soak.disk is None:
            report.notes.append("full disk: not tried, for no file system can be mounted here")
        else:
            full = faults.full_disk(soak.disk, soak.ledger.refusals)
            report.outcomes.append(await soak.suffer(full))
        await soak.settle()

        truth = Truth(soak.stack.settings)
        report.tallies.extend(truth.tallies(soak.ledger))
        report.count(soak.ledger)
        assert [tally for tally in report.tallies if tally.lost or tally.doubled] == []
        assert soak.load.unclear == []
        assert truth.unbalanced() == []
        assert truth.inventory_differs(("droplet", "volume")) == {}
        assert soak.watch.seen == truth.events_since(soak.watch.seen[0])
        sent = [soak.ledger.effects(kind).values() for kind in ("usage-http", "usage-grpc")]
        assert truth.metered(soak.deployment_id) == sum(
            qty for batches in sent for batch in batches for qty in batch.values()
        )
