"""Reads complete lifetimes of resources; a page is one statement and so one snapshot.

Rows, changes and owners are read together. With separate statements, a change committed in between
would give a state that never existed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from kinds import RESOURCE_KINDS
from services.common.db.database import ReadSession
from services.common.db.records import arrays_of, records_of, unnested
from services.common.rpc.paging import Page, PageRequest
from services.inventory.lifetimes.rules.lifetimes import Change, Lifetime, Owner, OwnerSpan, Window
from services.inventory.lifetimes.rules.measures import MEASURES, METERED_FIELDS
from services.inventory.vocabulary import KINDS

__all__ = [
    "ExistenceFilter",
    "LifetimeFilter",
    "ResourceKey",
    "existing_lifetimes",
    "find_resources",
    "lifetimes_of",
    "list_lifetimes",
]

NOW: Final = text("SELECT now()")
ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
NAMES: Final = ("name",)
ATTRS_OF: Final = {
    kind: sorted(
        field.removeprefix("attrs.")
        for field in {*METERED_FIELDS.get(kind, ()), *([measure.field] if measure else ())}
        if field.startswith("attrs.")
    )
    for kind in RESOURCE_KINDS
    for measure in [MEASURES.get(kind)]
}
"""The metered attributes, by kind."""
METERED: Final = (
    "name",
    "region",
    "size",
    "status",
    *sorted({f"attrs.{attr}" for attrs in ATTRS_OF.values() for attr in attrs}),
)


def _read_attr(attr: str) -> str:
    """An attribute as text: empty where it is null, null where it is unknown."""
    known = f"CASE WHEN r.attrs ? '{attr}' THEN coalesce(r.attrs ->> '{attr}', '') END"
    return f"'attrs.{attr}', {known}"


FIELDS: Final = " ".join(
    ["CASE r.kind"]
    + [
        f"WHEN '{kind}' THEN jsonb_build_object("
        + ", ".join(_read_attr(attr) for attr in attrs)
        + ")"
        for kind, attrs in ATTRS_OF.items()
        if attrs
    ]
    + ["ELSE '{}' END"]
)

LIFETIMES: Final = f"""
SELECT r.id, r.kind, r.provider_id, r.name, r.status, r.size, {FIELDS} AS fields,
       coalesce(r.region, '') AS region,
       coalesce(r.attrs ->> 'unmeasured', '') AS unmeasured,
       coalesce(CAST(r.project_id AS text), '') AS project_id, coalesce(p.name, '') AS project_name,
       least(r.provider_created_at, r.first_seen_at) AS lived_from,
       r.provider_created_at IS NULL AS begin_unknown,
       CASE WHEN r.deleted_at IS NOT NULL THEN r.last_seen_at END AS lived_to,
       c.changed, c.ats, c.olds, o.tenants, o.deployments, o.froms, o.tos
FROM cloud_resources AS r
LEFT JOIN cloud_projects AS p ON p.id = r.project_id
CROSS JOIN LATERAL (
    SELECT array_agg(f.field ORDER BY e.occurred_at, e.id) AS changed,
           array_agg(e.occurred_at ORDER BY e.occurred_at, e.id) AS ats,
           array_agg(e.changes -> f.field ->> 'old' ORDER BY e.occurred_at, e.id) AS olds
    FROM cloud_resource_events AS e
    JOIN unnest(CAST(:fields AS text[])) AS f (field) ON e.changes ? f.field
    WHERE e.resource_id = r.id AND e.occurred_at >= :since AND e.type IN ('updated', 'restored')
) AS c
CROSS JOIN LATERAL (
    SELECT array_agg(coalesce(a.tenant_id, '') ORDER BY a.valid_from) AS tenants,
           array_agg(coalesce(a.deployment_id, '') ORDER BY a.valid_from) AS deployments,
           array_agg(a.valid_from ORDER BY a.valid_from) AS froms,
           array_agg(a.valid_to ORDER BY a.valid_from) AS tos
    FROM cloud_resource_assignments AS a
    WHERE a.resource_id = r.id
) AS o
"""

CONDITIONS: Final = {
    "ids": "r.id = ANY (CAST(:ids AS uuid[]))",
    "provider": "r.provider = :provider",
    "kinds": "r.kind = ANY (CAST(:kinds AS text[]))",
    "deployment_id": """EXISTS (
        SELECT FROM cloud_resource_assignments AS d
        WHERE d.resource_id = r.id AND d.deployment_id = :deployment_id)""",
    # A zero-length lifetime still includes its only instant.
    "lived_since": "(r.deleted_at IS NULL OR r.last_seen_at >= :lived_since)",
    "lived_before": "least(r.provider_created_at, r.first_seen_at) < :lived_before",
    "after": "r.id > :after",
    "from_id": "r.id >= :from_id",
}
"""The filter conditions by name; empty values do not restrict."""


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """A lookup key for bills: a provider id, or a kind with a current or former name.

    Alternatively only a resource id.
    """

    kind: str
    provider_id: str
    name: str
    resource_id: UUID | None = None


# One index lookup per key (OFFSET 0 prevents flattening). Bills omit a trailing blank of a name.
FIND: Final = f"""
WITH given AS (
    SELECT * FROM {unnested(ResourceKey, "given", is_numbered=True)}
)
SELECT g.position, r.id FROM given AS g CROSS JOIN LATERAL (
    SELECT id FROM cloud_resources
    WHERE provider = %(provider)s AND provider_id = g.provider_id
      AND kind = ANY (CASE g.kind WHEN '' THEN %(all_kinds)s::text[] ELSE ARRAY[g.kind] END)
    OFFSET 0) AS r
WHERE g.provider_id <> ''
UNION
SELECT g.position, r.id FROM given AS g
JOIN cloud_resources AS r ON r.id = g.resource_id AND r.provider = %(provider)s
UNION
SELECT g.position, r.id FROM given AS g CROSS JOIN LATERAL (
    SELECT id FROM cloud_resources
    WHERE provider = %(provider)s AND kind = g.kind
      AND name_key = ANY (ARRAY[lower(g.name), lower(g.name) || ' '])
    OFFSET 0) AS r
WHERE g.provider_id = ''
UNION
SELECT g.position, r.id FROM given AS g CROSS JOIN LATERAL (
    SELECT e.resource_id FROM cloud_resource_events AS e
    WHERE e.kind = g.kind
      AND e.former_name_key = ANY (ARRAY[lower(g.name), lower(g.name) || ' '])
    OFFSET 0) AS former
JOIN cloud_resources AS r ON r.id = former.resource_id AND r.provider = %(provider)s
WHERE g.provider_id = ''
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class LifetimeFilter:
    """A filter of lifetimes that overlap a half-open span; None as the end is open.

    For a deployment, all resources ever assigned to it.
    """

    provider: str
    kind: str
    deployment_id: str
    overlap_from: datetime | None
    overlap_to: datetime | None


@dataclass(frozen=True, slots=True)
class ExistenceFilter:
    """A filter: kinds (all if empty), and ever assigned to the deployment."""

    kinds: tuple[str, ...]
    deployment_id: str


async def find_resources(
    session: ReadSession, provider: str, keys: Sequence[ResourceKey]
) -> list[list[UUID]]:
    """The resources that match each key, oldest first, in the order of the keys."""
    found: list[list[UUID]] = [[] for _ in keys]
    given = {"provider": provider, "all_kinds": sorted(KINDS)}
    given |= arrays_of(ResourceKey, keys, "given")
    for position, resource_id in await session.on_driver(FIND, given, binary=False):
        found[position - 1].append(resource_id)
    return found


async def lifetimes_of(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Lifetime]:
    """The complete lifetimes of resources by id."""
    if not ids:
        return {}
    lives = await _read(session, NAMES, ALWAYS, {"ids": list(ids)}, limit=len(ids))
    return {life.id: life for life in lives}


async def list_lifetimes(
    session: ReadSession, wanted: LifetimeFilter, asked: PageRequest
) -> Page[Lifetime]:
    """Complete lifetimes in the order of discovery."""
    values = {
        "provider": wanted.provider,
        "kinds": [wanted.kind] if wanted.kind else [],
        "deployment_id": wanted.deployment_id,
        "lived_since": wanted.overlap_from,
        "lived_before": wanted.overlap_to,
        "after": asked.after,
    }
    lives = await _read(session, NAMES, ALWAYS, values, limit=asked.limit)
    return asked.page(lives, attrgetter("id"))


async def existing_lifetimes(
    session: ReadSession,
    wanted: ExistenceFilter,
    window: Window,
    *,
    from_id: UUID | None,
    limit: int,
) -> tuple[datetime, list[Lifetime]]:
    """The current time, and lifetimes that overlap a window, by id from `from_id` on.

    They include the changes since the start of the window.
    """
    values = {
        "kinds": list(wanted.kinds),
        "deployment_id": wanted.deployment_id,
        "lived_since": window.start,
        "lived_before": window.end,
        "from_id": from_id,
    }
    now = (await session.execute(NOW)).scalar_one()
    return now, await _read(session, METERED, window.start, values, limit=limit)


async def _read(
    session: ReadSession,
    fields: Sequence[str],
    since: datetime,
    values: dict[str, Any],
    *,
    limit: int,
) -> list[Lifetime]:
    asked = {name: value for name, value in values.items() if value}
    parameters = {"fields": list(fields), "since": since, "limit": limit, **asked}
    rows = (await session.execute(_statement(tuple(asked)), parameters)).all()
    return [
        replace(
            lifetime,
            changes=tuple(map(Change, row.changed or (), row.ats or (), row.olds or ())),
            owners=tuple(
                map(OwnerSpan, map(Owner, row.tenants, row.deployments), row.froms, row.tos)
            ),
        )
        for lifetime, row in zip(records_of(Lifetime, rows), rows, strict=True)
    ]


@cache
def _statement(asked: tuple[str, ...]) -> TextClause:
    conditions = " AND ".join(CONDITIONS[name] for name in asked)
    return text(f"{LIFETIMES} WHERE {conditions} ORDER BY r.id LIMIT :limit")
