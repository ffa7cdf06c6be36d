"""The SQL of API keys."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.keys.rules import ApiKey, KeyStatus, Powers
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import first_of, found_of, record_of
from services.common.identity.api_keys import KEY_SUBJECT
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "Secrets",
    "count_working",
    "create_key",
    "find_secrets",
    "list_keys",
    "lock_key",
    "lock_key_shared",
    "note_use",
    "read_key",
    "replace_secret",
    "revoke_with_created",
]

USE_NOTED: Final = timedelta(minutes=1)
"""Minimum time between two writes of a key's use."""

COLUMNS: Final = """
k.id, k.name, k.tenant_id, k.roles, k.may_create_keys, k.created_at, k.created_by, k.ends_at,
k.last_used_at, k.rotated_at, k.previous_ends_at, k.revoked_at, k.revoked_by, k.revoked_reason
"""

OF_SCOPE: Final = "(CAST(:scope AS text) IS NULL OR k.tenant_id = CAST(:scope AS text))"

ONE: Final = f"SELECT {COLUMNS} FROM api_keys AS k WHERE k.id = :id AND {OF_SCOPE}"
READ: Final = text(ONE)
LOCK: Final = text(f"{ONE} FOR NO KEY UPDATE")
LOCK_SHARED: Final = text(f"{ONE} FOR SHARE")

STATUS: Final = f"""
CASE WHEN k.revoked_at IS NOT NULL THEN '{KeyStatus.REVOKED}'
     WHEN k.ends_at <= :now THEN '{KeyStatus.EXPIRED}' ELSE '{KeyStatus.ACTIVE}' END
"""

LIST: Final = text(f"""
SELECT {COLUMNS} FROM api_keys AS k
WHERE {OF_SCOPE}
  AND (CAST(:tenant_id AS text) = '' OR k.tenant_id = CAST(:tenant_id AS text))
  AND (CAST(:status AS text) = '' OR {STATUS} = CAST(:status AS text))
  AND (CAST(:after AS uuid) IS NULL OR k.id > CAST(:after AS uuid))
ORDER BY k.id
LIMIT :limit
""")

COUNT: Final = text(
    "SELECT count(*) FROM api_keys WHERE tenant_id IS NOT DISTINCT FROM :tenant_id"
    " AND revoked_at IS NULL AND ends_at > :now"
)

CREATE: Final = text(f"""
INSERT INTO api_keys AS k
    (tenant_id, name, roles, may_create_keys, secret_hash, created_at, created_by, ends_at)
VALUES (:tenant_id, :name, :roles, :may_create_keys, :secret_hash, :at, :actor, :ends_at)
RETURNING {COLUMNS}
""")

REPLACE: Final = text(f"""
UPDATE api_keys AS k
SET previous_hash = CASE WHEN :overlaps THEN k.secret_hash END,
    previous_ends_at = CASE WHEN :overlaps THEN CAST(:previous_ends_at AS timestamptz) END,
    secret_hash = :secret_hash, rotated_at = :at, ends_at = :ends_at
WHERE k.id = :id
RETURNING {COLUMNS}
""")

REVOKE: Final = text(f"""
WITH RECURSIVE created (id) AS (
    SELECT CAST(:id AS uuid)
    UNION
    SELECT k.id FROM created AS c JOIN api_keys AS k ON k.created_by = '{KEY_SUBJECT}:' || c.id
)
UPDATE api_keys AS k
SET revoked_at = :at, revoked_by = :actor, revoked_reason = :reason
FROM created AS c
WHERE k.id = c.id AND k.revoked_at IS NULL
RETURNING k.id
""")

SECRETS: Final = text(f"""
SELECT {COLUMNS}, k.secret_hash, k.previous_hash FROM api_keys AS k WHERE k.id = :id
""")

NOTE_USE: Final = text(
    "UPDATE api_keys SET last_used_at = :at WHERE id = :id"
    " AND (last_used_at IS NULL OR last_used_at < CAST(:at AS timestamptz) - :noted)"
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """A key with the hashes of its secrets."""

    key: ApiKey
    secret_hash: bytes
    previous_hash: bytes | None


async def read_key(session: ReadSession, scope: Scope, key_id: UUID) -> ApiKey:
    """A key. Raises NotFound if there is none in the scope."""
    return await _one(session, READ, scope, key_id)


async def lock_key(session: WriteSession, scope: Scope, key_id: UUID) -> ApiKey:
    """A key, locked until the transaction ends. Raises NotFound like `read_key`."""
    return await _one(session, LOCK, scope, key_id)


async def lock_key_shared(session: WriteSession, scope: Scope, key_id: UUID) -> ApiKey:
    """A key, with a shared lock until the transaction ends. Raises NotFound."""
    return await _one(session, LOCK_SHARED, scope, key_id)


async def _one(session: ReadSession, statement: Any, scope: Scope, key_id: UUID) -> ApiKey:
    rows = await session.execute(statement, {"id": key_id, "scope": scope.tenant_id})
    return found_of(ApiKey, rows, "api key", key_id)


async def list_keys(
    session: ReadSession,
    scope: Scope,
    asked: PageRequest,
    *,
    tenant_id: str,
    status: str,
    now: datetime,
) -> Page[ApiKey]:
    """Keys in the order of creation; empty filters do not restrict it."""
    wanted = {"scope": scope.tenant_id, "tenant_id": tenant_id, "status": status, "now": now}
    return await text_page(session, ApiKey, LIST, asked, "id", **wanted)


async def count_working(session: ReadSession, tenant_id: str | None, now: datetime) -> int:
    """The number of valid keys of a tenant or, without one, of the operator."""
    values = {"tenant_id": tenant_id, "now": now}
    return int((await session.execute(COUNT, values)).scalar_one())


async def create_key(
    session: WriteSession,
    powers: Powers,
    *,
    name: str,
    secret_hash: bytes,
    actor: str,
    at: datetime,
    ends_at: datetime,
) -> ApiKey:
    """Inserts a key."""
    values = {
        **asdict(powers),
        "roles": sorted(powers.roles),
        "name": name,
        "secret_hash": secret_hash,
        "actor": actor,
        "at": at,
        "ends_at": ends_at,
    }
    return record_of(ApiKey, (await session.execute(CREATE, values)).one())


async def replace_secret(
    session: WriteSession,
    key_id: UUID,
    *,
    secret_hash: bytes,
    at: datetime,
    previous_ends_at: datetime | None,
    ends_at: datetime,
) -> ApiKey:
    """Replaces the secret of a locked key; the present one may remain valid until an end."""
    values = {
        "id": key_id,
        "secret_hash": secret_hash,
        "at": at,
        "overlaps": previous_ends_at is not None,
        "previous_ends_at": previous_ends_at,
        "ends_at": ends_at,
    }
    return record_of(ApiKey, (await session.execute(REPLACE, values)).one())


async def revoke_with_created(
    session: WriteSession, key_id: UUID, *, actor: str, reason: str, at: datetime
) -> set[UUID]:
    """Revokes a locked key and those that it created, and theirs; the ids of the revoked ones."""
    values = {"id": key_id, "actor": actor, "reason": reason, "at": at}
    revoked: set[UUID] = set()
    # A statement does not see keys that are created while it waits for their creator.
    while found := set((await session.execute(REVOKE, values)).scalars()):
        revoked |= found
    return revoked


async def find_secrets(session: ReadSession, key_id: UUID) -> Secrets | None:
    """A key with its hashes; None if the id does not exist."""
    return first_of(Secrets, await session.execute(SECRETS, {"id": key_id}))


async def note_use(session: WriteSession, key_id: UUID, at: datetime) -> None:
    """Records the use of a key, unless one was recorded within the last minute."""
    await session.execute(NOTE_USE, {"id": key_id, "at": at, "noted": USE_NOTED})
