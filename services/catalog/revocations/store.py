"""The SQL of token revocations."""

from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.revocations.rules import Target, TokenRevocation
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import record_of
from services.common.identity.callers import Scope
from services.common.identity.revocations import Revocation
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "count_other",
    "forget_ended",
    "list_revocations",
    "read_live",
    "read_version",
    "replace_version",
    "upsert_revocation",
]

COLUMNS: Final = "id, tenant_id, subject, token_id, reason, revoked_by, revoked_at, ends_at"

REPLACE_VERSION: Final = text("UPDATE token_revocation_list SET version = gen_random_uuid()")
COUNT: Final = text("""
SELECT count(*) FILTER (WHERE NOT same) AS of_owner,
       count_revocations_of_tenants(:now) - count(*) FILTER (WHERE same) AS of_tenants
FROM (SELECT (subject, token_id) = (:subject, :token_id) AS same FROM token_revocations
      WHERE tenant_id = :tenant_id AND ends_at > :now) AS own
""")

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

# The count changes when a revocation ends.
VERSION: Final = text(
    "SELECT (SELECT version FROM token_revocation_list) || '/' || count(*)"
    " FROM token_revocations WHERE ends_at > :now"
)

LIVE: Final = text("""
SELECT id, nullif(tenant_id, '') AS tenant_id, nullif(subject, '') AS subject,
       nullif(token_id, '') AS token_id,
       CAST(extract(epoch FROM revoked_at) AS double precision) AS revoked_at
FROM token_revocations WHERE ends_at > :now AND (CAST(:after AS uuid) IS NULL OR id > :after)
ORDER BY id
LIMIT :limit
""")


async def replace_version(session: WriteSession) -> None:
    """Replaces the version of the list; other writes of it wait until the transaction ends.

    So each version is committed with its revocations, and no maximum is exceeded concurrently.
    """
    await session.execute(REPLACE_VERSION)


async def count_other(session: WriteSession, target: Target, now: datetime) -> tuple[int, int]:
    """The numbers of other live revocations: of the target's tenant or operator, of all tenants."""
    row = (await session.execute(COUNT, {**asdict(target), "now": now})).one()
    return row.of_owner, row.of_tenants


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
    made = {"reason": reason, "actor": actor, "at": at, "ends_at": ends_at}
    return record_of(TokenRevocation, (await session.execute(UPSERT, asdict(target) | made)).one())


async def forget_ended(session: WriteSession, now: datetime) -> None:
    """Deletes some expired revocations."""
    await session.execute(FORGET, {"now": now})


async def list_revocations(
    session: ReadSession, scope: Scope, asked: PageRequest, *, tenant_id: str, now: datetime
) -> Page[TokenRevocation]:
    """Live revocations in the order of creation."""
    wanted = {"scope": scope.tenant_id, "tenant_id": tenant_id, "now": now}
    return await text_page(session, TokenRevocation, LIST, asked, "id", **wanted)


async def read_version(session: ReadSession, now: datetime) -> str:
    """A version that changes whenever the live revocations do."""
    return str((await session.execute(VERSION, {"now": now})).scalar_one())


async def read_live(
    session: ReadSession, now: datetime, *, after: UUID | None, limit: int | None
) -> list[tuple[UUID, Revocation]]:
    """Live revocations with their ids and in their order, for the checks of services."""
    rows = await session.execute(LIVE, {"now": now, "after": after, "limit": limit})
    return [(row.id, record_of(Revocation, row)) for row in rows]
