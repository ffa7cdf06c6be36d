"""Ignore rules: made, listed and taken back. What they mute stays listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.common.db.database import ReadSession, WriteSession
from services.common.errors import InvalidArgument, NotFound
from services.inventory.drift.store.muting import MUTES

__all__ = ["NewRule", "create_rule", "delete_rule", "list_rules"]

SELECT: Final = f"""
SELECT m.id, m.kind, m.field, m.tenant_id, m.resource_id, m.expires_at, m.reason, m.created_by,
       m.created_at, m.deleted_at,
       (SELECT count(*) FROM cloud_drift AS d JOIN cloud_resources AS r ON r.id = d.resource_id
        WHERE d.status = 'open' AND {MUTES}) AS muted_count
FROM cloud_drift_ignore_rules AS m
"""

LIST: Final = text(f"""
{SELECT}
WHERE m.deleted_at IS NULL
  AND (CAST(:kind AS text) = '' OR m.kind = CAST(:kind AS text))
  AND (CAST(:expired AS boolean) OR m.expires_at IS NULL OR m.expires_at > now())
  AND (CAST(:before AS uuid) IS NULL OR m.id < CAST(:before AS uuid))
ORDER BY m.id DESC
LIMIT :limit
""")

ONE: Final = text(f"{SELECT} WHERE m.id = :id")

KIND_OF: Final = text("SELECT kind FROM cloud_resources WHERE id = :id")

CREATE: Final = text("""
INSERT INTO cloud_drift_ignore_rules
    (kind, field, tenant_id, resource_id, expires_at, reason, created_by, created_at)
SELECT :kind, :field, :tenant_id, CAST(:resource_id AS uuid), CAST(:expires_at AS timestamptz),
       :reason, :created_by, now()
WHERE CAST(:expires_at AS timestamptz) IS NULL OR CAST(:expires_at AS timestamptz) > now()
RETURNING id
""")

DELETE: Final = text("""
UPDATE cloud_drift_ignore_rules
SET deleted_at = now(), deleted_by = :operator
WHERE id = :id AND deleted_at IS NULL
RETURNING id
""")


@dataclass(frozen=True, slots=True)
class NewRule:
    """What to mute."""

    kind: str
    field: str
    tenant_id: str | None
    resource_id: UUID | None
    expires_at: datetime | None
    reason: str


async def list_rules(
    session: ReadSession, *, kind: str, expired: bool, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Rules, newest first; `before` is the last one of the page before."""
    values = {"kind": kind, "expired": expired, "before": before, "limit": limit}
    return (await session.execute(LIST, values)).all()


async def create_rule(session: WriteSession, rule: NewRule, *, operator: str) -> Row[Any]:
    """Makes a rule.

    Raises NotFound for an unknown resource, InvalidArgument for one of another kind and for
    an end in the past.
    """
    if rule.resource_id is not None:
        await _check_kind(session, rule.kind, rule.resource_id)
    values = {name: getattr(rule, name) for name in NewRule.__slots__}
    made = (await session.execute(CREATE, {**values, "created_by": operator})).first()
    if made is None:
        raise InvalidArgument("expires_at", "is in the past", reason="EXPIRED")
    return (await session.execute(ONE, {"id": made.id})).one()


async def delete_rule(session: WriteSession, rule_id: UUID, *, operator: str) -> None:
    """Takes a rule back. Raises NotFound, also for one that was taken back before."""
    values = {"id": rule_id, "operator": operator}
    if (await session.execute(DELETE, values)).first() is None:
        raise NotFound("ignore rule", str(rule_id))


async def _check_kind(session: WriteSession, kind: str, resource_id: UUID) -> None:
    found = (await session.execute(KIND_OF, {"id": resource_id})).first()
    if found is None:
        raise NotFound("resource", str(resource_id))
    if found.kind != kind:
        raise InvalidArgument("resource_id", f"is a {found.kind}, not a {kind}")
