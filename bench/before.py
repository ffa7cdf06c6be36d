"""The tree against an earlier release, measured in turns in one run, as ratios.

The earlier release is taken from the repository's history into a temporary folder, and runs by
the same interpreter and installed packages: `PYTHONPATH` puts its code before ours. The two
measure in turns (`bench.side`), so that a slow moment of the machine meets both, and the median
of the paired ratios counts. Engine: processor time; batch and roll-up: end to end, each release
with a stack, ports and data of its own.
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
"""The release before usage was priced by its day."""

TREE: Final = Path(__file__).resolve().parent.parent
ENGINE, BATCH, ROLLUP = 1.3, 1.2, 1.0
"""How many times as much as before is done in the same time, at least."""

ENGINE_ROUNDS: Final = 15
BATCH_ROUNDS: Final = 5
ROLLUP_ROUNDS: Final = 3
ROLLUP_TENANTS: Final = 10_000


_Process = subprocess.Popen[str]


class NoSuchRelease(RuntimeError):
    """The earlier release cannot be had here."""


@dataclass(frozen=True, slots=True)
class _Round:
    """The same work, done by both."""

    before: dict[str, float]
    now: dict[str, float]

    def times(self, measured: str = "seconds") -> float:
        """How many times as fast it is now."""
        return self.before[measured] / self.now[measured]


def measure(revision: str = BEFORE, tenants: int = ROLLUP_TENANTS) -> Iterator[Ratio]:
    """The engine, a batch and a roll-up, now against then. Raises NoSuchRelease."""
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
    return f"{now * scale:.1f} against {before * scale:.1f}"


def _processor(rounds: list[_Round]) -> str:
    return f"{median(one.times('processor') for one in rounds):.2f} times by CPU"


@contextmanager
def _sides(tree: Path, side: str, tenants: int) -> Iterator[tuple[_Process, _Process]]:
    """The release before and ours, both ready."""
    with _side(tree, side, tenants) as before, _side(TREE, side, tenants) as now:
        yield before, now


def _compared(
    sides: tuple[_Process, _Process], measured: str, rounds: int, *, warm: bool = False
) -> list[_Round]:
    """The rounds of both in turns; the first one of a process, which is slower, may be warmed."""
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
            # Where its own programs are started without -P, they find its code here.
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
            # The end of its input ends it, and its stack with it.
            process.communicate()


def _ask(side: _Process, measured: str) -> dict[str, float]:
    assert side.stdin is not None
    side.stdin.write(f"{measured}\n")
    side.stdin.flush()
    answered = _line(side.stdout)
    if not answered:
        raise RuntimeError(f"a side ended while it measured {measured}")
    answer: dict[str, float] = orjson.loads(answered)
    return answer


def _line(output: IO[str] | None) -> str:
    assert output is not None
    return output.readline().strip()


@contextmanager
def release(revision: str) -> Iterator[Path]:
    """The tree of a release, until it was measured."""
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
        # Its renderer of documents, which nothing here measures, is not installed any more.
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
        raise NoSuchRelease(f"{TREE} is no git repository: there is no {revision} to compare with")
    if shallow.stdout.strip() == "true":
        raise NoSuchRelease(
            f"the repository is shallow and lacks {revision}: run `git fetch --unshallow`"
        )
    raise NoSuchRelease(f"the repository has no commit {revision}")


def _git() -> str:
    git = shutil.which("git")
    if git is None:
        raise NoSuchRelease("git is not installed: the earlier release cannot be taken out")
    return git
