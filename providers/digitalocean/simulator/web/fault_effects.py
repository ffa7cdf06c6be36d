"""The effects of faults on responses."""

from collections.abc import Callable
from typing import Any

import orjson

from providers.digitalocean.simulator.web.errors import PENDING_EVENT, render_error
from providers.digitalocean.simulator.web.faults import Fault, Firing, Rule

__all__ = ["RawAnswer", "instead", "twisted"]

_HTML_404 = (
    b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
    b"<body><center><h1>404 Not Found</h1></center></body></html>\n"
)
_HTML_504 = (
    b"<!DOCTYPE html>\n<html><head><title>504 Gateway Time-out</title></head>\n"
    b"<body><center><h1>504 Gateway Time-out</h1></center></body></html>\n"
)


class RawAnswer:
    """Status, headers and body that replace a response."""

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
    known = {
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        409: "conflict",
        422: "unprocessable_entity",
    }
    identifier = known.get(rule.status, "server_error" if rule.status >= 500 else "bad_request")
    return RawAnswer(rule.status, render_error(identifier, "As the fault rule says."), _JSON)


_INSTEAD: dict[Fault, Callable[[Rule], RawAnswer]] = {
    Fault.TOO_MANY_REQUESTS: _too_many,
    Fault.SERVER_ERROR: lambda _: RawAnswer(
        500, render_error("server_error", "Unexpected server-side error"), _JSON
    ),
    Fault.GATEWAY_TIMEOUT: lambda _: RawAnswer(504, _HTML_504, (b"content-type", b"text/html")),
    Fault.STATUS: _status,
    Fault.ERROR_BODY: lambda _: RawAnswer(
        200, render_error("server_error", "Unexpected server-side error"), _JSON
    ),
    Fault.NOT_FOUND_PAGE: lambda _: RawAnswer(404, _HTML_404, (b"content-type", b"text/html")),
    Fault.PENDING_EVENT: lambda _: RawAnswer(
        422, render_error("unprocessable_entity", PENDING_EVENT), _JSON
    ),
}


def instead(rule: Rule) -> RawAnswer | None:
    """The response of a rule instead of the true one, if any."""
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


def _list_name(document: dict[str, Any]) -> str | None:
    """The key of the list in a response; None in the response of a single object."""
    return next((key for key, value in document.items() if isinstance(value, list)), None)


def _empty_absent(document: dict[str, Any], _firing: Firing) -> None:
    name = _list_name(document)
    # Seen only in responses with a total of 0.
    if name is not None and not document[name] and _says_zero(document):
        del document[name]


def _says_zero(document: dict[str, Any]) -> bool:
    return 0 in (document.get("meta", {}).get("total"), document.get("total_items"))


def _empty_null(document: dict[str, Any], _firing: Firing) -> None:
    name = _list_name(document)
    if name is not None and not document[name]:
        document[name] = None


def _extra_row(document: dict[str, Any], firing: Firing) -> None:
    name = _list_name(document)
    if name is None:
        return
    if "prev" not in _pages(document):
        document[name].append(firing.rule.row)
    if "meta" in document:
        document["meta"]["total"] += 1


def _hidden_row(document: dict[str, Any], firing: Firing) -> None:
    name = _list_name(document)
    if name is None:
        return
    document[name] = [row for row in document[name] if _id(row) != firing.rule.row_id]
    if "meta" in document:
        document["meta"]["total"] -= 1


def _wrong_total(document: dict[str, Any], firing: Firing) -> None:
    if "meta" in document:
        document["meta"]["total"] += firing.rule.by


def _odd_field(document: dict[str, Any], firing: Firing) -> None:
    holder, name = _place(document, firing.rule)
    if holder is not None:
        holder[name] = firing.rule.value


def _absent_field(document: dict[str, Any], firing: Firing) -> None:
    holder, name = _place(document, firing.rule)
    if holder is not None:
        del holder[name]


def _place(document: dict[str, Any], rule: Rule) -> tuple[Any, Any]:
    """The object and the field of a rule's `key` in a row; (None, None) if missing."""
    name = _list_name(document)
    rows = document[name] if name is not None else list(document.values())
    means = (row for row in rows if isinstance(row, dict) and rule.row_id in ("", _id(row)))
    holder: Any = next(means, None)
    *above, last = (int(part) if part.isdecimal() else part for part in rule.key.split("."))
    try:
        for part in above:
            holder = holder[part]
        holder[last]
    except (KeyError, IndexError, TypeError):
        # A missing field can be set, but not removed.
        settable = rule.fault is Fault.ODD_FIELD and isinstance(holder, dict) and not above
        return (holder, last) if settable else (None, None)
    return holder, last


def _id(row: dict[str, Any]) -> str:
    return str(row.get("id", row.get("ip", row.get("name"))))


_TWISTS: dict[Fault, Callable[[dict[str, Any], Firing], None]] = {
    Fault.MISSING_KEY: _missing_key,
    Fault.SHRINKING_TOTAL: _shrinking_total,
    Fault.FOREIGN_NEXT: _foreign_next,
    Fault.CYCLING_NEXT: _cycling_next,
    Fault.EMPTY_ABSENT: _empty_absent,
    Fault.EMPTY_NULL: _empty_null,
    Fault.ODD_FIELD: _odd_field,
    Fault.ABSENT_FIELD: _absent_field,
    Fault.EXTRA_ROW: _extra_row,
    Fault.HIDDEN_ROW: _hidden_row,
    Fault.WRONG_TOTAL: _wrong_total,
}


def twisted(body: bytes, firings: list[Firing]) -> bytes:
    """The body after the rules' changes; bodies other than JSON objects are unchanged."""
    twists = [firing for firing in firings if firing.rule.fault in _TWISTS]
    if twists and body.startswith(b"{"):
        document = orjson.loads(body)
        for firing in twists:
            _TWISTS[firing.rule.fault](document, firing)
        body = orjson.dumps(document)
    if any(firing.rule.fault is Fault.TRUNCATE for firing in firings):
        body = body[: len(body) // 2]
    return body
