import signal

import pytest

from stack.output.diagnosis import likely_reason
from tests.stack.conftest import SmallStack


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("FATAL: could not write: No space left on device", "the disk is full"),
        ("[Errno 98] Address already in use", "one of its ports is in use"),
        ("FATAL: password authentication failed for user", "has another password"),
        ("FATAL: database files are incompatible with server", "another PostgreSQL release"),
        ("ModuleNotFoundError: No module named 'x'", "the installation is incomplete"),
        ("unshare: unshare failed: Operation not permitted", "needs user namespaces"),
        ("open: Permission denied", "no permission for one of its files"),
        ("ValueError: ARCADIA_JWT_SECRET: too short", "ARCADIA_JWT_SECRET: too short"),
        ("simulator: error: there is no mood 'x'", "there is no mood 'x'"),
        ("nothing that is known", "it exited with code 3"),
    ],
)
def test_the_log_gives_the_reason(small_stack: SmallStack, line: str, reason: str) -> None:
    lines = ["starting", line, "stopped"]
    assert reason in likely_reason(small_stack.part("any"), 3, lines)


def test_without_a_log_line_the_exit_code_gives_the_reason(small_stack: SmallStack) -> None:
    part = small_stack.part("any", timeout=7.0)
    assert likely_reason(part, None, []) == "it was not ready after 7 s"
    assert "out of memory" in likely_reason(part, -signal.SIGKILL, [])
    assert likely_reason(part, -signal.SIGTERM, []) == "it was terminated by SIGTERM"
