"""`arcadia catalog meters`: shows, adds, changes and retires meters, and states their costs."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.catalog.shop import Shop


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")


async def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """The command, against the served catalog, from a thread of its own."""
    monkeypatch.setenv("ARCADIA_CATALOG_ADDRESS", shop.address)
    return await asyncio.to_thread(CliRunner().invoke, app, ["catalog", *words])


ADD = (
    "meters", "add", "gpu_seconds", "GPU seconds", "--unit", "hour=3600", "--unit", "second=1",
    "--dimension", "model", "--aggregation", "time_weighted", "--basis", "hours",
)  # fmt: skip  # a table


async def test_a_meter_is_added_costed_shown_changed_and_retired(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = await run(shop, monkeypatch, *ADD)
    assert "second, hour = 3,600" in added.output, added.output
    assert "time_weighted in hours" in added.output
    cost = ("meters", "cost", "gpu_seconds", "250", "USD", "2026-04-01", "--unit", "hour")
    costed = await run(shop, monkeypatch, *cost)
    assert costed.output.splitlines()[-1].split()[:5] == [
        "gpu_seconds", "250", "USD", "hour", "2026-04-01"
    ]  # fmt: skip
    listed = await run(shop, monkeypatch, "meters", "costs", "--meter", "gpu_seconds")
    assert listed.output == costed.output
    shown = (await run(shop, monkeypatch, "meters", "show", "gpu_seconds")).output
    assert shown.startswith("gpu_seconds\n  name: GPU seconds\n")
    assert "  cost: 250 USD cents a hour" in shown
    changed = await run(
        shop, monkeypatch, "meters", "change", "gpu_seconds", "--name", "GPU", "--unit", "day=86400"
    )
    assert "second, hour = 3,600, day = 86,400" in changed.output
    assert (await run(shop, monkeypatch, "meters", "retire", "gpu_seconds")).exit_code == 1
    retired = await run(shop, monkeypatch, "meters", "retire", "gpu_seconds", "--yes")
    assert retired.output.splitlines()[-1].endswith("retired")
    names = (await run(shop, monkeypatch, "meters", "list")).output
    assert ("droplet_hours" in names, "gpu_seconds" in names) == (True, False)
    events = await run(shop, monkeypatch, "meters", "list", "--source", "events", "--retired")
    assert ("droplet_hours" in events.output, "gpu_seconds" in events.output) == (False, True)


async def test_a_malformed_unit_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = await run(shop, monkeypatch, "meters", "add", "a", "A", "--unit", "call")
    assert (refused.exit_code, "'call' is not like 1k_calls=1000" in refused.output) == (2, True)


async def test_prices_of_an_event_meter_are_imported_from_a_table(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await run(shop, monkeypatch, *ADD)
    file = tmp_path / "prices.csv"
    file.write_text(
        "meter,model,unit,price,currency,effective_from\ngpu_seconds,h100,hour,900,AUD,2026-05-01\n"
    )
    imported = await run(shop, monkeypatch, "import-prices", str(file), "--yes")
    assert (imported.exit_code, "1 changes made" in imported.output) == (0, True), imported.output
    exported = await run(shop, monkeypatch, "export-prices", "--meter", "gpu_seconds")
    assert "gpu_seconds,h100,hour,900,AUD,2026-05-01," in exported.output
    file.write_text(file.read_text().replace("h100,hour", "h100,week"))
    refused = await run(shop, monkeypatch, "import-prices", str(file), "--yes")
    assert "line 2: unit 'week' is not one of second, hour" in refused.output
