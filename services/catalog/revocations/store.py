"""The SQL of token revocations."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.revocations.rules import Target, TokenRevocation
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import record_of, records_of
from services.common.identity.callers import Scope
from services.common.identity.revocations import Revocation

__all__ = [
    "count_other",
    "forget_ended",
    "list_revocations",
    "read_live",
    "read_version",
    "upsert_revocation",
]

COLUMNS: Final = "id, tenant_id, subject, token_id, reason, revoked_by, revoked_at, ends_at"

# Serialized per tenant, so that concurrent calls cannot exceed the maximum.
TURN: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('revocations/' || :tenant_id, 0))"
)
COUNT: Final = text(
    "SELECT count(*) FROM token_revocations WHERE tenant_id = :tenant_id AND ends_at > :now"
    " AND (subject, token_id) <> (:subject, :token_id)"
)

UPSERT: Final = text(f"""
INSERT INTO token_revocations
    (tenant_id, subject, token_id, reason, revoked_by, revoked_at, ends_at)
VALUES (:tenant_id, :subject, :token_id, :reason, :actor, :at, :ends_at)
ON CONFLICT ON CONSTRAINT token_revocations_target_key DO UPDATE
SET reason = excluded.reason, revoked_by = excluded.revoked_by,
    revoked_at = greatest(token_revocations.revoked_at, excluded.revoked_at),
    ends_at = greatest(token_revocations.ends_at, excluded.ends_at)
RETURNING {COLUMNS}
""")

# Each insert deletes a few expired rows, so the table needs no cleanup job.
FORGET: Final = text(
    "DELETE FROM token_revocations WHERE id IN (SELECT id FROM token_revocations"
    " WHERE ends_at <= :now ORDER BY ends_at LIMIT 10 FOR UPDATE SKIP LOCKED)"
)

LIST: Final = text(f"""
SELECT {COLUMNS} FROM token_revocations
WHERE ends_at > :now
  AND (CAST(:scope AS text) IS NULL OR tenant_id = CAST(:scope AS text))
  AND (CAST(:tenant_id AS text) = '' OR tenant_id = CAST(:tenant_id AS text))
  AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid))
ORDER BY id
LIMIT :limit
""")

# A row committed late has an early time; then the count differs.
VERSION: Final = text(
    "SELECT count(*) || '/' || coalesce(max(revoked_at)::text, '') FROM token_revocations"
    " WHERE ends_at > :now"
)

LIVE: Final = text("""
SELECT nullif(tenant_id, '') AS tenant_id, nullif(subject, '') AS subject,
       nullif(token_id, '') AS token_id,
       CAST(extract(epoch FROM revoked_at) AS double precision) AS revoked_at
FROM token_revocations WHERE ends_at > :now
""")


async def count_other(session: WriteSession, target: Target, now: datetime) -> int:
    """The number of other live revocations of the tenant, locked until the transaction ends."""
    values = {
        "tenant_id": target.tenant_id,
        "subject": target.subject,
        "token_id": target.token_id,
        "now": now,
    }
    await session.execute(TURN, {"tenant_id": target.tenant_id})
    return int((await session.execute(COUNT, values)).scalar_one())


async def upsert_revocation(
    session: WriteSession,
    target: Target,
    *,
    actor: str,
    reason: str,
    at: datetime,
    ends_at: datetime,
) -> TokenRevocation:
    """Upserts a revocation; for the same tokens, updates the time."""
    values = {
        "tenant_id": target.tenant_id,
        "subject": target.subject,
        "token_id": target.token_id,
        "reason": reason,
        "actor": actor,
        "at": at,
        "ends_at": ends_at,
    }
    return record_of(TokenRevocation, (await session.execute(UPSERT, values)).one())


async def forget_ended(session: WriteSession, now: datetime) -> None:
    """Deletes some expired revocations."""
    await session.execute(FORGET, {"now": now})


async def list_revocations(
    session: ReadSession,
    scope: Scope,
    *,
    tenant_id: str,
    now: datetime,
    after: UUID | None,
    limit: int,
) -> list[TokenRevocation]:
    """Live revocations in the order of creation."""
    values = {
        "scope": scope.tenant_id,
        "tenant_id": tenant_id,
        "now": now,
        "after": after,
        "limit": limit,
    }
    return records_of(TokenRevocation, await session.execute(LIST, values))


async def read_version(session: ReadSession, now: datetime) -> str:
    """A version that changes whenever the live revocations do."""
    return str((await session.execute(VERSION, {"now": now})).scalar_one())


async def read_live(session: ReadSession, now: datetime) -> list[Revocation]:
    """All live revocations, for the checks of services."""
    return records_of(Revocation, await session.execute(LIVE, {"now": now}))
