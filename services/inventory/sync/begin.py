"""Opens sweeps for all kinds of a sync in one transaction, which avoids deadlocks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.common.db.database import WriteSession
from services.common.errors import AlreadyExists
from services.inventory.resources.rules.recording import (
    Cause,
    SightingBatch,
    UnchangedBatch,
    record,
)
from services.inventory.resources.store.deployment_names import known_deployments
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.projects import SightedProject
from services.inventory.sync.rules.sweeps import ABANDONED, Sweep
from services.inventory.sync.store import sightings, sweeps
from services.inventory.sync.store.claims import KindClaim, claim_kinds, standing_claims
from services.inventory.sync.store.evidence import add_evidence, refuse_evidence, tally
from services.inventory.sync.store.projects import keep_projects
from services.inventory.vocabulary import PROJECT, Became

__all__ = ["begin_sweeps", "claim", "record_projects", "record_sightings", "record_unchanged"]


async def claim(
    session: WriteSession, provider: str, claims: Sequence[KindClaim], ended_run_ids: Sequence[str]
) -> list[KindClaim]:
    """Claims kinds for a run; if other runs have claims, returns these and claims none.

    A claim is valid until it is released or its run has ended. The caller determines which runs
    have ended and passes them in `ended_run_ids`. Idempotent for the same run.
    """
    # A separate lock, because the lock of sightings is held for whole batches.
    await lock_kinds(session, provider, (f"claim/{one.kind}" for one in claims))
    standing = await standing_claims(session, provider, claims, ended_run_ids)
    if not standing:
        await claim_kinds(session, provider, claims)
    return standing


async def begin_sweeps(
    session: WriteSession, provider: str, kinds: Mapping[str, str], *, run_id: str
) -> list[Sweep]:
    """Opens a sweep per key and kind; returns existing ones for known keys.

    Also closes sweeps that were opened long ago and never closed, because their worker is gone, and
    deletes those older than `sweeps.KEPT`.

    Raises AlreadyExists if a key names a sweep of another kind.
    """
    opened = await sweeps.open_sweeps(session, provider, kinds, run_id=run_id)
    for sweep in await sweeps.with_old_ones(session, provider, opened):
        await lock_kinds(session, provider, [sweep.kind])
        for sweep_id in await sweeps.abandoned_sweeps(session, sweep):
            await sweeps.close_sweep(session, sweep_id, ABANDONED, await tally(session, sweep_id))
        await sweeps.forget_old_sweeps(session, sweep)
    by_key = {sweep.key: sweep for sweep in opened}
    if before := kinds.keys() - by_key.keys():
        by_key |= {sweep.key: sweep for sweep in await sweeps.find_sweeps(session, before)}
    for key, kind in kinds.items():
        named = by_key[key]
        if (named.provider, named.kind) != (provider, kind):
            raise AlreadyExists(
                f"key {key!r} names a sweep of {named.provider} {named.kind}",
                reason="SWEEP_KEY_TAKEN",
            )
    return [by_key[key] for key in kinds]


async def record_sightings(
    session: WriteSession, batch: SightingBatch, *, sweep_id: UUID | None, cause: Cause
) -> Counter[str]:
    """Records a batch of sightings. Idempotent. Returns the number of rows per `Became`.

    Raises NotFound for an unknown sweep, and FailedPrecondition for a closed one or one of another
    kind; the batch is then not recorded.
    """
    await lock_kinds(session, batch.provider, [batch.kind])
    rest = await sightings.bump(session, batch)
    bumped = len(batch.provider_ids) - len(rest.changed) - len(rest.new)
    counts: Counter[str] = Counter({Became.UNCHANGED: bumped})
    if rest.new:
        counts.update(await _add(session, batch, rest.new, cause))
    if rest.changed:
        counts.update(await _change(session, batch, rest.changed, cause))
    if sweep_id is not None:
        await add_evidence(
            session, sweep_id, batch.provider, batch.kind, batch.provider_ids, counts
        )
    return counts


async def _add(
    session: WriteSession, batch: SightingBatch, positions: Sequence[int], cause: Cause
) -> Iterable[Became]:
    """Records those at these positions, which the inventory does not know."""
    sighted = [batch.sighted(position) for position in positions]
    deployments = await known_deployments(session, [one.content.tags for one in sighted])
    recorded = [record(one, None, deployments, kind=batch.kind) for one in sighted]
    await sightings.add_resources(session, batch, recorded, cause)
    return [one.became for one in recorded]


async def _change(
    session: WriteSession, batch: SightingBatch, positions: Sequence[int], cause: Cause
) -> Iterable[Became]:
    """Records those at these positions, which the inventory knows otherwise."""
    sighted = [batch.sighted(position) for position in positions]
    known = await sightings.known_resources(session, batch.provider, batch.kind, sighted)
    # Tags decide whose a row is, together with what the catalog said of them.
    tag_sets = [one.content.tags for one in sighted] + [one.content.tags for one in known.values()]
    deployments = await known_deployments(session, tag_sets)
    changed = [
        (before, record(one, before, deployments, kind=batch.kind))
        for one in sighted
        for before in (known[one.provider_id],)
    ]
    await sightings.change_resources(session, batch.kind, changed, cause)
    return [recorded.became for _, recorded in changed]


async def record_unchanged(
    session: WriteSession, batch: UnchangedBatch, *, sweep_id: UUID
) -> list[int]:
    """Marks rows with an unchanged digest as seen; returns the positions of the rest, ascending.

    For the rest, nothing is recorded, not even that the sweep saw them. Raises what
    `record_sightings` raises.
    """
    await lock_kinds(session, batch.provider, [batch.kind])
    rest, is_noted = await sightings.bump_and_note(session, batch, sweep_id)
    if not is_noted:
        await refuse_evidence(session, sweep_id, provider=batch.provider, kind=batch.kind)
    return sorted(rest.changed + rest.new)


async def record_projects(
    session: WriteSession,
    provider: str,
    sighted: Sequence[SightedProject],
    *,
    sweep_id: UUID | None,
) -> Counter[str]:
    """Records a batch of projects like `record_sightings`."""
    await lock_kinds(session, provider, [PROJECT])
    counts = Counter(await keep_projects(session, provider, sighted))
    if sweep_id is not None:
        provider_ids = [project.provider_id for project in sighted]
        await add_evidence(session, sweep_id, provider, PROJECT, provider_ids, counts)
    return counts
