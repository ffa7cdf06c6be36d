import os
import socket
from pathlib import Path

import psutil
import pytest

from services.common.settings import Port, Settings
from stack.layout import Layout
from stack.parts import local_parts
from stack.ports import is_passing, is_taken
from stack.preflight import free_offset, problems
from tests.stack.conftest import SmallStack
from tests.support.ports import free_port


def found_for(small_stack: SmallStack, part: str, port: int) -> list[str]:
    parts = [small_stack.part(part, ports=(port,))]
    return problems(parts, Settings(), small_stack.layout)


def test_preflight_finds_no_problems_on_a_free_machine(small_stack: SmallStack) -> None:
    assert found_for(small_stack, "any", free_port()) == []


def test_a_taken_port_is_named_with_its_part_and_its_holder(small_stack: SmallStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = found_for(small_stack, "gateway", port)
    me = psutil.Process(os.getpid())
    assert found[0] == (f"port {port} of gateway is in use by {me.name()} (process {me.pid})")
    assert "ARCADIA_PORT_OFFSET=" in found[1]


def test_a_free_offset_is_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of three copies, one runs without an offset, one at 100; 200 lacks one port alone.
    taken = {Settings(port_offset=offset).port(port) for offset in (0, 100) for port in Port}
    taken.add(Settings(port_offset=200).port(Port.TEMPORAL_UI))
    monkeypatch.setattr("stack.preflight.is_taken", taken.__contains__)
    monkeypatch.setattr("stack.preflight.is_passing", lambda _: False)
    layout = Layout(tmp_path)
    parts = local_parts(Settings(), layout)
    assert problems(parts, Settings(), layout)[-1] == (
        "stop the programs that use them, or set ARCADIA_PORT_OFFSET=300: its ports are all free"
    )
    assert free_offset(Settings(port_offset=100), layout) == 300


def test_a_port_independent_of_the_offset_is_reported_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    port = free_port()
    settings = Settings(http_port=port)
    monkeypatch.setattr("stack.preflight.is_taken", port.__eq__)
    monkeypatch.setattr("stack.preflight.is_passing", lambda _: False)
    found = problems(local_parts(settings, layout), settings, layout)
    assert f"port {port} of gateway" in found[0]
    assert "ARCADIA_HTTP_PORT" in found[1]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    [problem] = problems([], Settings(), Layout(tmp_path / "file" / "data"))
    assert str(tmp_path / "file" / "data") in problem
    assert "ARCADIA_DATA_DIR" in problem


def test_a_full_disk_is_named(small_stack: SmallStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.preflight.MIN_FREE_BYTES", 2**60)
    [problem] = problems([], Settings(), small_stack.layout)
    assert "MB are free" in problem


def test_no_two_parts_want_the_same_port(tmp_path: Path) -> None:
    parts = local_parts(Settings(port_offset=100), Layout(tmp_path))
    ports = [port for part in parts for port in part.ports]
    assert len(ports) == len(set(ports))


def test_every_port_moves_with_the_offset(tmp_path: Path) -> None:
    def ports(offset: int) -> set[int]:
        parts = local_parts(Settings(port_offset=offset), Layout(tmp_path))
        return {port for part in parts for port in part.ports}

    assert ports(0) == set(Port)
    assert ports(700) == {port.at(700) for port in Port}


def test_the_simulator_stands_in_only_where_no_provider_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> list[str]:
        return [part.name for part in local_parts(Settings(), Layout(tmp_path))]

    assert "simulator" in names()
    monkeypatch.setenv("DO_API_TOKEN", "dop_v1_of-a-developer")
    assert "simulator" not in names()
    monkeypatch.delenv("DO_API_TOKEN")
    monkeypatch.setenv("DO_API_URL", "http://127.0.0.1:1")
    assert "simulator" not in names()


def test_every_part_needs_only_parts_that_are_there(tmp_path: Path) -> None:
    parts = local_parts(Settings(), Layout(tmp_path))
    names = {part.name for part in parts}
    assert all(set(part.after) <= names for part in parts)


def test_a_port_of_a_closed_connection_is_awaited_without_an_error(
    small_stack: SmallStack,
) -> None:
    # Whoever closes first keeps the port for a minute; here the client, on a port of its own.
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        port = client.getsockname()[1]
        accepted, _ = server.accept()
        client.close()
        accepted.close()
    assert is_taken(port)
    assert is_passing(port)
    assert found_for(small_stack, "any", port) == []
