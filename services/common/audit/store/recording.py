"""Writes entries of the audit log."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from services.common.audit.calls import AuditedCall
from services.common.audit.entries import Entry, Outcome, entry_of, read_changes
from services.common.values.clock import utc_now

if TYPE_CHECKING:  # which records the changes of its sessions
    from services.common.db.database import WriteSession

__all__ = ["ENTRIES", "RECORDING", "entries_json", "make_months", "record", "record_changes"]

_CHANGES: Final = text(
    "SELECT nullif(current_setting('arcadia.audit_rows', true), '')::integer AS rows,"
    " coalesce(current_setting('arcadia.audit_changes', true), '') AS told,"
    " coalesce(current_setting('arcadia.audit_tenant', true), '') AS tenant"
)
RECORDING: Final = """
CASE WHEN e.id IS NOT NULL THEN audit_record(
    e.id, e.at, e.actor, e.tenant_id, e.rpc, e.outcome, e.request_id, e.objects, e.content) END
"""
"""Writes the entry of a row `e` of ENTRIES, in the statement that makes the change."""

ENTRIES: Final = """
json_to_recordset(CAST(:entries AS json)) AS e (
    about uuid, id uuid, at timestamptz, actor text, tenant_id text, rpc text, outcome text,
    request_id text, objects text[], content text)
"""
"""The rows of `entries_json`."""

_RECORD: Final = text(
    "SELECT audit_record(:id, :at, :actor, :tenant_id, :rpc, :outcome, :request_id,"
    " CAST(:objects AS text[]), :content)"
)
_MAKE_MONTHS: Final = text("SELECT prepare_audit_months()")


async def make_months(session: "WriteSession") -> None:
    """Makes the partitions of this month and the next two, where they are missing."""
    await session.execute(_MAKE_MONTHS)


async def record(session: "WriteSession", entry: Entry) -> None:
    """Writes an entry; it is chained when the session commits."""
    await session.execute(_RECORD, _row(entry))


async def record_changes(session: "WriteSession", call: AuditedCall) -> bool:
    """Writes the entry of a session's changes for a call; returns whether there were any."""
    collected = (await session.execute(_CHANGES)).one()
    if not collected.rows:
        return False
    changes = read_changes(collected.rows, collected.told, collected.tenant)
    await record(session, entry_of(call, Outcome.DONE, utc_now(), changes=changes))
    return True


def entries_json(entries: Mapping[UUID, Entry]) -> str:
    """Entries in the form of ENTRIES, by the ids of the changed objects."""
    return orjson.dumps(
        [_row(entry) | {"about": about} for about, entry in entries.items()]
    ).decode()


def _row(entry: Entry) -> dict[str, Any]:
    return asdict(entry) | {"objects": list(entry.objects)}
