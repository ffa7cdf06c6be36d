"""Reads resources: pages in the order of discovery, single ones, and counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    bindparam,
    cast,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import NULLTYPE

from services.common.db.database import ReadSession
from services.common.db.deployment_rows import deployment_parameters, of_deployment
from services.common.db.records import records_of
from services.common.db.single_statements import Compiled, SingleRead, compiled
from services.common.errors import NotFound
from services.common.identity.callers import Scope
from services.common.rpc.deployment_slugs import DeploymentSlug
from services.inventory.resources.rules.resources import Resource
from services.inventory.tables import cloud_resources as resources

__all__ = [
    "ResourceCount",
    "ResourceFilter",
    "Tombstones",
    "count_resources",
    "list_resources",
    "read_resource",
]

ASKED: Final[Mapping[str, ColumnElement[Any]]] = {
    "id": cast(resources.c.id, Text),
    "project_id": cast(resources.c.project_id, Text),
    # The driver returns correct lists; skip validating each.
    "tags": type_coerce(resources.c.tags, NULLTYPE),
}
FULL: Final[tuple[ColumnElement[Any], ...]] = tuple(
    ASKED.get(name, resources.c[name]) for name in Resource._fields
)
BASIC: Final = FULL[:-1]


TEXT: Final = bindparam("query", type_=Text)

CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    # Restricts to the tenant in addition to row-level security.
    "scope": resources.c.tenant_id == bindparam("scope"),
    "kind": resources.c.kind == bindparam("kind"),
    "region": resources.c.region == bindparam("region"),
    "status": resources.c.status == bindparam("status"),
    "project_id": resources.c.project_id == bindparam("project_id"),
    "tenant_id": resources.c.tenant_id == bindparam("tenant_id"),
    "deployment_id": resources.c.deployment_id == bindparam("deployment_id"),
    "deployment": of_deployment(resources),
    "tag": resources.c.tags.contains(bindparam("tag", type_=ARRAY(Text))),
    "query": or_(
        func.strpos(func.lower(resources.c.name), func.lower(TEXT)) > 0,
        func.strpos(func.lower(resources.c.provider_id), func.lower(TEXT)) > 0,
    ),
    "after": resources.c.id > bindparam("after"),
}
"""The filter conditions by name; empty values do not restrict."""


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Selects rows by their tombstone."""

    living: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """A filter: empty fields do not restrict it; the others are combined with AND."""

    tombstones: Tombstones
    kind: str = ""
    region: str = ""
    status: str = ""
    project_id: UUID | None = None
    tenant_id: str = ""
    deployment_id: str = ""
    slug: DeploymentSlug | None = None
    """The slug of the deployment, under which resources may be stored too."""
    tag: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class ResourceCount:
    """The number of a tenant's resources of a kind in a region."""

    kind: str
    region: str
    tenant_id: str | None
    count: int


async def list_resources(
    reading: SingleRead,
    scope: Scope,
    wanted: ResourceFilter,
    *,
    full: bool,
    after: UUID | None,
    limit: int,
) -> list[Resource]:
    """A page of resources by id, which is the order of discovery.

    `after` is the last id of the previous page. Without `full` they have no `attrs`.
    """
    values: dict[str, Any] = {"scope": scope.tenant_id, "after": after, "deployment": wanted.slug}
    values |= {name: getattr(wanted, name) for name in CONDITIONS if name not in values}
    named: dict[str, Any] = {}
    if wanted.slug is not None:
        named = deployment_parameters(wanted.deployment_id, wanted.slug)
        values["deployment_id"] = ""
    if wanted.tag:
        values["tag"] = [wanted.tag]
    bounded = () if scope.everything else ("scope",)
    asked = tuple(name for name in CONDITIONS if name in bounded or values[name])
    statement = _page(FULL if full else BASIC, wanted.tombstones, asked)
    parameters = {name: values[name] for name in asked if name != "deployment"} | named
    rows = await reading.fetch(statement, {"limit": limit, **parameters})
    return [Resource(*row) for row in rows]


@cache
def _page(
    columns: tuple[ColumnElement[Any], ...], tombstones: Tombstones, asked: tuple[str, ...]
) -> Compiled:
    """The statement for a combination of conditions, built once per combination."""
    conditions = [CONDITIONS[name] for name in asked]
    if not tombstones.gone:
        conditions.append(resources.c.deleted_at.is_(None))
    elif not tombstones.living:
        conditions.append(resources.c.deleted_at.is_not(None))
    return compiled(
        select(*columns)
        .where(*conditions)
        .order_by(resources.c.id)
        .limit(bindparam("limit", type_=Integer))
    )


async def read_resource(session: ReadSession, scope: Scope, resource_id: UUID) -> Resource:
    """A resource. Raises NotFound, also for another tenant's."""
    statement = select(*FULL).where(resources.c.id == resource_id, *_of(scope))
    found = (await session.execute(statement)).first()
    if found is None:
        raise NotFound("resource", str(resource_id))
    return Resource._make(found)


async def count_resources(session: ReadSession, scope: Scope, kind: str) -> list[ResourceCount]:
    """The number of existing resources by kind, region and tenant, largest first."""
    key = (resources.c.kind, resources.c.region, resources.c.tenant_id)
    statement = (
        select(*key, func.count().label("count"))
        .where(resources.c.deleted_at.is_(None), *_of(scope))
        .group_by(*key)
        .order_by(func.count().desc(), *key)
    )
    if kind:
        statement = statement.where(resources.c.kind == kind)
    return records_of(ResourceCount, await session.execute(statement))


def _of(scope: Scope) -> list[ColumnElement[bool]]:
    """The tenant condition, in addition to row-level security."""
    return [] if scope.everything else [resources.c.tenant_id == scope.tenant_id]
