"""`make bench`: runs all benchmarks; the exit code is 1 if a bound is missed.

`make bench ARGS="rollups margin"` runs only those; `ARGS="before --before v1"` compares with
another release. A benchmark that fails, or takes longer than `MAX_SECONDS`, is in the summary too,
and the others still run.
"""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bench import before
from bench.costs import cost_pages, coverage, ingest, margin, matching
from bench.environment import BenchStack, running_stack
from bench.inventory import drift, kinds, listing, sweeps
from bench.invoicing import documents, rollups, usage_events
from bench.pricing import quote_http, quote_rpc, quoting, simulation
from bench.ratios import Ratio
from bench.transport import pages, rpc

MAX_SECONDS: Final = 1_200
"""Timeout of a benchmark, so that one that hangs does not prevent the others."""


def _kinds() -> Iterable[Ratio]:
    """Uses an account of its own, so that no resource that another benchmark added is missing."""
    with running_stack(kinds.DROPLETS) as stack:
        yield from kinds.measure(stack)


def _matching() -> Iterable[Ratio]:
    """Uses an account of its own, because other benchmarks rename resources."""
    with running_stack(matching.RESOURCES) as stack:
        yield from matching.measure(stack)


ALONE: Final[dict[str, Callable[[], Iterable[Ratio]]]] = {
    "rpc": lambda: [rpc.measure()],
    "quoting": quoting.measure,
    "simulation": simulation.measure,
    "documents": documents.measure,
    "before": before.measure,
    "kinds": _kinds,
    "matching": _matching,
    "first_sync": sweeps.measure_first,
}
"""Benchmarks without the shared stack."""

# The account only grows: 10,000 droplets, then 100,000. `pages` is last, because it leaves rows
# behind.
ON_STACK: Final[dict[str, Callable[[BenchStack], Iterable[Ratio]]]] = {
    "listing": listing.measure,
    "sweeps": sweeps.measure,
    "drift": drift.measure,
    "ingest": ingest.measure,
    "cost_pages": cost_pages.measure,
    "usage_events": usage_events.measure,
    "margin": margin.measure,
    "coverage": coverage.measure,
    "rollups": rollups.measure,
    "dimensions": rollups.measure_dimensions,
    "quote_rpc": quote_rpc.measure,
    "quote_http": quote_http.measure,
    "pages": pages.measure,
}


@dataclass
class _Report:
    """The results, as the summary prints them."""

    missed: list[str] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The duration, and missed bounds and failures."""
        each = ", ".join(f"{name} {seconds:.0f}" for name, seconds in self.seconds.items())
        found = [f"Seconds: {each}; {sum(self.seconds.values()) / 60:.1f} minutes in all"]
        if self.missed:
            found.append(f"Missed: {'; '.join(self.missed)}")
        if self.died:
            found.append(f"Died: {'; '.join(self.died)}")
        return found


class TookTooLong(KeyboardInterrupt):
    """A benchmark timed out; a KeyboardInterrupt, so that an event loop does not catch it."""


def main(arguments: Sequence[str]) -> int:
    """Runs all benchmarks, or the given ones; returns the exit code."""
    asked = _arguments(arguments)
    chosen = asked.names or [*ALONE, *ON_STACK]
    report = _Report()
    for name, bench in ALONE.items():
        if name in chosen:
            compare = partial(before.measure, asked.before, asked.tenants)
            _run(name, compare if name == "before" else bench, report)
    on_stack = [name for name in ON_STACK if name in chosen]
    if on_stack:
        stack_of = f"the stack of {', '.join(on_stack)}"
        with _died_of(stack_of, report), running_stack(sweeps.SMALL) as stack:
            for name in on_stack:
                _run(name, partial(ON_STACK[name], stack), report)
    print()
    print("\n".join(report.lines()), flush=True)
    return 1 if report.missed or report.died else 0


def _run(name: str, bench: Callable[[], Iterable[Ratio]], report: _Report) -> None:
    """Runs a benchmark and prints its results; a failure does not stop the others."""
    started = time.monotonic()
    with _died_of(name, report), _limited():
        for ratio in bench():
            print(ratio.line(), flush=True)
            if not ratio.held:
                report.missed.append(ratio.name)
    report.seconds[name] = time.monotonic() - started


@contextmanager
def _died_of(name: str, report: _Report) -> Iterator[None]:
    try:
        yield
    except before.NoSuchRelease as error:
        print(f"MISSED {name}: {error}", flush=True)
        report.died.append(f"{name} ({error})")
    except (Exception, TookTooLong) as error:  # noqa: BLE001  (the others still run)
        traceback.print_exc()
        print(f"FAILED {name}", flush=True)
        report.died.append(f"{name} ({type(error).__name__})")


@contextmanager
def _limited() -> Iterator[None]:
    def end(*_: object) -> None:
        raise TookTooLong(f"timed out after {MAX_SECONDS} s")

    former = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    names = [*ALONE, *ON_STACK]
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"the benchmarks to run; default: all of {', '.join(names)}",
    )
    parser.add_argument(
        "--before",
        default=before.BEFORE,
        metavar="REVISION",
        help="the release that `before` compares with",
    )
    parser.add_argument(
        "--tenants",
        type=int,
        default=before.ROLLUP_TENANTS,
        help="number of tenants in its roll-up",
    )
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in names]:
        parser.error(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(names)}")
    return asked


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the stack is stopped too
    sys.exit(main(sys.argv[1:]))
