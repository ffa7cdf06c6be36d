"""`make bench`: measures every ratio, and says which bounds hold (exit code 1: not all)."""

import signal
import sys

from bench import (
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
from bench.environment import running_stack

# The pages last: they leave 100,000 rows behind.
BENCHES = (
    listing.measure,
    sweeps.measure,
    kinds.measure,
    drift.measure,
    ingest.measure,
    matching.measure,
    cost_pages.measure,
    usage_events.measure,
    margin.measure,
    rollups.measure,
    quote_rpc.measure,
    quote_http.measure,
    pages.measure,
)


def main() -> int:
    """Runs all benches; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and the stack ends with it
    ratios = [rpc.measure(), *quoting.measure()]
    for ratio in ratios:
        print(ratio.line(), flush=True)
    with running_stack(sweeps.SMALL) as stack:
        for bench in BENCHES:
            for ratio in bench(stack):
                ratios.append(ratio)
                print(ratio.line(), flush=True)
    return 0 if all(ratio.held for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
