"""Fault rules: how the simulator misbehaves, and which rules a request matches."""

import random
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Fault", "FaultRules", "Firing", "Rule"]


class Fault(StrEnum):
    """What can go wrong."""

    TOO_MANY_REQUESTS = "too_many_requests"
    """429; with a `retry-after` header when the rule has `retry_after`."""
    SERVER_ERROR = "server_error"
    GATEWAY_TIMEOUT = "gateway_timeout"
    """504 with a page of HTML."""
    STATUS = "status"
    """Any other status, `status`, with an error body."""
    PENDING_EVENT = "pending_event"
    """422 that tells of another action on the droplet, begun since the caller looked."""
    DELAY = "delay"
    """`delay_ms` before the answer, which is otherwise as it should be."""
    DROP = "drop"
    """The connection breaks in the middle of the body."""
    TRUNCATE = "truncate"
    """A well-formed answer whose JSON stops half-way."""
    MISSING_KEY = "missing_key"
    """200, but `key` (by default the list's own) is not in the object."""
    SHIFT = "shift"
    """After page `page` was served its first item is deleted, so that later pages shift."""
    SHRINKING_TOTAL = "shrinking_total"
    """`meta.total` is less by one with each answer."""
    FOREIGN_NEXT = "foreign_next"
    """The links lead to another host."""
    CYCLING_NEXT = "cycling_next"
    """`next` leads to the same page for ever."""
    EMPTY_ABSENT = "empty_absent"
    """A list without rows is left out of its answer."""
    EMPTY_NULL = "empty_null"
    """A list without rows is null."""
    ERROR_BODY = "error_body"
    """200 with an error body."""
    NOT_FOUND_PAGE = "not_found_page"
    """404 with a page of HTML, as a proxy answers."""
    ODD_FIELD = "odd_field"
    """A row has `value` at the dotted path `key` (row `id`, or the first), in lists and alone."""
    ABSENT_FIELD = "absent_field"
    """A row has nothing at the dotted path `key` (row `id`, or the first), in lists and alone."""
    EXTRA_ROW = "extra_row"
    """The first page of a list also shows `row`, and counts it."""
    HIDDEN_ROW = "hidden_row"
    """A list leaves out the row `id`, and does not count it."""
    WRONG_TOTAL = "wrong_total"
    """`meta.total` is `by` more than there are."""


@dataclass(frozen=True)
class Rule:
    """When to misbehave, and how."""

    fault: Fault
    path: str = "/v2/"
    """The beginning of the path."""
    pattern: str = ""
    """A regular expression searched in path and query, in addition."""
    method: str = ""
    """Empty: any."""
    times: int | None = None
    """How often; None for ever."""
    skip: int = 0
    """How many matching requests pass first."""
    every: int = 0
    """Each so many-th time that the very same is asked, query included; 0: however often."""
    turn: int = 1
    """The time at which that begins."""
    probability: float = 1.0
    seed: int = 0
    retry_after: int | None = None
    status: int = 500
    delay_ms: int = 0
    key: str = ""
    page: int = 1
    row_id: str = ""
    value: Any = None
    row: Any = None
    by: int = 1


@dataclass(frozen=True)
class Firing:
    """A rule that a request met, for the `number`-th time."""

    rule: Rule
    number: int


@dataclass
class _Kept:
    rule: Rule
    chance: random.Random
    seen: int = 0
    fired: int = 0
    same: Counter[str] = field(default_factory=Counter)
    """How often the very same was asked."""

    def meets(self, method: str, path: str, query: str) -> bool:
        rule = self.rule
        matches = (
            path.startswith(rule.path)
            and rule.method.upper() in ("", method)
            and (rule.fault is not Fault.SHIFT or _page(query) == rule.page)
            and (not rule.pattern or re.search(rule.pattern, f"{path}?{query}") is not None)
        )
        if not matches or (rule.times is not None and self.fired >= rule.times):
            return False
        self.seen += 1
        if self.seen <= rule.skip or self.chance.random() >= rule.probability:
            return False
        if rule.every:
            same = f"{method} {path}?{query}"
            self.same[same] += 1
            if (self.same[same] - rule.turn) % rule.every:
                return False
        self.fired += 1
        return True


def _page(query: str) -> int:
    found = re.search(r"(?:^|&)page=(\d+)", query)
    return int(found[1]) if found else 1


@dataclass
class FaultRules:
    """The rules in force, in memory only: a restarted simulator has none."""

    _rules: dict[int, _Kept] = field(default_factory=dict)
    _last: int = 0

    def add(self, rule: Rule) -> int:
        """Put a rule in force; answers its number."""
        self._last += 1
        self._rules[self._last] = _Kept(rule, random.Random(rule.seed))
        return self._last

    def remove(self, number: int | None = None) -> None:
        """Lift one rule, or all."""
        if number is None:
            self._rules.clear()
        else:
            self._rules.pop(number, None)

    def meet(self, method: str, path: str, query: str) -> list[Firing]:
        """The rules that strike this request, oldest first; each counts it."""
        return [
            Firing(kept.rule, kept.fired)
            for kept in self._rules.values()
            if kept.meets(method, path, query)
        ]

    def listed(self) -> list[dict[str, object]]:
        """The rules with their counts, as JSON objects."""
        return [
            {"id": number, "seen": kept.seen, "fired": kept.fired, **asdict(kept.rule)}
            for number, kept in self._rules.items()
        ]
