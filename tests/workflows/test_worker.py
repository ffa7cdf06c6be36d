"""Worker processes come and go; the work goes on where it was."""

import asyncio
import signal
import time

from tests.support.ports import free_port
from tests.workflows.system import System, outcomes_of

SLOW_MS = 600
"""For a page, so that a worker can be caught in the middle of a sweep."""


def wait_until_asked(system: System, page: int) -> None:
    """Waits until a page of droplets was asked for."""
    while page not in system.pages_asked():
        time.sleep(0.05)


async def test_a_worker_killed_in_mid_sweep_loses_nothing_and_the_next_goes_on_from_its_page(
    system: System,
) -> None:
    system.simulator.fault("delay", path="/v2/droplets", delay_ms=SLOW_MS)
    worker = system.start_worker_process()
    handle = await system.start("droplet")
    await asyncio.to_thread(wait_until_asked, system, 3)

    worker.popen.kill()
    system.simulator.mend()
    system.start_worker()
    outcomes = await outcomes_of(handle)

    droplets = {str(droplet["id"]) for droplet in system.simulator.truth()}
    assert outcomes["droplet"].outcome == "completed"
    assert outcomes["droplet"].seen_count == len(droplets)
    assert system.living() == droplets
    pages = system.pages_asked()
    assert pages.count(1) == 1
    assert sorted(set(pages)) == list(range(1, 6))
    assert system.rows("SELECT count(*) FROM cloud_sweeps") == [(1,)]


async def test_a_worker_that_is_asked_to_stop_ends_by_itself_and_the_next_goes_on(
    system: System,
) -> None:
    system.simulator.fault("delay", path="/v2/droplets", delay_ms=SLOW_MS, times=4)
    worker = system.start_worker_process()
    handle = await system.start("droplet")
    await asyncio.to_thread(wait_until_asked, system, 3)

    worker.popen.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 60)
    log = system.worker_log().read_text()
    system.start_worker()
    outcomes = await outcomes_of(handle)

    assert worker.exit_code() == 0
    assert '"event":"worker stopping"' in log
    assert outcomes["droplet"].outcome == "completed"


async def test_a_worker_waits_for_temporal_and_can_be_stopped_while_it_waits(
    system: System,
) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    settings = system.settings.model_copy(update={"temporal_address": nobody})
    log = system.room.log("worker-without-temporal")
    worker = system.start_program(
        "worker-without-temporal",
        settings,
        lambda: '"event":"connecting to temporal"' in log.read_text(),
    )

    assert not worker.wait(1)
    worker.popen.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(worker.wait, 20)
    assert worker.exit_code() == 0
