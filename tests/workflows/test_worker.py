"""Worker processes start and stop; runs continue."""

import asyncio
import signal

from tests.support.ports import free_port
from tests.support.waiting import tries
from tests.workflows.system import Handle, System, outcomes_of
from workflows.durable.progress import progress_of

RECORDED = "droplet: 600 "
"""How far a sweep is that waits for its fourth page, in the words of its heartbeat."""


def hold_back_the_fourth_page(system: System) -> None:
    """A worker waits long for what comes after page 3; another one does not have to."""
    system.simulator.fault(
        "too_many_requests", path="/v2/droplets", pattern="page=(4|5)&", times=2, retry_after=60
    )


async def wait_until_recorded(system: System, handle: Handle) -> None:
    """Waits until Temporal was told that the first three pages are recorded."""
    for _ in tries():
        progress = await progress_of(system.client, handle)
        if any(line.startswith(RECORDED) for line in progress.under_way):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("three pages were never recorded")


async def test_a_worker_killed_in_mid_sweep_loses_nothing_and_the_next_goes_on_from_its_page(
    system: System,
) -> None:
    hold_back_the_fourth_page(system)
    worker = system.start_worker_process()
    handle = await system.start("droplet")
    await wait_until_recorded(system, handle)

    worker.popen.kill()
    system.simulator.mend()
    system.start_worker()
    outcomes = await outcomes_of(handle)

    droplets = {str(droplet["id"]) for droplet in system.simulator.truth()}
    assert outcomes["droplet"].outcome == "completed"
    assert outcomes["droplet"].seen_count == len(droplets)
    assert system.living() == droplets
    pages = system.pages_asked()
    assert [pages.count(number) for number in range(1, 4)] == [1] * 3
    assert set(pages) == set(range(1, 6))
    assert system.rows("SELECT count(*) FROM cloud_sweeps") == [(1,)]


async def test_a_worker_that_is_asked_to_stop_ends_by_itself_and_the_next_goes_on(
    system: System,
) -> None:
    hold_back_the_fourth_page(system)
    worker = system.start_worker_process()
    handle = await system.start("droplet")
    await wait_until_recorded(system, handle)

    worker.popen.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 60)
    log = system.worker_log().read_text()
    system.start_worker()
    outcomes = await outcomes_of(handle)

    assert worker.exit_code() == 0
    assert '"event":"worker stopping"' in log
    assert outcomes["droplet"].outcome == "completed"
    assert system.pages_asked().count(1) == 1


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
