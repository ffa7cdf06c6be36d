"""The write of a person or a key that this task answers, as far as the audit log wants it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

from google.protobuf.message import Message

from services.common.audit.rpcs import AuditedRpc
from services.common.identity.callers import Caller

__all__ = ["AuditedCall", "announce_effect", "current_audited_call", "set_audited_call"]


@dataclass(slots=True)
class AuditedCall:
    """Who writes, over which RPC, and from where."""

    service: str
    rpc: AuditedRpc
    caller: Caller
    request_id: str
    idempotency_key: str
    address: str
    """Of the caller: as the gateway saw it, else the peer's own."""
    peer: str
    """The address of the connection, which is the gateway's for all that it passes on."""
    announce: Callable[["AuditedCall"], Awaitable[None]]
    """Records that the call is about to have an effect outside of the database."""
    take_uncounted: Callable[["AuditedCall"], int]
    """How many writes of this caller before it got no entry; it is asked for each entry."""
    request: Message | None = None
    """None until it was parsed."""
    recorded: bool = False
    """Whether an entry of it was committed."""
    uncounted: int = 0
    """What was taken so, and stands in no committed entry yet."""
    ended: bool = False

    def was_recorded(self) -> None:
        """An entry of it was committed."""
        self.recorded, self.uncounted = True, 0


_call: ContextVar[AuditedCall | None] = ContextVar("arcadia_audited_call", default=None)


def current_audited_call() -> AuditedCall | None:
    """The write that this task answers; None for a read, for our own programs, and afterwards.

    A task that outlives the call which started it works for nobody.
    """
    call = _call.get()
    return None if call is None or call.ended else call


def set_audited_call(call: AuditedCall | None) -> None:
    """Makes `call` the one that this task and what it starts answer."""
    _call.set(call)


async def announce_effect() -> None:
    """Records a write before it has an effect that no transaction of ours can undo.

    Does nothing for a read, for our own programs, and for a write that was recorded.
    """
    call = current_audited_call()
    if call is not None and not call.recorded:
        await call.announce(call)
