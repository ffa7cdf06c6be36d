"""Reads, inserts and updates deployments."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from services.catalog.deployments.rules.deployments import (
    BillingActions,
    Cause,
    Changes,
    Deployment,
    DeploymentFilter,
    DeploymentKey,
    NewDeployment,
)
from services.catalog.deployments.rules.lifecycle import State, first_state
from services.catalog.deployments.store.events import record_event
from services.catalog.vocabulary import EventType
from services.common.db.database import ReadSession, WriteSession
from services.common.db.pages import text_page
from services.common.db.records import first_of, found_of, record_of
from services.common.errors import AlreadyExists
from services.common.identity.callers import Scope
from services.common.rpc.paging import Page, PageRequest

__all__ = [
    "COLUMNS",
    "create_deployment",
    "list_deployments",
    "lock_deployment",
    "lookup_deployments",
    "read_deployment",
    "set_state",
    "update_billing_actions",
    "update_deployment",
]

COLUMNS: Final = """
d.id, d.tenant_id, d.slug, d.display_name, d.region, d.state, d.llm_mode,
d.billing_action_suspended, d.power_off_when_suspended, d.template_code, d.template_version,
d.trial_ends_on, d.created_at, d.state_changed_at, d.paused_by_tenant,
d.began_on_trial
"""

OF_SCOPE: Final = "(CAST(:scope AS text) IS NULL OR d.tenant_id = CAST(:scope AS text))"

ONE: Final = f"SELECT {COLUMNS} FROM deployments AS d WHERE d.id = :id AND {OF_SCOPE}"

READ: Final = text(ONE)

# Not FOR UPDATE, so that inserts of rows that reference it do not wait.
LOCK: Final = text(f"{ONE} FOR NO KEY UPDATE")

LIST: Final = text(f"""
SELECT {COLUMNS} FROM deployments AS d
WHERE {OF_SCOPE}
  AND (CAST(:tenant_id AS text) = '' OR d.tenant_id = CAST(:tenant_id AS text))
  AND (CAST(:state AS text) = '' OR d.state = CAST(:state AS text))
  AND (CAST(:slug AS text) = '' OR d.slug = CAST(:slug AS text))
  AND (CAST(:after AS uuid) IS NULL OR d.id > CAST(:after AS uuid))
ORDER BY d.id
LIMIT :limit
""")

CREATE: Final = text(f"""
INSERT INTO deployments AS d
    (tenant_id, slug, display_name, region, state, llm_mode, template_code, template_version,
     trial_ends_on, began_on_trial, created_at, state_changed_at)
VALUES (:tenant_id, :slug, :display_name, :region, :state, :llm_mode, :template_code,
        :template_version, :trial_ends_on, :trial, :at, :at)
ON CONFLICT ON CONSTRAINT deployments_slug_key DO NOTHING
RETURNING {COLUMNS}
""")

UPDATE: Final = text(f"""
UPDATE deployments AS d
SET display_name = coalesce(:display_name, d.display_name),
    llm_mode = coalesce(:llm_mode, d.llm_mode),
    template_code = nullif(coalesce(:template_code, d.template_code), ''),
    template_version = nullif(coalesce(:template_version, d.template_version), '')
WHERE d.id = :id
RETURNING {COLUMNS}
""")

SET_STATE: Final = text(f"""
UPDATE deployments AS d
SET state = :state, state_changed_at = :at, paused_by_tenant = :paused_by_tenant
WHERE d.id = :id
RETURNING {COLUMNS}
""")

UPDATE_BILLING_ACTIONS: Final = text(f"""
UPDATE deployments AS d
SET billing_action_suspended = coalesce(:suspended, d.billing_action_suspended),
    power_off_when_suspended = coalesce(:power_off, d.power_off_when_suspended)
WHERE d.id = :id
RETURNING {COLUMNS}
""")


async def read_deployment(session: ReadSession, scope: Scope, identifier: UUID) -> Deployment:
    """A deployment. Raises NotFound, also for another tenant's."""
    rows = await session.execute(READ, {"id": identifier, "scope": scope.tenant_id})
    return found_of(Deployment, rows, "deployment", identifier)


async def lock_deployment(session: WriteSession, scope: Scope, identifier: UUID) -> Deployment:
    """A deployment, locked until the transaction ends. Raises NotFound."""
    rows = await session.execute(LOCK, {"id": identifier, "scope": scope.tenant_id})
    return found_of(Deployment, rows, "deployment", identifier)


async def list_deployments(
    session: ReadSession, scope: Scope, wanted: DeploymentFilter, asked: PageRequest
) -> Page[Deployment]:
    """Deployments in the order of creation."""
    values = asdict(wanted) | {"scope": scope.tenant_id}
    return await text_page(session, Deployment, LIST, asked, "id", **values)


async def create_deployment(session: WriteSession, new: NewDeployment, cause: Cause) -> Deployment:
    """Inserts a deployment. Raises AlreadyExists if its tenant has the slug."""
    state = first_state(trial=new.trial)
    made = await session.execute(CREATE, {**asdict(new), "state": state, "at": cause.at})
    deployment = first_of(Deployment, made)
    if deployment is None:
        raise AlreadyExists.of_field(
            "slug",
            f"the tenant already has a deployment {new.slug!r}",
            reason="SLUG_TAKEN",
            slug=new.slug,
        )
    await record_event(session, deployment, EventType.CREATED, cause, from_state="")
    return deployment


async def set_state(
    session: WriteSession, before: Deployment, to: State, *, at: datetime, paused_by_tenant: bool
) -> Deployment:
    """Sets the state of a locked deployment."""
    values = {"id": before.id, "state": to, "at": at, "paused_by_tenant": paused_by_tenant}
    return record_of(Deployment, (await session.execute(SET_STATE, values)).one())


async def update_deployment(
    session: WriteSession, before: Deployment, changes: Changes, cause: Cause
) -> Deployment:
    """Updates the name and settings of a locked deployment."""
    row = (await session.execute(UPDATE, {**asdict(changes), "id": before.id})).one()
    return await _updated(session, before, record_of(Deployment, row), cause)


async def update_billing_actions(
    session: WriteSession, before: Deployment, actions: BillingActions, cause: Cause
) -> Deployment:
    """Sets what automatic billing actions may do to a locked deployment."""
    values = asdict(actions) | {"id": before.id}
    row = (await session.execute(UPDATE_BILLING_ACTIONS, values)).one()
    return await _updated(session, before, record_of(Deployment, row), cause)


async def _updated(
    session: WriteSession, before: Deployment, after: Deployment, cause: Cause
) -> Deployment:
    """Records the differences in the history, if there are any."""
    words = ", ".join(_differences(before, after))
    if words:
        told = cause.with_words(words)
        await record_event(session, after, EventType.UPDATED, told, from_state=after.state)
    return after


def _differences(before: Deployment, after: Deployment) -> list[str]:
    """The differences in words: `llm_mode hosted → none`."""
    return [
        f"{one.name} {_word(getattr(before, one.name))} → {_word(getattr(after, one.name))}"
        for one in fields(Deployment)
        if getattr(before, one.name) != getattr(after, one.name)
    ]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value or "none")


# Two matches are enough to know that a slug is ambiguous.
LOOKUP: Final = text(f"""
WITH keys AS (
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:tenants AS text[]), CAST(:slugs AS text[]))
        WITH ORDINALITY AS k(id, tenant_id, slug, position)
)
SELECT k.position, {COLUMNS} FROM keys AS k JOIN deployments AS d ON d.id = k.id
UNION ALL
SELECT k.position, d.*
FROM keys AS k CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM deployments AS d
    WHERE k.slug <> '' AND d.slug = k.slug AND (k.tenant_id = '' OR d.tenant_id = k.tenant_id)
    LIMIT 2
) AS d
""")


async def lookup_deployments(
    session: ReadSession, keys: Sequence[DeploymentKey]
) -> list[list[Deployment]]:
    """The matches of each key, in order: none, one, or two if it is ambiguous."""
    values = {
        "ids": [key.id for key in keys],
        "tenants": [key.tenant_id for key in keys],
        "slugs": [key.slug for key in keys],
    }
    found: defaultdict[int, list[Deployment]] = defaultdict(list)
    for row in await session.execute(LOOKUP, values):
        found[row.position].append(record_of(Deployment, row))
    return [found[position] for position in range(1, len(keys) + 1)]
