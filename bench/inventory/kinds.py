"""A full sync of 10,000 resources of all kinds, compared with fetching the same pages.

The account is mixed like a large one. The reference requests the same paths, in sequence for each
kind, with as many kinds at the same time as the worker.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from statistics import median
from typing import Final
from zlib import crc32

import httpx

from bench.environment import LATENCY_MS, BenchStack
from bench.ratios import Ratio, at_most, paired_median
from kinds import RESOURCE_KINDS
from providers.digitalocean.sources import PARTS_AT_ONCE

__all__ = ["measure"]

DROPLETS: Final = 4_000
MIX: Final = {
    "volume": 2_000,
    "snapshot": 1_600,
    "image": 800,
    "firewall": 300,
    "load_balancer": 300,
    "reserved_ip": 400,
    "database": 200,
    "kubernetes_cluster": 60,
    "vpc": 100,
    "app": 100,
    "domain": 100,
    "cdn_endpoint": 40,
}
"""Added to the account's own resources; together with the droplets 10,000."""

ROUNDS: Final = 3


def measure(stack: BenchStack) -> list[Ratio]:
    """Full syncs of an unchanged account."""
    stack.control("scale", droplets=DROPLETS)
    for kind, count in MIX.items():
        stack.control("mutate", do="clone", kind=kind, count=count)
    _, first = stack.sync()
    seen = sum(one.seen_count for one in first.outcomes if one.kind in RESOURCE_KINDS)
    rounds = [_against_fetch(stack) for _ in range(ROUNDS)]
    synced, fetched = (median(each) for each in zip(*rounds, strict=True))
    return [
        at_most(
            "(f) full sync of every kind / fetch",
            paired_median(rounds),
            1.5,
            (
                f"{synced:.2f} s against {fetched:.2f} s for {seen:,} resources of"
                f" {len(RESOURCE_KINDS)} kinds, {LATENCY_MS} ms a request"
            ),
        )
    ]


def _against_fetch(stack: BenchStack) -> tuple[float, float]:
    """Seconds of a full sync, from start to result, and of fetching what it requested."""
    # Waits for the rate limit of CDN endpoints, five requests in ten seconds, to reset.
    time.sleep(10)
    stack.served_requests()
    synced, _ = stack.sync()
    return synced, _fetch(stack, stack.served_requests())


def _fetch(stack: BenchStack, paths: list[str]) -> float:
    """One sequence of requests per kind, all sequences at once, as in the sync."""
    lines = [list(line) for _, line in groupby(sorted(paths, key=_listing), key=_listing)]

    def read(line: list[str]) -> None:
        with httpx.Client(
            base_url=stack.simulator.base_url, headers=stack.simulator.headers, timeout=60
        ) as client:
            for path in line:
                client.get(path).raise_for_status()

    started = time.perf_counter()
    with ThreadPoolExecutor(max_workers=len(lines)) as pool:
        list(pool.map(read, lines))
    return time.perf_counter() - started


def _listing(path: str) -> str:
    """The sequence of a path: `/v2/<listing>`, or one of several for single objects."""
    parts = path.partition("?")[0].split("/")
    spread = parts[-1] in {"records", "replicas"}
    lane = crc32(parts[3].encode()) % PARTS_AT_ONCE if spread else 0
    return f"{'/'.join(parts[:3])} {lane}"
