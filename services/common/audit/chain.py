"""Verifies a part of the audit log's chain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from services.common.values.canonical import digest

__all__ = ["BEGINNING", "Link", "Verification", "chain_hash", "verify_links"]

BEGINNING: Final = "0" * 64
"""The `previous` hash of the first entry."""

MAX_FAULTS: Final = 10


@dataclass(frozen=True, slots=True)
class Link:
    """A link with the stored content of its entry; `content` is None without one."""

    seq: int
    entry_id: UUID
    entry_at: datetime
    previous_hash: str
    hash: str
    content: str | None
    actor: str | None
    tenant_id: str | None
    rpc: str | None
    outcome: str | None
    request_id: str | None
    objects: list[str] | None


@dataclass(slots=True)
class Verification:
    """The result of a verification."""

    seq: int
    """The last verified position."""
    hash: str
    checked: int = 0
    dropped: int = 0
    """Links whose entries were dropped with their month."""
    faults: tuple[str, ...] = ()


def chain_hash(previous: str, content: str) -> str:
    """The hash of an entry; the database computes the same when it adds the link."""
    return digest(f"{previous}\n{content}")


def verify_links(
    seq: int, previous: str | None, links: Iterable[Link], kept_from: datetime
) -> Verification:
    """Verifies links, the first of which follows position `seq` with the hash `previous`.

    None stands for a position without a link.

    `kept_from` is the beginning of the oldest month that was not dropped.
    """
    found = Verification(seq, previous or "")
    faults = [f"{seq}: the link is missing"] if previous is None else []
    for link in links:
        if link.seq != found.seq + 1:
            faults.append(f"{found.seq + 1}: the link is missing")
        elif link.previous_hash != found.hash:
            faults.append(f"{link.seq}: does not follow the entry before it")
        if link.content is not None:
            found.checked += 1
            faults += [f"{link.seq}: {fault}" for fault in _entry_faults(link, link.content)]
        elif link.entry_at < kept_from:
            found.dropped += 1
        else:
            faults.append(f"{link.seq}: the entry is missing")
        found.seq, found.hash = link.seq, link.hash
    found.faults = tuple(faults[:MAX_FAULTS])
    return found


def _entry_faults(link: Link, content: str) -> list[str]:
    if chain_hash(link.previous_hash, content) != link.hash:
        return ["the entry is not what was written"]
    said: dict[str, Any] = orjson.loads(content)
    shown = {
        "id": str(link.entry_id),
        "at": link.entry_at.isoformat(timespec="microseconds"),
        "actor": link.actor,
        "tenant_id": link.tenant_id or "",
        "rpc": link.rpc,
        "outcome": link.outcome,
        "request_id": link.request_id,
        "objects": link.objects,
    }
    return [
        f"the column {name} is not what was written"
        for name, value in shown.items()
        if said[name] != value
    ]
