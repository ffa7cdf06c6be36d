"""Fault rules: the faults of the simulator, and the matching requests."""

import random
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Fault", "FaultRules", "Firing", "Rule"]


class Fault(StrEnum):
    """The types of faults."""

    TOO_MANY_REQUESTS = "too_many_requests"
    """429; with a `retry-after` header when the rule has `retry_after`."""
    SERVER_ERROR = "server_error"
    GATEWAY_TIMEOUT = "gateway_timeout"
    """504 with a page of HTML."""
    STATUS = "status"
    """Any other status, `status`, with an error body."""
    PENDING_EVENT = "pending_event"
    """422 about another action on the droplet."""
    DELAY = "delay"
    """`delay_ms` before an otherwise correct response."""
    DROP = "drop"
    """The connection breaks within the body."""
    TRUNCATE = "truncate"
    """A well-formed response with truncated JSON."""
    MISSING_KEY = "missing_key"
    """200, but `key` (by default the list's) is missing."""
    SHIFT = "shift"
    """After page `page` its first item is deleted, so that later pages shift."""
    SHRINKING_TOTAL = "shrinking_total"
    """`meta.total` decreases by one with each response."""
    FOREIGN_NEXT = "foreign_next"
    """The links have another host."""
    CYCLING_NEXT = "cycling_next"
    """`next` always links to the same page."""
    EMPTY_ABSENT = "empty_absent"
    """A list without rows is omitted."""
    EMPTY_NULL = "empty_null"
    """A list without rows is null."""
    ERROR_BODY = "error_body"
    """200 with an error body."""
    NOT_FOUND_PAGE = "not_found_page"
    """404 with a page of HTML, as from a proxy."""
    ODD_FIELD = "odd_field"
    """A row has `value` at the dotted path `key` (row `id`, or the first), in lists and single
    reads."""
    ABSENT_FIELD = "absent_field"
    """A row has nothing at the dotted path `key` (row `id`, or the first), in lists and single
    reads."""
    EXTRA_ROW = "extra_row"
    """The first page of a list also shows `row`, and counts it."""
    HIDDEN_ROW = "hidden_row"
    """A list omits the row `id`, and does not count it."""
    WRONG_TOTAL = "wrong_total"
    """`meta.total` is too high by `by`."""


@dataclass(frozen=True)
class Rule:
    """A fault, and when it applies."""

    fault: Fault
    path: str = "/v2/"
    """A prefix of the path."""
    pattern: str = ""
    """A regular expression that must also match in path and query."""
    method: str = ""
    """Empty for any."""
    times: int | None = None
    """How often it applies; None without a limit."""
    skip: int = 0
    """The number of matching requests that pass first."""
    every: int = 0
    """Applies to every n-th identical request, query included; 0 applies to all."""
    turn: int = 1
    """The first of these."""
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
    """A rule that applies to a request, for the `number`-th time."""

    rule: Rule
    number: int


@dataclass
class _Kept:
    rule: Rule
    chance: random.Random
    seen: int = 0
    fired: int = 0
    same: Counter[str] = field(default_factory=Counter)
    """The number of identical requests."""

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
    """The active rules, in memory only: a restarted simulator has none."""

    _rules: dict[int, _Kept] = field(default_factory=dict)
    _last: int = 0

    def add(self, rule: Rule) -> int:
        """Adds a rule; returns its number."""
        self._last += 1
        self._rules[self._last] = _Kept(rule, random.Random(rule.seed))
        return self._last

    def remove(self, number: int | None = None) -> None:
        """Removes one rule, or all."""
        if number is None:
            self._rules.clear()
        else:
            self._rules.pop(number, None)

    def meet(self, method: str, path: str, query: str) -> list[Firing]:
        """The rules that apply to this request, oldest first; counts them."""
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
