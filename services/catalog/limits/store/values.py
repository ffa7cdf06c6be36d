"""Overrides of tenants' limits; the newest of each is effective."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text

from services.catalog.limits.rules.limit_values import NewValue, SetValue
from services.common.db.database import ReadSession, WriteSession
from services.common.db.records import record_of, records_of
from services.common.db.single_statements import SingleRead, compiled

__all__ = ["fetch_set_values", "lock_quota", "read_set_values", "set_value"]

# Serialized per tenant: count, then create.
TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('quota/' || :name || '/' ||"
                   " :tenant_id, 0))")  # fmt: skip

COLUMNS: Final = "tenant_id, name, value, ends_on, set_by, reason, set_at"

_NEWEST: Final = text(f"""
SELECT DISTINCT ON (tenant_id, name) {COLUMNS} FROM tenant_limits
WHERE tenant_id = ANY(CAST(:tenant_ids AS text[]))
ORDER BY tenant_id, name, id DESC
""")
NEWEST: Final = compiled(_NEWEST)

SET: Final = text(f"""
INSERT INTO tenant_limits ({COLUMNS})
VALUES (:tenant_id, :name, :value, :ends_on, :set_by, :reason, :set_at)
RETURNING {COLUMNS}
""")


async def lock_quota(session: WriteSession, tenant_id: str, name: str) -> None:
    """Locks a tenant's quota until the transaction ends."""
    await session.execute(TURN, {"name": name, "tenant_id": tenant_id})


async def read_set_values(session: ReadSession, tenant_ids: Sequence[str]) -> list[SetValue]:
    """The latest setting of each limit of some tenants, including ended ones."""
    return records_of(SetValue, await session.execute(_NEWEST, {"tenant_ids": list(tenant_ids)}))


async def fetch_set_values(session: SingleRead, tenant_ids: Sequence[str]) -> list[SetValue]:
    """The same, as a single statement."""
    rows = await session.fetch(NEWEST, {"tenant_ids": list(tenant_ids)})
    return [SetValue(*row) for row in rows]


async def set_value(session: WriteSession, new: NewValue) -> SetValue:
    """Inserts a setting of a limit."""
    values = {
        "tenant_id": new.tenant_id,
        "name": new.limit.name,
        "value": new.value,
        "ends_on": new.ends_on,
        "set_by": new.set_by,
        "reason": new.reason,
        "set_at": new.set_at,
    }
    return record_of(SetValue, (await session.execute(SET, values)).one())
