"""The one way into the inventory: a batch of what was seen, in a constant number of statements."""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from services.common.db.database import WriteSession
from services.inventory.resources.rules.recording import (
    Cause,
    SightingBatch,
    UnchangedBatch,
    record,
)
from services.inventory.resources.store.deployment_names import known_deployments
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.projects import SightedProject
from services.inventory.sync.store import sightings
from services.inventory.sync.store.evidence import add_evidence, refuse_evidence
from services.inventory.sync.store.projects import keep_projects
from services.inventory.vocabulary import PROJECT, Became

__all__ = ["record_projects", "record_sightings", "record_unchanged"]


async def record_sightings(
    session: WriteSession, batch: SightingBatch, *, sweep_id: UUID | None, cause: Cause
) -> Counter[str]:
    """Records a batch; the same batch again changes nothing. Answers how many `Became` what.

    Raises NotFound for an unknown sweep, and FailedPrecondition for one that is closed
    or of another kind; the batch is then not recorded.
    """
    await lock_kinds(session, batch.provider, [batch.kind])
    rest = await sightings.bump(session, batch)
    counts: Counter[str] = Counter({Became.UNCHANGED: len(batch.provider_ids) - len(rest)})
    if rest:
        counts.update(await _record_rest(session, batch, rest, cause))
    if sweep_id is not None:
        await add_evidence(
            session, sweep_id, batch.provider, batch.kind, batch.provider_ids, counts
        )
    return counts


async def _record_rest(
    session: WriteSession, batch: SightingBatch, rest: Sequence[int], cause: Cause
) -> Iterable[Became]:
    """Records those at these positions, which are not as they were."""
    sighted = [batch.sighted(position) for position in rest]
    known = await sightings.known_resources(session, batch.provider, batch.kind, sighted)
    tag_sets = [one.content.tags for one in sighted] + [one.content.tags for one in known.values()]
    deployments = await known_deployments(session, tag_sets)
    recorded = [
        record(one, known.get(one.provider_id), deployments, kind=batch.kind) for one in sighted
    ]
    rehomed = [
        one.resource.provider_id
        for one in recorded
        if one.is_another_owners(known.get(one.resource.provider_id))
    ]
    await sightings.keep_resources(session, batch, recorded, rehomed, cause)
    return [one.became for one in recorded]


async def record_unchanged(
    session: WriteSession, batch: UnchangedBatch, *, sweep_id: UUID
) -> list[int]:
    """Bumps what is as its digest says; answers the positions of the rest, ascending.

    Of the rest nothing is recorded: neither a row nor that the sweep saw it. Raises as
    `record_sightings`.
    """
    await lock_kinds(session, batch.provider, [batch.kind])
    rest, is_noted = await sightings.bump_and_note(session, batch, sweep_id)
    if not is_noted:
        await refuse_evidence(session, sweep_id, provider=batch.provider, kind=batch.kind)
    return rest


async def record_projects(
    session: WriteSession,
    provider: str,
    sighted: Sequence[SightedProject],
    *,
    sweep_id: UUID | None,
) -> Counter[str]:
    """Records a batch of projects, each once, as `record_sightings` does resources."""
    await lock_kinds(session, provider, [PROJECT])
    counts = Counter(await keep_projects(session, provider, sighted))
    if sweep_id is not None:
        provider_ids = [project.provider_id for project in sighted]
        await add_evidence(session, sweep_id, provider, PROJECT, provider_ids, counts)
    return counts
