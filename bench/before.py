"""Compares this release with an earlier one, in alternating rounds of one run, as ratios.

The earlier release is extracted from the repository's history to a temporary folder, and runs with
the same interpreter and packages: `PYTHONPATH` puts its code first. The two are measured
alternately (`bench.side`), so that a slow moment of the machine affects both; the median of the
paired ratios counts. Engine: processor time; batch and roll-up: end to end, each release with its
own stack, ports and data.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Final

import orjson

from bench.ratios import Ratio, at_least

__all__ = ["BEFORE", "ENGINE", "ROLLUP_TENANTS", "NoSuchRelease", "measure", "release"]

BEFORE: Final = "149d988"
"""The release before usage was priced by day."""

TREE: Final = Path(__file__).resolve().parent.parent
ENGINE, BATCH, ROLLUP = 1.3, 1.2, 1.0
"""The minimum speed relative to the earlier release."""

ENGINE_ROUNDS: Final = 15
BATCH_ROUNDS: Final = 5
ROLLUP_ROUNDS: Final = 3
ROLLUP_TENANTS: Final = 10_000


_Process = subprocess.Popen[str]


class NoSuchRelease(RuntimeError):
    """The earlier release is not available."""


@dataclass(frozen=True, slots=True)
class _Round:
    """The same work, done by both releases."""

    before: dict[str, float]
    now: dict[str, float]

    def times(self, measured: str = "seconds") -> float:
        """How many times as fast it is now."""
        return self.before[measured] / self.now[measured]


def measure(revision: str = BEFORE, tenants: int = ROLLUP_TENANTS) -> Iterator[Ratio]:
    """Compares the engine, a batch and a roll-up. Raises NoSuchRelease."""
    with release(revision) as tree:
        with _sides(tree, "engine", tenants) as sides:
            rounds = _compared(sides, "quotes", ENGINE_ROUNDS, warm=True)
        detail = f"{_middle(rounds, 1e6)} µs of CPU a quote"
        yield _ratio(f"quotes in the engine / {revision}", rounds, ENGINE, detail)
        with _sides(tree, "stack", tenants) as sides:
            rounds = _compared(sides, "batch", BATCH_ROUNDS, warm=True)
            detail = f"{_middle(rounds, 1e6)} µs a quote; {_processor(rounds)}"
            yield _ratio(f"batch of quotes, end to end / {revision}", rounds, BATCH, detail)
            rounds = _compared(sides, "rollup", ROLLUP_ROUNDS)
            detail = f"{_middle(rounds, 1)} s, usage by day; {_processor(rounds)}"
            yield _ratio(f"roll-up of {tenants:,} tenants / {revision}", rounds, ROLLUP, detail)


def _ratio(name: str, rounds: list[_Round], bound: float, detail: str) -> Ratio:
    value = median(one.times() for one in rounds)
    return at_least(name, value, bound, detail)


def _middle(rounds: list[_Round], scale: float) -> str:
    before = median(one.before["seconds"] for one in rounds)
    now = median(one.now["seconds"] for one in rounds)
    return f"{now * scale:.1f} vs {before * scale:.1f}"


def _processor(rounds: list[_Round]) -> str:
    return f"{median(one.times('processor') for one in rounds):.2f} times by CPU"


@contextmanager
def _sides(tree: Path, side: str, tenants: int) -> Iterator[tuple[_Process, _Process]]:
    """The earlier release and this one, both ready."""
    with _side(tree, side, tenants) as before, _side(TREE, side, tenants) as now:
        yield before, now


def _compared(
    sides: tuple[_Process, _Process], measured: str, rounds: int, *, warm: bool = False
) -> list[_Round]:
    """The rounds of both, alternating; a warm-up round of each process is optional."""
    before, now = sides
    if warm:
        for side in sides:
            _ask(side, measured)
    return [_Round(_ask(before, measured), _ask(now, measured)) for _ in range(rounds)]


@contextmanager
def _side(tree: Path, side: str, tenants: int) -> Iterator[_Process]:
    """A release that is ready to measure."""
    path = os.pathsep.join(map(str, (tree, tree / "protos" / "gen")))
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", str(TREE / "bench" / "side.py"), str(tree), side, str(tenants)],
            # Its own programs, started without -P, find its code here.
            cwd=tree,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            if _line(process.stdout) != "ready":
                process.wait()
                log.seek(0)
                raise RuntimeError(f"{tree} does not start:\n{log.read()[-4000:]}")
            yield process
        finally:
            # The end of its input stops it and its stack.
            process.communicate()


def _ask(side: _Process, measured: str) -> dict[str, float]:
    assert side.stdin is not None
    side.stdin.write(f"{measured}\n")
    side.stdin.flush()
    answered = _line(side.stdout)
    if not answered:
        raise RuntimeError(f"a release exited while measuring {measured}")
    answer: dict[str, float] = orjson.loads(answered)
    return answer


def _line(output: IO[str] | None) -> str:
    assert output is not None
    return output.readline().strip()


@contextmanager
def release(revision: str) -> Iterator[Path]:
    """The tree of a release, deleted after the measurement."""
    commit = _commit(revision)
    folder = Path(tempfile.mkdtemp(prefix="arcadia-before-"))
    try:
        folder.chmod(0o711)
        with (
            subprocess.Popen(
                [_git(), "-C", str(TREE), "archive", commit], stdout=subprocess.PIPE
            ) as archive,
            tarfile.open(fileobj=archive.stdout, mode="r|") as files,
        ):
            files.extractall(folder, filter="data")
        # Its document renderer, which is not measured, is no longer installed.
        (folder / "xhtml2pdf.py").write_text("pisa = None\n")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _commit(revision: str) -> str:
    asked = [_git(), "-C", str(TREE), "rev-parse", "--verify", "--quiet"]
    found = subprocess.run(
        [*asked, f"{revision}^{{commit}}"], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        return found.stdout.strip()
    shallow = subprocess.run(
        [*asked[:3], "rev-parse", "--is-shallow-repository"],
        capture_output=True,
        text=True,
        check=False,
    )
    if shallow.returncode:
        raise NoSuchRelease(f"{TREE} is not a git repository, so {revision} is not available")
    if shallow.stdout.strip() == "true":
        raise NoSuchRelease(
            f"the repository is shallow and lacks {revision}: run `git fetch --unshallow`"
        )
    raise NoSuchRelease(f"the repository has no commit {revision}")


def _git() -> str:
    git = shutil.which("git")
    if git is None:
        raise NoSuchRelease("git is not installed")
    return git
