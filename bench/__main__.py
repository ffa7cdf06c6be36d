"""`make bench`: measures every ratio, and says which bounds hold (exit code 1: not all).

`make bench ARGS="rollups margin"` measures those alone; `ARGS="before --before v1"` compares
with another release.
"""

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from bench import (
    before,
    cost_pages,
    drift,
    ingest,
    kinds,
    listing,
    margin,
    matching,
    pages,
    quote_http,
    quote_rpc,
    quoting,
    rollups,
    rpc,
    sweeps,
    usage_events,
)
from bench.environment import BenchStack, running_stack
from bench.ratios import Ratio

ALONE: Final[dict[str, Callable[[], Iterable[Ratio]]]] = {
    "rpc": lambda: [rpc.measure()],
    "quoting": quoting.measure,
    "before": before.measure,
}
"""Those that need no stack, or start their own."""

# The first sync first, on an empty inventory; the pages last: they leave 100,000 rows behind.
ON_STACK: Final[dict[str, Callable[[BenchStack], Iterable[Ratio]]]] = {
    "first_sync": sweeps.measure_first,
    "listing": listing.measure,
    "sweeps": sweeps.measure,
    "kinds": kinds.measure,
    "drift": drift.measure,
    "ingest": ingest.measure,
    "matching": matching.measure,
    "cost_pages": cost_pages.measure,
    "usage_events": usage_events.measure,
    "margin": margin.measure,
    "rollups": rollups.measure,
    "quote_rpc": quote_rpc.measure,
    "quote_http": quote_http.measure,
    "pages": pages.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Runs all benches, or those that are named; the exit code."""
    asked = _asked(arguments)
    chosen = asked.names or [*ALONE, *ON_STACK]
    missed: list[str] = []
    for name, bench in ALONE.items():
        if name in chosen:
            compare = partial(before.measure, asked.before, asked.tenants)
            _run(name, compare if name == "before" else bench, missed)
    if any(name in chosen for name in ON_STACK):
        with running_stack(sweeps.SMALL) as stack:
            for name, on_stack in ON_STACK.items():
                if name in chosen:
                    _run(name, partial(on_stack, stack), missed)
    if missed:
        print(f"\nMissed: {'; '.join(missed)}")
    return 1 if missed else 0


def _run(name: str, bench: Callable[[], Iterable[Ratio]], missed: list[str]) -> None:
    """Prints what a bench measures; one that fails does not keep the others from running."""
    try:
        for ratio in bench():
            print(ratio.line(), flush=True)
            if not ratio.held:
                missed.append(ratio.name)
    except before.NoSuchRelease as error:
        print(f"MISSED {name}: {error}", flush=True)
        missed.append(name)
    except Exception:  # noqa: BLE001  whatever it is, the next bench is another matter
        traceback.print_exc()
        print(f"FAILED {name}", flush=True)
        missed.append(name)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, as ratios.")
    names = [*ALONE, *ON_STACK]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which benches; all without: {', '.join(names)}"
    )
    parser.add_argument(
        "--before", default=before.BEFORE, metavar="REVISION", help="what `before` compares with"
    )
    parser.add_argument(
        "--tenants", type=int, default=before.ROLLUP_TENANTS, help="tenants of its roll-up"
    )
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in names]:
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(names)}")
    return asked


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and the stack ends with it
    sys.exit(main(sys.argv[1:]))
