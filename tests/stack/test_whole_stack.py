"""The running system as seen by a user, and what remains after any end.

All in one file, so that they share one stack when files are spread over workers.
"""

import contextlib
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from services.common.settings import Port
from stack.parts import local_parts
from stack.ports import is_taken
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.processes import gone, processes_of
from tests.support.waiting import tries, until
from tests.support.whole_stack import COMMAND, WholeStack, pasted


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
    assert shown == {*services, *engines, "migrate", "seed", "worker", "sync"}


def test_the_first_command_to_paste_shows_the_health(curl_lines: list[str]) -> None:
    assert len(curl_lines) == 3
    answer = pasted(curl_lines[0])
    assert answer.status_code == 200
    assert {"name": "postgresql", "status": "up"} in answer.json()["dependencies"]
    for _ in tries():  # it tells what was seen lately: of the worker a moment after it began
        health = pasted(curl_lines[0]).json()
        if health.get("status") == "ok":
            break
        time.sleep(0.5)
    assert {one["status"] for one in health["services"]} == {"ok"}, health
    assert {one["status"] for one in health["dependencies"] + health["workers"]} == {"up"}
    sources = {source["name"] for source in health["sources"]}
    assert sources == {"resource_sync", "balance", "provider_bills", "daily_costs", "metering"}


def test_the_second_command_shows_an_operator_all_droplets(curl_lines: list[str]) -> None:
    droplets = resources(pasted(curl_lines[1]))
    assert {droplet["kind"] for droplet in droplets} == {"droplet"}
    assert len({droplet["tenant_id"] for droplet in droplets}) > 1


def test_the_third_command_shows_a_tenant_its_own_droplets(curl_lines: list[str]) -> None:
    droplets = resources(pasted(curl_lines[2]))
    assert {droplet["tenant_id"] for droplet in droplets} == {"acme"}


STRANGERS = ("evil.example", "evil.example:{port}", "localhost.evil.example:{port}", "localhost:1")
"""Names that a page may have lead to this machine: its requests still carry them."""


def test_temporals_ui_is_there_by_its_own_name_only(stack: WholeStack) -> None:
    port = stack.settings.port(Port.TEMPORAL_UI)
    for name in ("127.0.0.1", "localhost"):
        url = f"http://{name}:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=120) as ui:
            page = ui.get("/", follow_redirects=True).text
            scripts = re.findall(r'"(/_app/[^"]+\.js)"', page)
            assert scripts, page
            assert {ui.get(script).status_code for script in scripts} == {200}
            listed = ui.get("/api/v1/namespaces").json()["namespaces"]
            assert "default" in {each["namespaceInfo"]["name"] for each in listed}
            for stranger in STRANGERS:
                other = {"host": stranger.format(port=port)}
                assert ui.get("/api/v1/namespaces", headers=other).status_code == 421


def test_temporals_ui_lets_no_page_of_another_origin_read_or_write(stack: WholeStack) -> None:
    ui = f"http://localhost:{stack.settings.port(Port.TEMPORAL_UI)}/api/v1"
    page = {"origin": "http://evil.example"}
    read = httpx.get(f"{ui}/namespaces", headers=page, trust_env=False, timeout=120)
    asked = {**page, "access-control-request-method": "POST"}
    preflight = httpx.request(
        "OPTIONS", f"{ui}/namespaces", headers=asked, trust_env=False, timeout=120
    )
    for answer in (read, preflight):
        assert "access-control-allow-origin" not in answer.headers
    form = {**page, "content-type": "text/plain"}
    start = f"{ui}/namespaces/default/workflows/of-a-page"
    written = httpx.post(start, content="{}", headers=form, trust_env=False, timeout=120)
    assert written.status_code in {400, 403}, written.text
    assert "csrf" in written.text.lower()


def test_whoever_is_not_the_gateway_finds_no_http_of_temporal(stack: WholeStack) -> None:
    mark = stack.part("temporal").mark
    assert mark is not None
    sockets = [
        each.laddr
        for each in psutil.Process(mark.pid).net_connections(kind="tcp")
        if each.status == psutil.CONN_LISTEN
    ]
    ui = stack.settings.port(Port.TEMPORAL_UI)
    [hidden] = [address.ip for address in sockets if address.port == ui]
    assert hidden.startswith("127.")
    assert not hidden.startswith("127.0.")
    others = [address.port for address in sockets if address.port != ui]
    assert len(others) > 1
    for port in others:
        for host in ("evil.example", f"evil.example:{port}", f"localhost:{port}"):
            url = f"http://127.0.0.1:{port}/api/v1/namespaces"
            with contextlib.suppress(httpx.HTTPError):  # those that speak gRPC alone
                answer = httpx.get(url, headers={"host": host}, trust_env=False, timeout=120)
                assert answer.status_code in {403, 404}, (port, host)


def test_status_shows_every_part(stack: WholeStack) -> None:
    result = stack.run("status")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("ready") == 9
    assert str(stack.part("postgres").mark.pid) in result.stdout  # type: ignore[union-attr]


def test_the_logs_of_a_part_are_shown(stack: WholeStack) -> None:
    raw = stack.run("logs", "worker", "--raw", "--lines", "500").stdout
    assert '"event":"worker ready"' in raw
    told = stack.run("logs", "worker", "--lines", "500").stdout
    assert re.search(r" worker +info +worker ready\b", told)
    assert "there are analytics, billing" in stack.run("logs", "nothing").stderr


def test_the_id_of_a_request_is_found_from_the_gateway_to_the_log_of_the_database(
    stack: WholeStack,
) -> None:
    database_log = stack.layout.log("postgres")
    admin_url = stack.settings.admin_url().rpartition("/")[0] + "/inventory"
    with psycopg.connect(admin_url) as administrator, ThreadPoolExecutor() as threads:
        # A statement that waits is a slow one, and slow ones are logged.
        administrator.execute("LOCK TABLE cloud_resources")
        asked = threads.submit(asks_with_an_id, stack)
        time.sleep(1)
        administrator.rollback()
        answer = asked.result()
    assert answer.headers["x-request-id"] == "told-by-curl-1"
    until(lambda: '"request_id":"told-by-curl-1"' in stack.layout.log("inventory").read_text())
    until(lambda: "inventory told-by-curl-1 " in database_log.read_text())


def asks_with_an_id(stack: WholeStack) -> httpx.Response:
    with stack.client() as operator:
        return operator.get("/api/v1/inventory", headers={"x-request-id": "told-by-curl-1"})


def test_a_second_stack_on_the_same_data_is_refused(stack: WholeStack) -> None:
    result = stack.run("up")
    assert result.returncode == 1
    assert f"is already running on {stack.layout.folder}" in result.stdout
    assert f"(process {stack.supervisor.pid})" in result.stdout
    assert stack.run("status").returncode == 0


@pytest.mark.parametrize("name", ["worker", "postgres", "gateway"])
def test_a_killed_part_comes_back(stack: WholeStack, name: str) -> None:
    stack.kill(name)
    with stack.client() as operator:
        # The gateway looks at its services again within seconds.
        until(lambda: operator.get("/api/v1/inventory").is_success)
        assert resources(operator.get("/api/v1/inventory"))


def test_status_shows_a_hanging_part(stack: WholeStack) -> None:
    mark = stack.part("catalog").mark
    assert mark is not None
    mark.send(signal.SIGSTOP)
    try:
        result = stack.run("status")
    finally:
        mark.send(signal.SIGCONT)
    assert result.returncode == 1
    assert "does not respond" in result.stdout


def test_a_taken_port_is_named_and_nothing_is_started(stack: WholeStack) -> None:
    rival = WholeStack.at(stack.layout.folder.with_name("rival"), stack.room)
    rival.settings = rival.settings.model_copy(update={"port_offset": stack.settings.port_offset})
    result = rival.run("up")
    assert result.returncode == 1
    port = 4005 + stack.settings.port_offset
    assert f"port {port} of gateway is in use by envoy" in result.stdout
    [offset] = re.findall(r"ARCADIA_PORT_OFFSET=(\d+)", result.stdout)
    rival.settings = rival.settings.model_copy(update={"port_offset": int(offset)})
    parts = local_parts(rival.settings, rival.layout)
    assert not any(is_taken(port) for part in parts for port in part.ports)
    assert gone(rival.layout.folder)
    assert not rival.layout.lock.exists()


def first_seen(stack: WholeStack) -> dict[str, str]:
    """When each resource was discovered: the same after a restart only if the data were kept."""
    with stack.client() as operator:
        answer = operator.get("/api/v1/inventory", params={"page_size": 1000})
    assert answer.status_code == 200, answer.text
    return {row["id"]: row["first_seen_at"] for row in answer.json()["resources"]}


def test_a_stack_lives_beside_another_and_leaves_nothing_however_it_ends(
    stack: WholeStack, engine_room: EngineRoom
) -> None:
    second = WholeStack.at(engine_room.folder / "second", engine_room)
    folder = second.layout.folder

    second.up()
    seen = first_seen(second)
    assert len(seen) > 20
    assert not set(seen) & set(first_seen(stack))

    # Killed without warning: its guard ends the parts.
    os.kill(second.supervisor.pid, signal.SIGKILL)
    second.stop()
    assert gone(folder)
    assert second.run("status").returncode == 1

    # Started again on the same data, at once.
    second.up()
    assert first_seen(second) == seen

    # The guard is killed too: the next who looks ends what the state file names.
    [guard] = [p for p in processes_of(folder) if "stack.processes.guard" in p.cmdline()]
    os.kill(guard.pid, signal.SIGKILL)
    os.kill(second.supervisor.pid, signal.SIGKILL)
    second.stop()
    assert len(processes_of(folder)) > 5
    assert second.run("down").stdout == "stopped\n"
    assert gone(folder)

    # Stopped by Ctrl-C while it starts.
    interrupted = engine_room.start_program(
        "interrupted",
        [*COMMAND, "up"],
        environment_of(second.settings),
        lambda _: second.layout.state.exists(),
    )
    interrupted.popen.send_signal(signal.SIGINT)
    assert interrupted.wait(240)
    engine_room.stop(interrupted)
    assert interrupted.exit_code() == 0
    assert gone(folder)
    assert not second.layout.lock.exists()

    # Its own data do not come in the way of removing them; the other stack is not touched.
    assert second.run("reset", "--yes").returncode == 0
    assert list(folder.iterdir()) == []
    assert first_seen(stack)
