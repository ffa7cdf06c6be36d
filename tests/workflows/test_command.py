"""`arcadia sync` starts a sync, waits for it, and shows its outcome."""

import asyncio
import subprocess
import sys

from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.workflows.system import System
from workflows.sync.starts import SYNCED_KINDS


async def arcadia(
    system: System, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {**environment_of(system.settings), **variables, "COLUMNS": "200"}
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli.app", "sync", *arguments],
        env=environment,
        cwd=system.room.folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


async def test_it_waits_and_tells_the_outcome_of_every_kind(system: System) -> None:
    system.start_worker()

    ran = await arcadia(system)

    assert ran.returncode == 0, ran.stderr
    assert "resource-sync/digitalocean/manual" in ran.stdout
    assert "project: completed" in ran.stdout
    assert "droplet: completed (902 seen; 902 new)" in ran.stdout


async def test_it_fails_when_a_kind_failed_and_says_which_and_why(system: System) -> None:
    system.start_worker()
    system.simulator.fault("status", path="/v2/droplets", status=401)

    ran = await arcadia(system)

    assert ran.returncode == 1
    assert "project: completed" in ran.stdout
    assert "droplet: failed" in ran.stdout
    assert "CredentialsRefused" in ran.stdout


async def test_it_says_how_fresh_each_kind_is(system: System) -> None:
    system.start_worker()
    await arcadia(system, "--kind", "volume")
    system.simulator.fault("status", path="/v2/vpcs", status=403)
    await arcadia(system, "--kind", "vpc")

    ran = await arcadia(system, "--status")

    assert ran.returncode == 0, ran.stderr
    lines = {line.split()[0]: line for line in ran.stdout.splitlines() if line}
    assert set(SYNCED_KINDS) <= lines.keys()
    assert "0 min" in lines["volume"]
    assert "completed" in lines["volume"]
    assert "never" in lines["vpc"]
    assert "failed: " in lines["vpc"]
    assert "give the token the scope vpc:read" in lines["vpc"]


async def test_it_does_not_wait_with_no_follow(system: System) -> None:
    ran = await arcadia(system, "--no-follow", "--kind", "droplet")

    assert ran.returncode == 0
    assert "resource-sync/digitalocean/manual/droplet" in ran.stdout


async def test_it_refuses_a_kind_that_is_not_synced(system: System) -> None:
    ran = await arcadia(system, "--kind", "teapot")

    assert ran.returncode == 2
    assert "unknown kind: teapot" in ran.stderr


async def test_it_says_when_temporal_is_not_there(system: System) -> None:
    ran = await arcadia(system, TEMPORAL_ADDRESS=f"127.0.0.1:{free_port()}")

    assert ran.returncode == 1
    assert "rejected the sync" in ran.stdout
