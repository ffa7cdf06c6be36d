"""Idempotent writes: a repeated request is carried out once and gets the first response (AIP-155).

A caller gives a write a key: `request_id` in the message, or the metadata `idempotency-key`, which
is the gateway's header `Idempotency-Key`. The key, a hash of the request and the response are
stored in the transaction of the write, so they are committed together. Keys are scoped to the
caller.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import orjson
from google.protobuf.message import Message
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, func, text

from services.common.db.database import Database, WriteSession
from services.common.db.tables import declare, index, key, names
from services.common.errors import AlreadyExists, InvalidArgument
from services.common.identity.callers import Caller, current_caller
from services.common.rpc.requests import current_idempotency_key

__all__ = ["KEPT_DAYS", "keys_in", "once", "once_in", "table_for"]

KEPT_DAYS: Final = 30
"""Retention of keys."""


class Servicer(Protocol):
    """A servicer that writes to a database."""

    _database: Database


P = ParamSpec("P")
S = TypeVar("S", bound=Servicer)
Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer", bound=Message)

_KEY: Final = re.compile(r"[!-~]{1,255}")


def table_for(role: str) -> str:
    """The SQL of the table of keys, for a migration; `role` is the service's."""
    return f"""
CREATE TABLE idempotency_keys (
    caller       text        NOT NULL,
    key          text        NOT NULL,
    tenant_id    text,
    request_hash bytea       NOT NULL,
    answer       bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO {role};
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON idempotency_keys TO {role} USING (
    CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), '')) END);
"""


def keys_in(metadata: MetaData) -> None:
    """The same table, declared in a service's metadata."""
    declare(
        metadata,
        "idempotency_keys",
        names("caller", "key"),
        names("tenant_id", nullable=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("answer", LargeBinary),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        key("caller", "key"),
        index("created_at", "created_at"),
    )


# A second call with the same key waits here until the first has committed or rolled back.
_CLAIM: Final = text(
    "INSERT INTO idempotency_keys (caller, key, tenant_id, request_hash)"
    " VALUES (:caller, :key, :tenant_id, :request_hash) ON CONFLICT DO NOTHING RETURNING key"
)
_FIND: Final = text(
    "SELECT request_hash, answer FROM idempotency_keys WHERE caller = :caller AND key = :key"
)
_KEEP: Final = text(
    "UPDATE idempotency_keys SET answer = :answer WHERE caller = :caller AND key = :key"
)
# Each write deletes a few expired keys, so the table needs no cleanup job.
_FORGET: Final = text(
    "DELETE FROM idempotency_keys WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys"
    " WHERE created_at < now() - make_interval(days => :days)"
    " ORDER BY created_at LIMIT 10 FOR UPDATE SKIP LOCKED)"
)


def once(
    do: Callable[Concatenate[S, WriteSession, Request, P], Awaitable[Answer]],
) -> Callable[Concatenate[S, Request, P], Coroutine[Any, Any, Answer]]:
    """Makes a method that writes in a session idempotent: opens the session and checks the key.

    The session has the caller's scope. A request that was sent before with the same key gets the
    stored response; one without a key is simply executed. If the method raises, the key is rolled
    back with everything else.

    Raises AlreadyExists when the key was used for another request, InvalidArgument for a key that
    is not printable ASCII of at most 255.
    """
    answer_type: type[Answer] = do.__annotations__["return"]

    @wraps(do)
    async def done(self: S, request: Request, /, *args: P.args, **more: P.kwargs) -> Answer:
        async with self._database.write(current_caller().scope) as session:
            doing = partial(do, self, session, request, *args, **more)
            return await once_in(
                session, request, answer_type, doing, key=getattr(request, "key", "")
            )

    return done


async def once_in(
    session: WriteSession,
    request: Message,
    answer_type: type[Answer],
    do: Callable[[], Awaitable[Answer]],
    *,
    key: str = "",
) -> Answer:
    """The response of `do`, or the stored one if this request was sent before.

    `key` is for a message that has it in another field. Without a key, `do` is simply executed.
    `do` works in `session`; if it raises, the key is rolled back with everything else. Raises
    AlreadyExists if the key was used for another request, InvalidArgument for a key that is not
    printable ASCII of at most 255 characters.
    """
    named = _key_of(request, key)
    if named is None:
        return await do()
    session.repeatable = True
    caller = current_caller()
    row = {"caller": _name_of(caller), "key": named}
    request_hash = _hash_of(request)
    claimed = await session.execute(
        _CLAIM, row | {"tenant_id": _tenant_of(caller), "request_hash": request_hash}
    )
    if claimed.scalar_one_or_none() is None:
        kept = (await session.execute(_FIND, row)).one()
        if bytes(kept.request_hash) != request_hash:
            raise AlreadyExists(
                f"the key {named!r} was used for another request",
                reason="IDEMPOTENCY_KEY_REUSED",
                metadata={"key": named},
            )
        return answer_type.FromString(bytes(kept.answer))
    answer = await do()
    await session.execute(_KEEP, row | {"answer": answer.SerializeToString()})
    await session.execute(_FORGET, {"days": KEPT_DAYS})
    return answer


def _key_of(request: Message, given: str) -> str | None:
    """The caller's key; the message's takes precedence over the header's. None without one."""
    field, key = ("key", given) if given else ("request_id", getattr(request, "request_id", ""))
    if not key:
        field, key = "idempotency-key", current_idempotency_key()
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidArgument(field, "must be 1 to 255 printable ASCII characters without spaces")
    return key


def _name_of(caller: Caller) -> str:
    """The owner of the key, unique per caller."""
    power = "service" if caller.is_service else "operator" if caller.is_operator else "tenant"
    return orjson.dumps([power, _tenant_of(caller), caller.subject]).decode()


def _tenant_of(caller: Caller) -> str | None:
    """The tenant of the key; None for callers that see all tenants."""
    return None if caller.is_service or caller.is_operator else caller.tenant_id


def _hash_of(request: Message) -> bytes:
    """A hash of the request: its type and all fields except the key."""
    asked = type(request)()
    asked.CopyFrom(request)
    if "request_id" in asked.DESCRIPTOR.fields_by_name:
        asked.ClearField("request_id")
    name = asked.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\0" + asked.SerializeToString(deterministic=True)).digest()
