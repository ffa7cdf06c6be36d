"""Ignore rules: inserts, lists, deletes. Muted drifts remain listed."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import record_of
from services.common.errors import InvalidArgument, NotFound
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "MUTING_RULE",
    "IgnoreRule",
    "NewRule",
    "create_rule",
    "delete_rule",
    "kind_of",
    "list_rules",
]

MUTES: Final = """
m.kind = d.kind AND m.field = d.field AND m.deleted_at IS NULL
AND (m.expires_at IS NULL OR m.expires_at > now())
AND (m.tenant_id IS NULL OR m.tenant_id = r.tenant_id)
AND (m.resource_id IS NULL OR m.resource_id = d.resource_id)
"""
"""Whether the rule `m` mutes the drift `d` of the resource `r`."""

MUTING_RULE: Final = f"""
LEFT JOIN LATERAL (
    SELECT m.id FROM cloud_drift_ignore_rules AS m WHERE {MUTES}
    ORDER BY m.resource_id IS NULL, m.tenant_id IS NULL, m.id
    LIMIT 1
) AS mute ON true
"""
"""Joins the narrowest rule that mutes a drift, null where none does."""

SELECT: Final = f"""
SELECT m.id, m.kind, m.field, m.tenant_id, m.resource_id, m.expires_at, m.reason, m.created_by,
       m.created_at,
       (SELECT count(*) FROM cloud_drift AS d JOIN cloud_resources AS r ON r.id = d.resource_id
        WHERE d.status = 'open' AND {MUTES}) AS muted_count
FROM cloud_drift_ignore_rules AS m
"""

LIST: Final = text(f"""
{SELECT}
WHERE m.deleted_at IS NULL
  AND (CAST(:kind AS text) = '' OR m.kind = CAST(:kind AS text))
  AND (CAST(:expired AS boolean) OR m.expires_at IS NULL OR m.expires_at > now())
  AND (CAST(:after AS uuid) IS NULL OR m.id < CAST(:after AS uuid))
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
    """A rule to insert."""

    kind: str
    field: str
    tenant_id: str | None
    resource_id: UUID | None
    expires_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class IgnoreRule(NewRule):
    """A rule, and how many open drifts it mutes."""

    id: UUID
    created_by: str
    created_at: datetime
    muted_count: int


async def list_rules(
    session: ReadSession, asked: PageRequest, *, kind: str, expired: bool
) -> Page[IgnoreRule]:
    """Rules, newest first."""
    return await text_page(session, IgnoreRule, LIST, asked, "id", kind=kind, expired=expired)


async def create_rule(session: WriteSession, rule: NewRule, *, operator: str) -> IgnoreRule:
    """Inserts a rule. Raises InvalidArgument for an end in the past by the database's clock."""
    made = (await session.execute(CREATE, {**asdict(rule), "created_by": operator})).first()
    if made is None:
        raise InvalidArgument("expires_at", "is in the past", reason="EXPIRED")
    return record_of(IgnoreRule, (await session.execute(ONE, {"id": made.id})).one())


async def delete_rule(session: WriteSession, rule_id: UUID, *, operator: str) -> None:
    """Deletes a rule. Raises NotFound, also if it was deleted before."""
    values = {"id": rule_id, "operator": operator}
    if (await session.execute(DELETE, values)).first() is None:
        raise NotFound("ignore rule", str(rule_id))


async def kind_of(session: ReadSession, resource_id: UUID) -> str:
    """The kind of a resource. Raises NotFound."""
    kind: str | None = (await session.execute(KIND_OF, {"id": resource_id})).scalar_one_or_none()
    if kind is None:
        raise NotFound("resource", str(resource_id))
    return kind
