"""`arcadia limits`: shows and sets limits."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.catalog.shop import Shop


async def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """The command, against the served catalog, from a thread of its own."""
    monkeypatch.setenv("ARCADIA_CATALOG_ADDRESS", shop.address)
    monkeypatch.setenv("COLUMNS", "240")
    return await asyncio.to_thread(CliRunner().invoke, app, ["limits", *words])


def row(output: str, name: str) -> list[str]:
    [found] = [line.split() for line in output.splitlines() if line.startswith(f"{name} ")]
    return found


async def test_limits_are_shown_set_and_unset(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.deploy("one")
    shown = await run(shop, monkeypatch, "show", "acme")
    assert row(shown.output, "deployments") == ["deployments", "100", "1", "100", "100,000"]
    raised = await run(
        shop, monkeypatch, "set", "acme", "deployments", "500",
        "--ends-on", "2026-05-01", "--reason", "the fair",
    )  # fmt: skip  # a table
    said = " ".join(row(raised.output, "deployments"))
    assert said.startswith("deployments 500 1 100 100,000 2026-04-10 until 2026-05-01 by ")
    assert said.endswith(": the fair")
    unset = await run(shop, monkeypatch, "unset", "acme", "deployments")
    assert row(unset.output, "deployments") == ["deployments", "100", "1", "100", "100,000"]


async def test_an_invalid_limit_is_refused_with_the_reason(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await run(shop, monkeypatch, "set", "acme", "wishes", "3")
    assert refused.exit_code == 1
    assert "'wishes' is not one of deployments," in refused.output
