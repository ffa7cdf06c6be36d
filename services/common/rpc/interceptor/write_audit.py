"""The audit entries of one method: begun with the caller, ended by its response or refusal."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import grpc
import structlog
from google.protobuf import struct_pb2

from services.common.audit.auditor import Auditor
from services.common.audit.calls import AuditedCall, current_audited_call
from services.common.errors import ArcadiaError, TooManyCalls
from services.common.identity.callers import Caller
from services.common.rpc.interceptor.refusals import error_of

__all__ = ["WriteAudit"]

MAX_REFUSED_BYTES: Final = 4 * 1024
"""The longest request that is parsed for the audit entry of a refused call."""

log = structlog.get_logger("rpc")


class WriteAudit:
    """Audits the calls of a method; a method that writes nothing gets no entries."""

    def __init__(self, method: str, auditor: Auditor | None) -> None:
        self._method = method
        self._auditor = auditor
        self._write = auditor.write_of(method) if auditor is not None else None

    def begin(
        self, caller: Caller, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AuditedCall | None:
        """Sets the write of the current task; None if the call is not audited."""
        if self._auditor is None or self._write is None:
            return None
        return self._auditor.begin(self._write, caller, context)

    async def answered(self) -> None:
        """Records a completed write."""
        call = current_audited_call()
        if self._auditor is not None and call is not None:
            await self._auditor.answered(call)

    async def refused(self, error: Exception, request: Any, parse: Callable[[Any], Any]) -> None:
        """Records a refused write of an authenticated caller.

        Raises nothing: the caller gets its response in any case.
        """
        call = current_audited_call()
        if self._auditor is None or call is None or isinstance(error, grpc.aio.AbortError):
            return
        # Refused before it was parsed; parsing would cost too much for a caller with too many
        # calls.
        try:
            if call.request is None and not isinstance(error, TooManyCalls):
                call.request = _refused_request(request, parse)
            await self._auditor.refused(call, error_of(error))
        except Exception:
            log.exception(
                "a refused write was not recorded", rpc=self._method, actor=call.caller.subject
            )
        call.request = None


def _refused_request(request: Any, parse: Callable[[Any], Any]) -> Any:
    """The request of a refused call, which is parsed only if it is short.

    A caller who may not call this method must not make the service parse a large message.
    """
    if isinstance(request, bytes) and len(request) > MAX_REFUSED_BYTES:
        unread = struct_pb2.Struct()
        unread.update({"…": f"[{len(request)} bytes, not read]"})
        return unread
    with suppress(ArcadiaError):
        return parse(request)
    return None
