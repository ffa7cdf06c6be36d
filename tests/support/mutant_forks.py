"""A plugin of pytest that tries mutants: the tests are collected once, and a fork tries each.

pytest needs half a second to find the tests of a mutant, and longer to explain the first that
fails: so this is ten times as fast as a run of pytest for each. A fork also begins with empty
caches: a mutant cannot hide behind what was computed without it.

Runs in mutmut's folder `mutants`; what to try stands in the environment:
`MUTANTS_TO_TRY` are patterns of names (JSON), `MUTANTS_AT_ONCE` how many forks run together.
"""

import functools
import gc
import json
import os
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

__all__ = ["pytest_runtestloop"]

KILLED, SURVIVED, NO_TESTS = 1, 0, 33
"""mutmut's codes of outcomes."""

SECONDS, TIMES = 20, 10
"""The processor time limit of a mutant's tests: a constant, and a multiple of the time without it.
Wall-clock time does not count."""

SAVED_EVERY = 100

Item = Any


@dataclass
class Reach:
    """The tests that reach a function, with durations, by position in the collection."""

    tests_of: dict[str, list[int]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    noticed: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many mutants of a function, or of a module, a test killed first."""

    def sharp_first(self, mutant: str) -> list[int]:
        """The tests that may kill a mutant: those that killed others of it, then the fast ones."""
        function = mangled_name_from_mutant_name(mutant)
        module = function.rpartition(".")[0]
        return sorted(
            self.tests_of.get(function, []),
            key=lambda test: (
                -self.noticed[function, test],
                -self.noticed[module, test],
                self.seconds[test],
            ),
        )

    def was_noticed(self, mutant: str, test: int) -> None:
        """Records that a test killed a mutant."""
        function = mangled_name_from_mutant_name(mutant)
        self.noticed[function, test] += 1
        self.noticed[function.rpartition(".")[0], test] += 1


@dataclass(frozen=True)
class Fork:
    """A process that tries a mutant, and the pipe for the failed test."""

    pid: int
    meta: Path
    name: str
    told: int


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Called by pytest when all tests are collected: tries the mutants instead."""
    patterns = json.loads(os.environ["MUTANTS_TO_TRY"])
    wanted = [
        (meta, name)
        for meta in sorted(Path().rglob("*.py.meta"))
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items()
        if (any(fnmatch(name, one) for one in patterns) if patterns else code is None)
    ]
    reach = _reach(session.items)
    _try_all(session.items, reach, wanted, int(os.environ["MUTANTS_AT_ONCE"]))
    return True


def _reach(items: Sequence[Item]) -> Reach:
    """Runs every test once without mutants, in a fork, so that its caches are not kept."""
    told, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        found, failed = _measured(items)
        with os.fdopen(telling, "w") as out:
            json.dump({"tests_of": found.tests_of, "seconds": found.seconds, "failed": failed}, out)
        os._exit(0)
    os.close(telling)
    with os.fdopen(told) as answer:
        said = json.load(answer)
    os.waitpid(pid, 0)
    if said["failed"]:
        pytest.exit(f"fails without any mutant: {', '.join(said['failed'])}", 1)
    return Reach(said["tests_of"], said["seconds"])


def _measured(items: Sequence[Item]) -> tuple[Reach, list[str]]:
    set_mutant_under_test("stats")
    found, failed = Reach(), []
    hits = state()._stats
    for place, item in enumerate(items):
        _forget()
        hits.clear()
        begun = _spent()
        if not _passes(item, items[place + 1] if place + 1 < len(items) else None):
            failed.append(item.nodeid)
        found.seconds.append(_spent() - begun)
        for function in hits:
            found.tests_of.setdefault(function, []).append(place)
    return found, failed


def _spent() -> float:
    """Processor seconds, including child processes."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _forget() -> None:
    """Clears caches, so that results of earlier tests are not reused."""
    for module in [each for name, each in sys.modules.items() if name.startswith("services.")]:
        for member in list(vars(module).values()):
            if isinstance(member, functools._lru_cache_wrapper):
                member.cache_clear()


def _passes(item: Item, following: Item | None) -> bool:
    return not any(one.failed for one in runtestprotocol(item, log=False, nextitem=following))


def _try_all(
    items: Sequence[Item], reach: Reach, wanted: Sequence[tuple[Path, str]], at_once: int
) -> None:
    gc.freeze()  # what forks only read stays shared
    running: dict[int, Fork] = {}
    done: list[tuple[Path, str, int]] = []
    for number, (meta, name) in enumerate(wanted, start=1):
        if number % SAVED_EVERY == 0:
            _save(done)
            print(f"{number} of {len(wanted)}", file=sys.stderr, flush=True)
        tests = reach.sharp_first(name)
        if not tests:
            done.append((meta, name, NO_TESTS))
            continue
        if len(running) >= at_once:
            done.append(_ended(running, reach))
        fork = _started(meta, name, items, tests, sum(reach.seconds[test] for test in tests))
        running[fork.pid] = fork
    while running:
        done.append(_ended(running, reach))
    _save(done)


def _started(
    meta: Path, name: str, items: Sequence[Item], tests: Sequence[int], seconds: float
) -> Fork:
    told, telling = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        limit = ceil(SECONDS + TIMES * seconds)
        os._exit(_tried(name, items, tests, limit, telling))
    os.close(telling)
    return Fork(pid, meta, name, told)


def _ended(running: dict[int, Fork], reach: Reach) -> tuple[Path, str, int]:
    pid, status = os.wait()
    fork = running.pop(pid)
    with os.fdopen(fork.told) as answer:
        test = answer.read()
    if test:
        reach.was_noticed(fork.name, int(test))
    return fork.meta, fork.name, os.waitstatus_to_exitcode(status)


def _tried(name: str, items: Sequence[Item], tests: Sequence[int], limit: int, telling: int) -> int:
    """In a fork: whether any of the tests fails for a mutant."""
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        set_mutant_under_test(name)
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            if not _passes(items[test], None if following is None else items[following]):
                os.write(telling, str(test).encode())
                return KILLED
    except BaseException:  # noqa: BLE001 a mutant may do anything
        return KILLED
    return SURVIVED


def _save(done: list[tuple[Path, str, int]]) -> None:
    """Saves the outcomes in mutmut's format."""
    found: dict[Path, dict[str, int]] = {}
    for meta, name, code in done:
        found.setdefault(meta, {})[name] = code
    done.clear()
    for meta, codes in found.items():
        said = json.loads(meta.read_text())
        said["exit_code_by_key"] |= codes
        part = meta.with_suffix(".part")
        part.write_text(json.dumps(said, indent=4))
        part.replace(meta)
