"""Log files of the parts, bounded in size."""

import contextlib
import json
import shutil
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.text import Text

__all__ = ["Follower", "LogLine", "as_text", "bound", "parsed", "tail"]

MAX_LOG_BYTES: Final = 20 * 1024 * 1024


def bound(log: Path) -> None:
    """Moves the contents of a log to `<name>.1` if it is too large.

    The file itself stays, because its part has it open for appending.
    """
    try:
        if log.stat().st_size <= MAX_LOG_BYTES:
            return
    except FileNotFoundError:
        return
    with contextlib.suppress(OSError):
        # On a full disk the old lines are lost, which is better than growing.
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    with log.open("r+b") as file:
        file.truncate(0)


def tail(log: Path, lines: int, *, since: int = 0) -> list[str]:
    """The last lines of a log, from byte `since` on."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            last = deque(file, maxlen=lines)
    except FileNotFoundError:
        return []
    return [line.decode(errors="replace").rstrip() for line in last]


class Follower:
    """Reads the lines appended to a log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = log.stat().st_size if log.exists() else 0

    def lines(self) -> list[str]:
        """The complete lines since the last call."""
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(self._offset if size >= self._offset else 0)
                content = file.read()
                end = content.rfind(b"\n") + 1
                self._offset = file.tell() - (len(content) - end)
        except FileNotFoundError:
            return []
        return content[:end].decode(errors="replace").splitlines()


STYLES: Final = {"debug": "dim", "info": "green", "warning": "yellow", "error": "red"}
LEVELS: Final = {"warn": "warning", "critical": "error", "fatal": "error", "exception": "error"}
HEAD: Final = ("timestamp", "time", "level", "event", "msg", "message", "request_id", "exception")
OMITTED: Final = ("program",)
"""Already shown as the name of the part."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A parsed log line. A line that is not a JSON object is only `message`."""

    message: str
    at: str = ""
    """UTC, to the millisecond; empty if the line has none."""
    level: str = ""
    details: tuple[tuple[str, str], ...] = ()
    request_id: str = ""
    trace: tuple[str, ...] = field(default=())
    """The lines of the exception."""


def parsed(line: str) -> LogLine:
    """Parses a log line of any program; never fails.

    Control characters are escaped, because logs contain untrusted input.
    """
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        return LogLine(message=_plain(line))
    level = str(record.get("level", "")).lower()
    return LogLine(
        message=_first(record, "event", "msg", "message"),
        at=_instant(_first(record, "timestamp", "time")),
        level=_plain(LEVELS.get(level, level)),
        details=tuple(
            (_plain(name), _value(value))
            for name, value in record.items()
            if name not in (*HEAD, *OMITTED) and value not in ("", None)
        ),
        request_id=_first(record, "request_id"),
        trace=tuple(_plain(one) for one in str(record.get("exception") or "").splitlines()),
    )


def as_text(part: str, line: LogLine) -> Text:
    """The line with colours, which only terminals show."""
    if not line.at and not line.level:
        return Text.assemble((f"{part:<10}", "cyan"), " ", line.message)
    text = Text.assemble(
        (f"{line.at:<23}", "dim"),
        " ",
        (f"{part:<10}", "cyan"),
        " ",
        (f"{line.level:<7}", STYLES.get(line.level, "")),
        " ",
        (line.message, "bold"),
    )
    for name, value in line.details:
        text.append(f" {name}=", "dim").append(value)
    if line.request_id:
        text.append(f" request={line.request_id}", "dim")
    for one in line.trace:
        text.append(f"\n    {one}")
    return text


def _first(record: dict[str, Any], *names: str) -> str:
    return next((_value(record[name]) for name in names if record.get(name)), "")


def _value(value: object) -> str:
    return _plain(value if isinstance(value, str) else json.dumps(value))


def _instant(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = at.astimezone(UTC) if at.tzinfo else at
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds")


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\t" else ascii(one)[1:-1] for one in text)
