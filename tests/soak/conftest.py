"""The report of the soak, at the end of pytest's output."""

import pytest

from tests.soak.report import Report

REPORT: pytest.StashKey[Report] = pytest.StashKey()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Where the figures are kept until they are printed."""
    made = Report()
    request.config.stash[REPORT] = made
    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints the table."""
    report = config.stash.get(REPORT, None)
    if report is not None:
        terminalreporter.section("what was broken, and what was lost")
        for line in report.lines():
            terminalreporter.write_line(line)
