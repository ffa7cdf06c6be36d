"""Assigns resources to owners: explicitly, by project, or by the catalog's deployments."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.inventory.resources.rules import assigning
from services.inventory.resources.rules.assigning import OwnerChange
from services.inventory.resources.rules.ownership import (
    DEPLOYMENT_TAG,
    DeploymentName,
    KnownDeployments,
    Ownership,
)
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store import assignments
from services.inventory.resources.store.deployment_names import keep_deployments, known_deployments
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.projects import MemberKey, Project
from services.inventory.sync.store.projects import find_project
from services.inventory.vocabulary import KINDS, PROVIDERS, Classification

__all__ = ["assign", "assign_by_rules", "classify_project", "learn_deployments", "record_members"]


async def assign(
    session: WriteSession, ids: Sequence[UUID], owner: Ownership, *, cause: Cause, reason: str
) -> int:
    """Assigns resources to an owner explicitly; returns the number of changed owners.

    Raises NotFound for an unknown resource, FailedPrecondition for one that is gone.
    """
    held = await assignments.held_by_id(session, ids)
    gone = next((one for one in held if one.deleted), None)
    if gone is not None:
        raise FailedPrecondition(
            f"resource {gone.id} is gone and cannot be assigned",
            reason="RESOURCE_DELETED",
            metadata={"id": str(gone.id)},
        )
    return await _change(session, assigning.give(held, owner), cause, reason)


async def assign_by_rules(
    session: WriteSession, ids: Sequence[UUID], *, cause: Cause, reason: str
) -> int:
    """Removes explicit assignments; returns the number of changed owners.

    Resources that are gone keep their owner. Raises NotFound for an unknown resource.
    """
    living = [one for one in await assignments.held_by_id(session, ids) if not one.deleted]
    known = await known_deployments(session, (one.tags for one in living))
    return await _change(session, assigning.unassign(living, known), cause, reason)


async def classify_project(
    session: WriteSession,
    project_id: UUID,
    classification: Classification,
    tenant_id: str | None,
    *,
    cause: Cause,
) -> Project:
    """Classifies a project and returns it. Raises NotFound.

    Its resources get its tenant, unless a tag or an operator decided otherwise.
    """
    project = await assignments.class_project(session, project_id, classification, tenant_id)
    held = await assignments.held_in_project(session, project_id)
    known = await known_deployments(session, (one.tags for one in held))
    reason = f"project {project.name} classed as {classification.value} {tenant_id or ''}".rstrip()
    await _change(session, assigning.reassign(held, known), cause, reason)
    return project


async def learn_deployments(
    session: WriteSession,
    asked: Sequence[DeploymentName],
    found: KnownDeployments,
    *,
    cause: Cause,
) -> int:
    """Stores the catalog's deployments for the names in tags.

    Resources with these tags get the deployment and its tenant; returns the number of changed
    owners.
    """
    before = await known_deployments(session, [[f"{DEPLOYMENT_TAG}{one.slug}"] for one in asked])
    news = [one for one in asked if before.get(one) != found.get(one)]
    if not news:
        return 0
    for provider in sorted(PROVIDERS):
        await lock_kinds(session, provider, KINDS)
    await keep_deployments(session, news, found)
    held = await assignments.held_by_tag(session, (f"{DEPLOYMENT_TAG}{one.slug}" for one in news))
    known = await known_deployments(session, (one.tags for one in held))
    reason = "the catalog knows the deployment"
    return await _change(session, assigning.reassign(held, known), cause, reason)


async def record_members(
    session: WriteSession,
    provider: str,
    project_provider_id: str,
    members: Iterable[MemberKey],
    *,
    cause: Cause,
) -> int:
    """Moves resources into a project; returns the number of moved resources.

    Unknown resources are left for a later sweep. Raises NotFound for an unknown project.
    """
    wanted = sorted(set(members))
    await lock_kinds(session, provider, (one.kind for one in wanted))
    # Read under the locks that a classification takes too.
    project = await find_project(session, provider, project_provider_id)
    held = await assignments.newcomers(session, provider, project.id, wanted)
    known = await known_deployments(session, (one.tags for one in held))
    moves = assigning.move(held, str(project.id), project.tenant_id, known)
    # Most moves leave the owner as it is: the history of these need not be looked at.
    owners = {one.id: one.ownership for one in held}
    rehomed = [one.id for one in moves if one.ownership != owners[one.id]]
    await assignments.change_owners(session, moves, cause, project_id=project.id, rehomed=rehomed)
    return len(moves)


async def _change(
    session: WriteSession, changes: list[OwnerChange], cause: Cause, reason: str
) -> int:
    """Writes the new owners; returns the number of changed owners."""
    await assignments.change_owners(session, changes, cause, reason=reason)
    return sum(1 for one in changes if one.events)
