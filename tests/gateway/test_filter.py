"""The gateway's Lua filter: the cost of a body, and its own errors."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway import render
from tests.gateway.harness import Backend, Gateway, refusal, run_gateway

SPEC = "/api/v1/inventory/7/spec"

MEASURED = """
local check_in_peace = envoy_on_request
function envoy_on_request(handle)
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  check_in_peace(handle)
  local kilobytes = math.ceil(collectgarbage("count") - before)
  handle:headers():add("x-allocated-kilobytes", tostring(kilobytes))
  collectgarbage("restart")
end
"""
"""Tells the service how many kilobytes the check of a request allocated."""

BROKEN = """
byte = nil
"""
"""Lets the check of every body fail with an error of Lua."""


@contextlib.asynccontextmanager
async def gateway_with(
    addition: str, directory: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Gateway]:
    """A gateway whose filter has an addition at its end."""
    script = directory / "bodies.lua"
    script.write_text(render.BODIES.read_text() + addition)
    monkeypatch.setattr(render, "BODIES", script)
    async with run_gateway(directory, backend.port) as running:
        yield running


def nested(depth: int, names: str, values: int) -> str:
    """A specification: a list of ones in as many objects."""
    ones = ",".join(["1"] * values)
    return '{"spec":' + f'{{"{names}":' * depth + f"[{ones}]" + "}" * depth + "}"


@pytest.mark.parametrize(
    "body",
    [
        nested(29, "k" * 390, 10_000),
        nested(1, "k" * 390, 49_900),
        json.dumps({"spec": {f"{number:05}": number for number in range(30_000)}}),
        json.dumps({"spec": {"a": ["k" * 9] * 30_000}}),
        json.dumps({"spec": {"a": "\n" * 200_000}}),
        '{"spec": {"a": 0.' + "1" * 200_000 + "}}",
    ],
    ids=["deep", "list", "names", "strings", "escapes", "number"],
)
async def test_checking_a_body_needs_memory_of_its_size(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    async with gateway_with(MEASURED, tmp_path, backend, monkeypatch) as gateway:
        answer = await gateway.http.put(SPEC, content=body, headers=gateway.bearer())
    assert answer.status_code == 200, answer.text
    assert int(backend.last.metadata["x-allocated-kilobytes"]) * 1024 < 10 * len(body) + 2**20


async def test_a_request_whose_check_fails_goes_no_further(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway_with(BROKEN, tmp_path, backend, monkeypatch) as gateway:
        answer = await gateway.http.put(SPEC, content='{"spec": {}}', headers=gateway.bearer())
    assert refusal(answer) == (500, 13, "GATEWAY_ERROR")
    assert backend.arrivals == []
