"""Ignore rules: made, listed and taken back. What they mute stays listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from services.common.database import ReadSession, WriteSession
from services.common.errors import AlreadyExists, InvalidArgument, NotFound
from services.inventory.drift.store.muting import MUTES

__all__ = ["NewRule", "create_rule", "delete_rule", "list_rules"]

SELECT: Final = f"""
SELECT m.id, m.kind, m.field, m.tenant_id, m.resource_id, m.expires_at, m.reason, m.created_by,
       m.created_at, m.deleted_at, m.deleting_request,
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
    (kind, field, tenant_id, resource_id, expires_at, reason, created_by, created_at,
     creating_request)
SELECT :kind, :field, :tenant_id, CAST(:resource_id AS uuid), CAST(:expires_at AS timestamptz),
       :reason, :created_by, now(), :request_id
WHERE CAST(:expires_at AS timestamptz) IS NULL OR CAST(:expires_at AS timestamptz) > now()
ON CONFLICT ON CONSTRAINT cloud_drift_ignore_rules_request_key DO NOTHING
RETURNING id
""")

MADE_BEFORE: Final = text("""
SELECT id, kind, field, tenant_id, resource_id, expires_at, reason
FROM cloud_drift_ignore_rules
WHERE created_by = :created_by AND creating_request = :request_id
""")

DELETE: Final = text("""
UPDATE cloud_drift_ignore_rules
SET deleted_at = now(), deleted_by = :operator, deleting_request = :request_id
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


async def create_rule(
    session: WriteSession, rule: NewRule, *, operator: str, request_id: str
) -> Row[Any]:
    """Makes a rule, or answers the one that the same request made before.

    Raises NotFound for an unknown resource, InvalidArgument for one of another kind and for
    an end in the past, AlreadyExists when the request id made something else.
    """
    if rule.resource_id is not None:
        await _check_kind(session, rule.kind, rule.resource_id)
    values = {name: getattr(rule, name) for name in NewRule.__slots__}
    key = {"created_by": operator, "request_id": request_id or None}
    made = (await session.execute(CREATE, {**values, **key})).first()
    if made is not None:
        return (await session.execute(ONE, {"id": made.id})).one()
    before = (await session.execute(MADE_BEFORE, key)).first()
    if before is None:
        raise InvalidArgument("expires_at", "is in the past", reason="EXPIRED")
    if any(getattr(before, name) != value for name, value in values.items()):
        raise AlreadyExists("request_id: made another rule before", reason="REQUEST_ID_REUSED")
    return (await session.execute(ONE, {"id": before.id})).one()


async def delete_rule(
    session: WriteSession, rule_id: UUID, *, operator: str, request_id: str
) -> None:
    """Takes a rule back. Raises NotFound, unless the same request did so before."""
    values = {"id": rule_id, "operator": operator, "request_id": request_id}
    if (await session.execute(DELETE, values)).first() is not None:
        return
    found = (await session.execute(ONE, {"id": rule_id})).first()
    if found is None or not request_id or found.deleting_request != request_id:
        raise NotFound("ignore rule", str(rule_id))


async def _check_kind(session: WriteSession, kind: str, resource_id: UUID) -> None:
    found = (await session.execute(KIND_OF, {"id": resource_id})).first()
    if found is None:
        raise NotFound("resource", str(resource_id))
    if found.kind != kind:
        raise InvalidArgument("resource_id", f"is a {found.kind}, not a {kind}")
