"""What each fault does to an answer."""

from collections.abc import Callable
from typing import Any

import orjson

from providers.digitalocean.simulator.errors import PENDING_EVENT, render_error
from providers.digitalocean.simulator.faults import Fault, Firing, Rule

__all__ = ["RawAnswer", "instead", "twisted"]

_HTML_504 = (
    b"<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head>\n"
    b"<body><center><h1>504 Gateway Time-out</h1></center></body></html>\n"
)


class RawAnswer:
    """Status, headers and body of an answer that replaces the true one."""

    def __init__(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        self.status = status
        self.body = body
        self.headers = headers


_JSON = (b"content-type", b"application/json")


def _too_many(rule: Rule) -> RawAnswer:
    body = render_error("too_many_requests", "API rate limit exceeded.")
    if rule.retry_after is None:
        return RawAnswer(429, body, _JSON)
    return RawAnswer(429, body, _JSON, (b"retry-after", b"%d" % rule.retry_after))


def _status(rule: Rule) -> RawAnswer:
    known = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict"}
    identifier = known.get(rule.status, "server_error" if rule.status >= 500 else "bad_request")
    return RawAnswer(rule.status, render_error(identifier, "As the fault rule says."), _JSON)


_INSTEAD: dict[Fault, Callable[[Rule], RawAnswer]] = {
    Fault.TOO_MANY_REQUESTS: _too_many,
    Fault.SERVER_ERROR: lambda _: RawAnswer(
        500, render_error("server_error", "Unexpected server-side error"), _JSON
    ),
    Fault.GATEWAY_TIMEOUT: lambda _: RawAnswer(504, _HTML_504, (b"content-type", b"text/html")),
    Fault.STATUS: _status,
    Fault.PENDING_EVENT: lambda _: RawAnswer(
        422, render_error("unprocessable_entity", PENDING_EVENT), _JSON
    ),
}


def instead(rule: Rule) -> RawAnswer | None:
    """The answer that a rule gives in place of the true one, if it does."""
    make = _INSTEAD.get(rule.fault)
    return None if make is None else make(rule)


def _missing_key(document: dict[str, Any], firing: Firing) -> None:
    lists = [key for key, value in document.items() if isinstance(value, list)]
    document.pop(firing.rule.key or (lists[0] if lists else ""), None)


def _shrinking_total(document: dict[str, Any], firing: Firing) -> None:
    if "meta" in document:
        document["meta"]["total"] = max(0, document["meta"]["total"] - firing.number)


def _pages(document: dict[str, Any]) -> dict[str, str]:
    pages: dict[str, str] = document.get("links", {}).get("pages", {})
    return pages


def _foreign_next(document: dict[str, Any], _firing: Firing) -> None:
    pages = _pages(document)
    for name, url in pages.items():
        pages[name] = "https://elsewhere.invalid/" + url.split("/", 3)[3]


def _cycling_next(document: dict[str, Any], _firing: Firing) -> None:
    pages = _pages(document)
    if "next" in pages:
        pages["next"] = pages.get("first", pages["next"])


_TWISTS: dict[Fault, Callable[[dict[str, Any], Firing], None]] = {
    Fault.MISSING_KEY: _missing_key,
    Fault.SHRINKING_TOTAL: _shrinking_total,
    Fault.FOREIGN_NEXT: _foreign_next,
    Fault.CYCLING_NEXT: _cycling_next,
}


def twisted(body: bytes, firings: list[Firing]) -> bytes:
    """The body after what the rules do to its content; other than JSON objects stay."""
    twists = [firing for firing in firings if firing.rule.fault in _TWISTS]
    if twists and body.startswith(b"{"):
        document = orjson.loads(body)
        for firing in twists:
            _TWISTS[firing.rule.fault](document, firing)
        body = orjson.dumps(document)
    if any(firing.rule.fault is Fault.TRUNCATE for firing in firings):
        body = body[: len(body) // 2]
    return body
