"""Each of our programs may make the internal calls in its code."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from services.common.identity.policy import AccessRule
from tests.services.test_every_rpc import METHODS

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = {
    "inventory": ROOT / "services" / "inventory",
    "billing": ROOT / "services" / "billing",
    "catalog": ROOT / "services" / "catalog",
    "analytics": ROOT / "services" / "analytics",
    "worker": ROOT / "workflows",
}
CALL: Final = re.compile(r"\.([A-Z]\w+)\(")
SHARED: Final = re.compile(r"from (services\.common(?:\.\w+)+) import")

INTERNAL: Final = {
    method.name: (service, rule.programs)
    for service, method in METHODS
    if (rule := AccessRule.declared(method.GetOptions())).programs
}


def _sources(program: str) -> Iterator[Path]:
    """The modules of a program, and those that it shares with others."""
    own = sorted(PROGRAMS[program].rglob("*.py"))
    yield from own
    shared = {name for path in own for name in SHARED.findall(path.read_text("utf-8"))}
    for name in sorted(shared):
        path = ROOT / f"{name.replace('.', '/')}.py"
        if path.exists():
            yield path


def _calls(program: str) -> set[str]:
    """The internal methods of other services that a program calls."""
    named = {name for path in _sources(program) for name in CALL.findall(path.read_text("utf-8"))}
    return {name for name in named & INTERNAL.keys() if INTERNAL[name][0] != program}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_may_make_the_internal_calls_in_its_code(program: str) -> None:
    refused = {name for name in _calls(program) if program not in INTERNAL[name][1]}
    assert not refused, f"{program} may not call {sorted(refused)}"


def test_the_notes_of_the_script_find_the_calls() -> None:
    assert "LookupDeployments" in _calls("billing")
    assert "RecordSightings" in _calls("worker")
    assert {program for program in PROGRAMS if _calls(program)} == PROGRAMS.keys()
