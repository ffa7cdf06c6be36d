"""`arcadia rollup`: the month's end from the command line."""

import asyncio
import sys
from asyncio.subprocess import PIPE

from tests.invoicing.catalog import Subscription
from tests.invoicing.month import MonthEnd
from tests.support.environment import environment_of


async def arcadia(month_end: MonthEnd, *arguments: str) -> tuple[int | None, str]:
    """The exit code and all that was printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.app", "rollup", *arguments),
        env=environment_of(month_end.settings),
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode() + err.decode()


async def test_a_month_is_run_retried_undone_and_approved_by_hand(month_end: MonthEnd) -> None:
    month_end.books.catalog.subscriptions = [
        Subscription(tenant, "app") for tenant in ("acme", "globex")
    ]
    month_end.books.catalog.refused["globex"] = "NO_PRICE_IN_FORCE"
    month_end.metered()
    month_end.start_analytics_that_asks()
    month_end.start_worker()

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
