"""Entries of the audit log. The content is canonical JSON without numbers."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.common.audit.calls import AuditedCall, current_audited_call
from services.common.audit.rpcs import MAX_TEXT, described
from services.common.audit.secrets import without_secrets
from services.common.values.canonical import canonical
from services.common.values.clock import utc_now

__all__ = [
    "Changes",
    "Entry",
    "Outcome",
    "entry_of",
    "entry_of_change",
    "inserted",
    "read_changes",
    "set_recorded",
]

SEVERAL: Final = "*"
"""The database's value for rows of several tenants."""

MAX_REQUEST_LENGTH: Final = 16_000
"""Maximum characters of a request in an entry."""


class Outcome(StrEnum):
    """The outcome of a write, as far as known when its entry is made."""

    DONE = "done"
    REQUESTED = "requested"
    """A workflow was requested, just after this was recorded."""
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    """The response to COMMIT was lost; if it succeeded, another entry says so."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows that a transaction changed."""

    rows: int = 0
    """The number of changed rows; `rows` may have fewer."""
    told: Sequence[Mapping[str, Any]] = ()
    """Each with its table, operation, key, and the fields that differ before and after."""
    tenant: str = ""
    """The tenant of all rows; empty for none, `*` for several."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: the searchable fields, and the content, which is hashed in the chain."""

    id: UUID
    at: datetime
    actor: str
    tenant_id: str | None
    """The one tenant that it concerns, which may read it; None for none or several."""
    rpc: str
    outcome: str
    request_id: str
    objects: tuple[str, ...]
    content: str


def read_changes(rows: int, told: str, tenant: str) -> Changes:
    """The changes that the triggers collected; numbers become text, which is exact."""
    read = json.loads(f"[{told}]", parse_int=str, parse_float=str)
    return Changes(rows, [without_secrets(change) for change in read], tenant)


def inserted(table: str, key: str, row: Mapping[str, str | None], tenant: str) -> Changes:
    """The change of one inserted row."""
    change = {"table": table, "operation": "insert", "key": key, "before": {}, "after": row}
    return Changes(1, [without_secrets(change)], tenant)


def entry_of(
    call: AuditedCall,
    outcome: Outcome,
    at: datetime,
    *,
    changes: Changes = Changes(),
    status: str = "",
    reason: str = "",
    with_request: bool = True,
) -> Entry:
    """The entry of a call.

    `status` and `reason` are of a refusal. It includes the number of the caller's previous writes
    without an entry.
    """
    call.uncounted += call.take_uncounted(call)
    caller, request = call.caller, call.request
    identifier = uuid.uuid4()
    named = call.rpc.object_of(request) if request is not None else ""
    tenant, actor = _tenant(call, changes), _storable(caller.subject)
    objects = _objects(named, changes)
    content: dict[str, Any] = {
        "id": str(identifier),
        "at": at.isoformat(timespec="microseconds"),
        "service": call.service,
        "rpc": call.rpc.path,
        "actor": actor,
        "key_id": caller.key_id or "",
        "operator": caller.is_operator,
        "roles": sorted(caller.roles),
        "tenant_id": tenant or "",
        "object": named,
        "objects": objects,
        "outcome": outcome,
        "status": status,
        "reason": reason,
        "request_id": call.request_id,
        "idempotency_key": call.idempotency_key,
        "address": call.address,
        "peer": call.peer,
        "request": _bounded(described(request)) if with_request and request is not None else {},
        "changed_rows": str(changes.rows),
        "changes": list(changes.told),
        "refusals_without_entry": str(call.uncounted),
    }
    return Entry(
        id=identifier,
        at=at,
        actor=actor,
        tenant_id=tenant,
        rpc=call.rpc.path,
        outcome=outcome,
        request_id=call.request_id,
        objects=tuple(objects),
        content=canonical(content),
    )


def entry_of_change(changes: Changes) -> Entry | None:
    """The entry of a change outside a write session; None if the current task has no write."""
    call = current_audited_call()
    if call is None:
        return None
    return entry_of(call, Outcome.DONE, utc_now(), changes=changes)


def set_recorded() -> None:
    """Marks the entry of such a change as committed with it."""
    call = current_audited_call()
    if call is not None:
        call.was_recorded()


def _tenant(call: AuditedCall, changes: Changes) -> str | None:
    """The tenant that it concerns: the caller's, or for an operator that of the changed rows."""
    if not call.caller.is_operator:
        return call.caller.tenant_id or None
    if changes.tenant:
        return None if changes.tenant == SEVERAL else changes.tenant
    asked = getattr(call.request, "tenant_id", "")
    return _storable(asked) or None if isinstance(asked, str) else None


def _objects(named: str, changes: Changes) -> list[str]:
    """The names by which it is found: of each object with and without the collection or table."""
    names = [named, *(f"{one['table']}/{one['key']}" for one in changes.told)]
    return sorted({_storable(each) for name in names for each in _names(name) if each})


def _names(name: str) -> Iterable[str]:
    yield name
    yield name.rpartition("/")[2]


def _storable(text: str) -> str:
    """A text that the database can keep and find."""
    return text.replace("\0", "")[:MAX_TEXT]


def _bounded(request: dict[str, Any]) -> dict[str, Any]:
    """A request, or only its shortest fields if it is too long."""
    if len(canonical(request)) <= MAX_REQUEST_LENGTH:
        return request
    short = {}
    left = MAX_REQUEST_LENGTH
    for name, value in sorted(request.items(), key=lambda item: len(canonical(item[1]))):
        left -= len(canonical(value))
        short[name] = value if left > 0 else f"[{len(canonical(value))} characters]"
    return short
