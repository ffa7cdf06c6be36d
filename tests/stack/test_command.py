import subprocess
import sys

import pytest

from services.common.settings import Settings
from tests.support.environment import environment_of
from tests.support.ports import free_port


def arcadia(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli.app", *arguments],
        env={**environment_of(Settings()), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_variable_is_named_without_a_traceback() -> None:
    result = arcadia("status", ARCADIA_JWT_ALGORITHM="none", ARCADIA_PORT_OFFSET="-1")
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "ARCADIA_PORT_OFFSET: Input should be greater than or equal to 0",
        "ARCADIA_JWT_ALGORITHM: Input should be 'HS256', 'HS384' or 'HS512'",
    ]


def test_commands_run_without_what_only_the_local_mode_needs() -> None:
    script = "import sys; sys.modules['psutil'] = None; from cli.app import main; main()"
    result = subprocess.run(
        [sys.executable, "-P", "-c", script, "gateway", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "command", ["invoices list", "catalog list", "costs balance", "sweeps list", "inventory export"]
)
def test_without_the_stack_a_command_says_how_to_start_it(command: str) -> None:
    port = str(free_port())
    services = ("INVENTORY", "BILLING", "CATALOG", "ANALYTICS")
    result = arcadia(
        *command.split(), **{f"ARCADIA_{one}_ADDRESS": f"127.0.0.1:{port}" for one in services}
    )
    assert result.returncode == 1
    assert "`make up` starts it" in result.stderr
    assert "UNAVAILABLE" not in result.stderr
