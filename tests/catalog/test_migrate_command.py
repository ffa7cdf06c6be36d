"""`arcadia catalog migrate list`, against the served catalog."""

import asyncio

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.catalog.test_plan_migrations import EFFECTIVE, NOTICE, Migrating, started, them

__all__ = ["started", "them"]


async def test_migrations_are_listed_with_their_days_status_and_counts(
    them: Migrating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCADIA_CATALOG_ADDRESS", them.shop.address)
    monkeypatch.setenv("COLUMNS", "240")
    words = ["catalog", "migrate", "list"]
    empty = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert (empty.exit_code, empty.output) == (0, "There is no migration.\n")
    made = await them.announced()
    shown = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert shown.exit_code == 0, shown.output
    [line] = [one for one in shown.output.splitlines() if made.id in one]
    assert " ".join(line.split()).startswith(
        f"{made.id} studio studio version 2 {NOTICE} {EFFECTIVE} scheduled 2 scheduled"
    )
    shown = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--status", "undone"])
    assert shown.output == "There is no such migration.\n"
    shown = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--plan", "studio"])
    assert made.id in shown.output
