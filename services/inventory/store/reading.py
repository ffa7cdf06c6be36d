"""Reading resources: pages in the order of discovery, one by its id, and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, cast, func, or_, select

from services.common.access import Scope
from services.common.database import ReadSession
from services.common.errors import NotFound
from services.inventory.models import cloud_resources as resources

__all__ = [
    "BASIC",
    "FULL",
    "Life",
    "ResourceFilter",
    "count_resources",
    "list_resources",
    "read_resource",
]

BASIC: Final = (
    cast(resources.c.id, Text),
    resources.c.provider,
    resources.c.kind,
    resources.c.provider_id,
    resources.c.name,
    resources.c.region,
    resources.c.size,
    resources.c.status,
    cast(resources.c.project_id, Text),
    resources.c.tenant_id,
    resources.c.deployment_id,
    resources.c.tags,
    resources.c.provider_created_at,
    resources.c.first_seen_at,
    resources.c.last_seen_at,
    resources.c.stale_strike_count,
    resources.c.deleted_at,
)
FULL: Final = (*BASIC, resources.c.attrs)


@dataclass(frozen=True, slots=True)
class Life:
    """Which rows by their tombstone."""

    living: bool
    tombstoned: bool


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Which resources; what is empty is not asked. Combined with and."""

    life: Life
    kind: str = ""
    region: str = ""
    status: str = ""
    project_id: UUID | None = None
    tenant_id: str = ""
    deployment_id: str = ""
    tag: str = ""
    query: str = ""


async def list_resources(
    session: ReadSession,
    scope: Scope,
    wanted: ResourceFilter,
    *,
    full: bool,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """A page of resources by id, which is the order of their discovery.

    `after` is the last id of the page before. Rows are in the order of `FULL` or `BASIC`.
    """
    conditions = [*_of(scope), *_conditions(wanted)]
    if after is not None:
        conditions.append(resources.c.id > after)
    columns = FULL if full else BASIC
    statement = select(*columns).where(*conditions).order_by(resources.c.id).limit(limit)
    return (await session.execute(statement)).all()


async def read_resource(session: ReadSession, scope: Scope, resource_id: UUID) -> Row[Any]:
    """A resource in the order of `FULL`. Raises NotFound, also for another tenant's."""
    statement = select(*FULL).where(resources.c.id == resource_id, *_of(scope))
    found = (await session.execute(statement)).first()
    if found is None:
        raise NotFound("resource", str(resource_id))
    return found


async def count_resources(session: ReadSession, scope: Scope, kind: str) -> Sequence[Row[Any]]:
    """How many live, by kind, region and tenant; most first."""
    key = (resources.c.kind, resources.c.region, resources.c.tenant_id)
    statement = (
        select(*key, func.count().label("living"))
        .where(resources.c.deleted_at.is_(None), *_of(scope))
        .group_by(*key)
        .order_by(func.count().desc(), *key)
    )
    if kind:
        statement = statement.where(resources.c.kind == kind)
    return (await session.execute(statement)).all()


def _of(scope: Scope) -> list[ColumnElement[bool]]:
    """The first wall: whose rows a query asks for. Row-level security is the second."""
    return [] if scope.everything else [resources.c.tenant_id == scope.tenant_id]


def _conditions(wanted: ResourceFilter) -> list[ColumnElement[bool]]:
    row = resources.c
    conditions = [
        column == value
        for column, value in (
            (row.kind, wanted.kind),
            (row.region, wanted.region),
            (row.status, wanted.status),
            (row.tenant_id, wanted.tenant_id),
            (row.deployment_id, wanted.deployment_id),
            (row.project_id, wanted.project_id),
        )
        if value
    ]
    if not wanted.life.tombstoned:
        conditions.append(row.deleted_at.is_(None))
    elif not wanted.life.living:
        conditions.append(row.deleted_at.is_not(None))
    if wanted.tag:
        conditions.append(row.tags.contains([wanted.tag]))
    if wanted.query:
        conditions.append(
            or_(
                row.name.icontains(wanted.query, autoescape=True),
                row.provider_id.icontains(wanted.query, autoescape=True),
            )
        )
    return conditions
