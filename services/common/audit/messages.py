"""Renders entries of the audit log as messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from arcadia.common.v1 import audit_pb2 as pb

from services.common.rpc.wire import instant_of, timestamp

__all__ = ["PAGE_BYTES", "entry_message", "page_of", "position_of"]

PAGE_BYTES: Final = 500_000
"""A page ends at the entry that reaches this total; an entry has up to 120,000 bytes."""


def entry_message(kept: pb.KeptAuditEntry, *, operator: bool) -> pb.AuditEntry:
    """An entry for an operator or for a tenant.

    A tenant sees that an operator wrote, and to which of its objects, but not the address and the
    contents, which may contain data for operators only.
    """
    content: dict[str, Any] = orjson.loads(kept.content)
    hides = content["operator"] and not operator
    message = pb.AuditEntry(
        **{name: content[name] for name in _SAME},
        at=timestamp(datetime.fromisoformat(content["at"])),
        address="" if hides else content["address"],
        changed_rows=int(content["changed_rows"]),
        refusals_without_entry=int(content["refusals_without_entry"]),
        changes=[_change(change, hides=hides) for change in content["changes"]],
    )
    if not hides:
        message.request.update(content["request"])
    if operator:
        message.seq = kept.seq
        message.previous_hash, message.hash = kept.previous_hash, kept.hash
        message.content = kept.content
    return message


_SAME = (
    "id", "service", "rpc", "actor", "key_id", "operator", "roles", "tenant_id", "object",
    "outcome", "status", "reason", "request_id", "idempotency_key",
)  # fmt: skip  # a table


def position_of(kept: pb.KeptAuditEntry) -> tuple[str, str]:
    """The time and id of an entry, by which lists are sorted."""
    return instant_of(kept.at, "at").isoformat(timespec="microseconds"), kept.id


def page_of(entries: Sequence[pb.KeptAuditEntry], size: int) -> Sequence[pb.KeptAuditEntry]:
    """The first `size` entries, or fewer: up to the one that reaches PAGE_BYTES."""
    length = 0
    for count, entry in enumerate(entries[:size], start=1):
        length += len(entry.content.encode())  # the same length as the services count
        if length >= PAGE_BYTES:
            return entries[:count]
    return entries[:size]


def _change(change: dict[str, Any], *, hides: bool) -> pb.AuditChange:
    message = pb.AuditChange(**{name: change[name] for name in ("table", "operation", "key")})
    if not hides:
        message.before.update(change["before"])
        message.after.update(change["after"])
    return message
