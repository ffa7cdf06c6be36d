"""`arcadia rollup`: the month-end from the command line."""

import asyncio
import os
import pty
import sys
from asyncio.subprocess import PIPE, Process

from contracts.flows import TaskQueue
from contracts.invoicing import INVOICE_ROLLUP, RollupInput
from tests.invoicing.books import APRIL
from tests.invoicing.catalog import Subscription
from tests.invoicing.month import MonthEnd
from tests.support.environment import environment_of
from tests.support.waiting import tries
from workflows.invoicing.invoice_rollup import InvoiceRollup


async def arcadia(month_end: MonthEnd, *arguments: str) -> tuple[int | None, str]:
    """The exit code and all that was printed."""
    await month_end.settled()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.app", "rollup", *arguments),
        env=environment_of(month_end.settings),
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 240)
    return process.returncode, out.decode() + err.decode()


async def test_a_month_is_run_retried_undone_and_approved_by_hand(month_end: MonthEnd) -> None:
    month_end.books.catalog.subscriptions = [
        Subscription(tenant, "app") for tenant in ("acme", "globex")
    ]
    month_end.books.catalog.refused["globex"] = "NO_PRICE_IN_FORCE"
    month_end.start_asking()

    code, told = await arcadia(month_end, "run", "2026-04")
    assert (code, "awaiting approval" in told) == (0, True), told
    assert "2 tenants, 1 drafted, 1 failed" in told
    assert "globex" in told
    assert "NO_PRICE_IN_FORCE" in told
    [(first,)] = month_end.books.rows("SELECT id::text FROM rollups")
    code, told = await arcadia(month_end, "undo", first, "--reason", "too early")
    assert (code, "undone" in told, "too early" in told) == (0, True, True), told

    await arcadia(month_end, "run", "2026-04")
    month_end.books.catalog.refused.clear()
    [(second,)] = month_end.books.rows(
        "SELECT id::text FROM rollups WHERE status = 'awaiting_approval'"
    )
    code, told = await arcadia(month_end, "retry", second, "--tenant", "globex")
    assert (code, "2 drafted" in told) == (0, True), told
    code, told = await arcadia(month_end, "approve", second)
    assert (code, "2 issued" in told, "AUD 110.00" in told) == (0, True, True), told
    code, told = await arcadia(month_end, "undo", second, "--reason", "too late")
    assert (code, "FAILED_PRECONDITION" in told) == (1, True)
    code, told = await arcadia(month_end, "status")
    assert ("completed" in told, "undone" in told) == (True, True)


async def test_a_roll_up_that_waits_says_for_what_on_the_terminal(month_end: MonthEnd) -> None:
    await month_end.temporal.start_workflow(
        InvoiceRollup.run,
        RollupInput(APRIL, metering_patience_minutes=60),
        id=INVOICE_ROLLUP.id("2026-04"),
        task_queue=TaskQueue.INVOICING,
    )
    process, screen = await on_a_terminal(month_end, "run", "2026-04")
    await shows(screen, "waiting for a worker")
    month_end.start_worker()
    await shows(screen, "waiting for metering: ")
    await shows(screen, "`arcadia usage meter --month 2026-04` meters them")
    [(rollup,)] = month_end.books.rows("SELECT id::text FROM rollups")
    await month_end.undo(rollup)
    await shows(screen, ": a mistake")
    assert await asyncio.wait_for(process.wait(), 240) == 0


async def on_a_terminal(month_end: MonthEnd, *arguments: str) -> tuple[Process, list[str]]:
    """The command as it runs, and its screen, which fills up."""
    ours, its = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.app", "rollup", *arguments),
        env={**environment_of(month_end.settings), "COLUMNS": "300", "TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    screen: list[str] = []

    def read() -> None:
        try:
            screen.append(os.read(ours, 65536).decode(errors="replace"))
        except OSError:
            asyncio.get_running_loop().remove_reader(ours)
            os.close(ours)

    asyncio.get_running_loop().add_reader(ours, read)
    return process, screen


async def shows(screen: list[str], words: str) -> None:
    """Waits until the words have been on the screen."""
    for _ in tries():
        if words in "".join(screen):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("".join(screen))
