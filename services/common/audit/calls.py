"""The write of the current task, with the data for its audit entry."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

from google.protobuf.message import Message

from services.common.audit.rpcs import AuditedRpc
from services.common.identity.callers import Caller

__all__ = ["AuditedCall", "announce_effect", "current_audited_call", "set_audited_call"]


@dataclass(slots=True)
class AuditedCall:
    """Who writes, by which RPC, and from where."""

    service: str
    rpc: AuditedRpc
    caller: Caller
    request_id: str
    idempotency_key: str
    address: str
    """The caller's address: from the gateway, otherwise the peer's."""
    peer: str
    """The peer's address, which is the gateway's for calls through it."""
    announce: Callable[["AuditedCall"], Awaitable[None]]
    """Records that the call is about to have an effect outside the database."""
    take_uncounted: Callable[["AuditedCall"], int]
    """Returns the number of the caller's previous writes without an entry; called once per entry.
    """
    request: Message | None = None
    """None until it is parsed."""
    recorded: bool = False
    """Whether an entry of it is committed."""
    uncounted: int = 0
    """The number that was taken for an entry that is not committed yet."""
    ended: bool = False

    def was_recorded(self) -> None:
        """Marks an entry of it as committed."""
        self.recorded, self.uncounted = True, 0


_call: ContextVar[AuditedCall | None] = ContextVar("arcadia_audited_call", default=None)


def current_audited_call() -> AuditedCall | None:
    """The write of the current task; None for a read, for our own programs, and after the call.

    Also None for a task that outlives its call.
    """
    call = _call.get()
    return None if call is None or call.ended else call


def set_audited_call(call: AuditedCall | None) -> None:
    """Sets the write of the current task and of tasks that it starts."""
    _call.set(call)


async def announce_effect() -> None:
    """Records a write before an effect that a transaction cannot roll back.

    Does nothing for a read, for our own programs, and for a recorded write.
    """
    call = current_audited_call()
    if call is not None and not call.recorded:
        await call.announce(call)
