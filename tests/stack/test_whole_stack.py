"""What a user sees of the running system."""

import signal
from typing import Any

import pytest

from tests.support.processes import gone
from tests.support.whole_stack import WholeStack, pasted

pytestmark = pytest.mark.xdist_group("stack")  # so that one stack serves them all


@pytest.fixture(scope="module")
def printed(stack: WholeStack) -> list[str]:
    """What `arcadia up` printed."""
    return stack.room.log(stack.name).read_text().splitlines()


@pytest.fixture(scope="module")
def curl_lines(printed: list[str]) -> list[str]:
    """The lines to paste."""
    return [line for line in printed if line.startswith("curl ")]


def resources(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["resources"]
    return found


def test_every_part_is_shown_as_it_becomes_ready(printed: list[str]) -> None:
    shown = {line.split()[1] for line in printed if line.startswith("✓")}
    services = {"inventory", "billing", "catalog", "analytics"}
    engines = {"postgres", "temporal", "gateway", "simulator"}
    assert shown == {*services, *engines, "migrate", "worker", "sync"}


def test_the_first_line_to_paste_tells_that_it_is_well(curl_lines: list[str]) -> None:
    assert len(curl_lines) == 3
    answer = pasted(curl_lines[0])
    assert answer.status_code == 200
    assert answer.json()["dependencies"] == [{"name": "postgresql", "status": "up"}]


def test_the_second_shows_an_operator_droplets_of_everybody(curl_lines: list[str]) -> None:
    droplets = resources(pasted(curl_lines[1]))
    assert {droplet["kind"] for droplet in droplets} == {"droplet"}
    assert len({droplet["tenant_id"] for droplet in droplets}) > 1


def test_the_third_shows_a_tenant_its_own_alone(curl_lines: list[str]) -> None:
    droplets = resources(pasted(curl_lines[2]))
    assert {droplet["tenant_id"] for droplet in droplets} == {"acme"}


def test_status_shows_every_part(stack: WholeStack) -> None:
    result = stack.run("status")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("ready") == 9
    assert str(stack.part("postgres").mark.pid) in result.stdout  # type: ignore[union-attr]


def test_the_logs_of_a_part_are_shown(stack: WholeStack) -> None:
    assert '"event":"worker ready"' in stack.run("logs", "worker").stdout
    assert "there are analytics, billing" in stack.run("logs", "nothing").stderr


def test_a_second_stack_on_the_same_data_is_refused(stack: WholeStack) -> None:
    result = stack.run("up")
    assert result.returncode == 1
    assert f"already runs on {stack.layout.folder}" in result.stdout
    assert f"(process {stack.supervisor.pid})" in result.stdout
    assert stack.run("status").returncode == 0


@pytest.mark.parametrize("name", ["worker", "postgres", "gateway"])
def test_a_killed_part_comes_back(stack: WholeStack, name: str) -> None:
    stack.kill(name)
    with stack.client() as operator:
        assert resources(operator.get("/api/v1/inventory"))


def test_a_part_that_hangs_is_told_by_status(stack: WholeStack) -> None:
    mark = stack.part("catalog").mark
    assert mark is not None
    mark.send(signal.SIGSTOP)
    try:
        result = stack.run("status")
    finally:
        mark.send(signal.SIGCONT)
    assert result.returncode == 1
    assert "does not answer" in result.stdout


def test_a_taken_port_is_named_and_nothing_is_started(stack: WholeStack) -> None:
    rival = WholeStack.at(stack.layout.folder.with_name("rival"), stack.room)
    rival.settings = rival.settings.model_copy(update={"port_offset": stack.settings.port_offset})
    result = rival.run("up")
    assert result.returncode == 1
    port = 4005 + stack.settings.port_offset
    assert f"port {port} of the part gateway is taken by envoy" in result.stdout
    assert "ARCADIA_PORT_OFFSET" in result.stdout
    assert gone(rival.layout.folder)
    assert not rival.layout.lock.exists()
