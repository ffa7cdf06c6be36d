"""The attacks, in order."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bench.attack import floods, fuzzing, holders, refusals
from bench.attack.connections import Outcomes
from bench.attack.target import Target

__all__ = ["PROBES", "Probe"]


@dataclass(frozen=True, slots=True)
class Probe:
    """A type of attack."""

    name: str
    tried: str
    run: Callable[[Target, Outcomes], Awaitable[None]]
    """Runs until it is cancelled, and counts the outcomes of its tries."""
    least: int
    """Minimum number of tries; the attack runs until it is reached."""
    never: tuple[str, ...] = ()
    """Prefixes of forbidden outcomes."""


_SERVED: Final = ("answered",)

PROBES: Final = (
    Probe("silent connections", "10,000 at a time", holders.silent, 10_000),
    Probe("unread streams", "2,600 at a time", holders.unread, 1_000),
    Probe("slow headers", "500 at a time", holders.slow_headers, 500),
    Probe("large bodies", "12 connections, 4.7 MB each", floods.large_bodies, 100, _SERVED),
    Probe("many values", "12 connections, 2 MB each", floods.many_values, 50, _SERVED),
    Probe("watch streams", "1,000 of one tenant", holders.watches, 1_000),
    Probe("flood of a tenant", "500 calls at a time, direct gRPC", floods.one_tenant, 1_000),
    Probe("anonymous health", "400 callers", floods.health, 4_000),
    Probe("made-up API keys", "400 callers", floods.made_up_keys, 4_000, _SERVED),
    Probe("refused quotes", "1,000 of 4.7 MB, direct gRPC", floods.refused_quotes, 1_000, _SERVED),
    Probe("malformed HTTP", "16 kinds", refusals.malformed, 160, ("taken",)),
    Probe("fuzzer", "every RPC, JSON and gRPC", fuzzing.fuzz, 2_000, fuzzing.FAULTS),
)
