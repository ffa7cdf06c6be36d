import subprocess
import sys

from services.common.settings import Settings
from tests.support.environment import environment_of


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
