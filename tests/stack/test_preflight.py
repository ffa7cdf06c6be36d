import os
import socket
from pathlib import Path

import psutil
import pytest

from services.common.settings import Settings
from stack.layout import Layout
from stack.parts import local_parts
from stack.ports import is_passing, is_taken
from stack.preflight import problems
from tests.stack.conftest import SmallStack
from tests.support.ports import free_port


def test_a_free_machine_has_no_problems(small_stack: SmallStack) -> None:
    assert problems([small_stack.part("any", ports=(free_port(),))], small_stack.layout) == []


def test_a_taken_port_is_named_with_its_part_and_its_holder(small_stack: SmallStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = problems([small_stack.part("gateway", ports=(port,))], small_stack.layout)
    me = psutil.Process(os.getpid())
    assert found[0] == (
        f"port {port} of the part gateway is taken by {me.name()} (process {me.pid})"
    )
    assert "ARCADIA_PORT_OFFSET" in found[1]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    [problem] = problems([], Layout(tmp_path / "file" / "data"))
    assert str(tmp_path / "file" / "data") in problem
    assert "ARCADIA_DATA_DIR" in problem


def test_a_full_disk_is_named(small_stack: SmallStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.preflight.LEAST_FREE_BYTES", 2**60)
    [problem] = problems([], small_stack.layout)
    assert "MB are free" in problem


def test_no_two_parts_want_the_same_port(tmp_path: Path) -> None:
    parts = local_parts(Settings(port_offset=100), Layout(tmp_path))
    ports = [port for part in parts for port in part.ports]
    assert len(ports) == len(set(ports))


def test_every_port_moves_with_the_offset(tmp_path: Path) -> None:
    def ports(offset: int) -> list[int]:
        parts = local_parts(Settings(port_offset=offset), Layout(tmp_path))
        return [port for part in parts for port in part.ports]

    assert ports(700) == [port + 700 for port in ports(0)]


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


def test_a_port_of_a_closed_connection_is_waited_for_not_complained_of(
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
    assert problems([small_stack.part("any", ports=(port,))], small_stack.layout) == []
