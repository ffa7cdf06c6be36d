"""Records the writes of people and keys that their own transaction does not record.

Changes of rows are recorded with them (see `Database.write`). The others are recorded here:
refused ones, those with an uncertain outcome, repetitions that changed nothing, and requests for
workflows.
"""

import asyncio
import time
from typing import Any

import grpc
import structlog

from services.common.audit.calls import AuditedCall, set_audited_call
from services.common.audit.entries import Entry, Outcome, entry_of
from services.common.audit.refusals import RefusalBudget
from services.common.audit.rpcs import AuditedRpc
from services.common.audit.store.recording import record
from services.common.db.database import Database
from services.common.errors import COMMIT_UNCERTAIN, ArcadiaError, TooManyCalls
from services.common.identity.callers import ALL, Caller
from services.common.rpc import requests
from services.common.values.clock import utc_now

__all__ = ["Auditor"]

log = structlog.get_logger("audit")


class Auditor:
    """Records the writes of a service."""

    def __init__(self, service: str, database: Database, writes: dict[str, AuditedRpc]) -> None:
        self._service = service
        self._database = database
        self._writes = writes
        self._refusals = RefusalBudget()
        self._recording: set[asyncio.Task[None]] = set()

    def write_of(self, method: str) -> AuditedRpc | None:
        """The RPC of a path, if it is a write of people and keys."""
        return self._writes.get(method)

    def begin(self, rpc: AuditedRpc, caller: Caller, context: Any) -> AuditedCall:
        """Sets the write of the current task; it may still be refused."""
        peer = requests.address_of(context.peer())
        call = AuditedCall(
            service=self._service,
            rpc=rpc,
            caller=caller,
            request_id=requests.current_request_id(),
            idempotency_key=requests.current_idempotency_key(),
            address=requests.current_address(),
            peer=peer,
            announce=self._announce,
            take_uncounted=lambda call: self._refusals.take_uncounted(_owner_of(call)),
        )
        set_audited_call(call)
        return call

    async def answered(self, call: AuditedCall) -> None:
        """Records a completed write that is not recorded yet because it changed nothing."""
        call.ended = True
        if not call.recorded and self._gets_entry(call):
            await self._record(entry_of(call, Outcome.DONE, utc_now(), with_request=False))

    async def refused(self, call: AuditedCall, error: ArcadiaError) -> None:
        """Records a write that was refused, or whose outcome is uncertain.

        Also if the caller disconnects meanwhile. If the database fails, the entry is in the
        service's log, and the call is still answered.
        """
        call.ended = True
        uncertain = error.reason == COMMIT_UNCERTAIN
        if not uncertain and not self._gets_entry(call, at_all=not isinstance(error, TooManyCalls)):
            return
        entry = entry_of(
            call,
            Outcome.UNCERTAIN if uncertain else Outcome.REFUSED,
            utc_now(),
            status=next(code.name for code in grpc.StatusCode if code.value[0] == error.code),
            reason=error.reason,
        )
        task = asyncio.create_task(self._record_or_log(entry))
        self._recording.add(task)
        task.add_done_callback(self._recording.discard)
        await asyncio.shield(task)

    async def _announce(self, call: AuditedCall) -> None:
        await self._record(entry_of(call, Outcome.REQUESTED, utc_now()))
        call.was_recorded()

    def _gets_entry(self, call: AuditedCall, *, at_all: bool = True) -> bool:
        """Whether a write that changed nothing gets an entry; otherwise it is only counted."""
        whose, seconds = _owner_of(call), time.monotonic()
        if at_all and self._refusals.take(whose, seconds):
            return True
        self._refusals.count(whose, seconds, 1 + call.uncounted)
        call.uncounted = 0
        return False

    async def _record(self, entry: Entry) -> None:
        async with self._database.write(ALL) as session:
            session.repeatable = True  # a second identical entry is harmless
            await record(session, entry)

    async def _record_or_log(self, entry: Entry) -> None:
        try:
            await self._record(entry)
        except ArcadiaError as error:
            log.error(  # noqa: TRY400  (the cause says no more)
                "a refused write was not recorded", entry=entry.content, why=error.reason
            )
        except Exception:
            log.exception("a refused write was not recorded", entry=entry.content, why="INTERNAL")


def _owner_of(call: AuditedCall) -> tuple[str, str]:
    return call.caller.tenant_id or "", call.caller.subject
