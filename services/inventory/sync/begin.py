"""Beginning sweeps: for all kinds of a sync at once, so that none wait in a ring."""

from collections.abc import Mapping, Sequence

from services.common.db.database import WriteSession
from services.common.errors import AlreadyExists
from services.inventory.resources.store.locks import lock_kinds
from services.inventory.sync.rules.sweeps import ABANDONED, Sweep
from services.inventory.sync.store import sweeps
from services.inventory.sync.store.claims import KindClaim, claim_kinds, standing_claims
from services.inventory.sync.store.evidence import tally

__all__ = ["begin_sweeps", "claim"]


async def claim(
    session: WriteSession, provider: str, claims: Sequence[KindClaim], ended_run_ids: Sequence[str]
) -> list[KindClaim]:
    """Claims kinds for a run, or answers the claims of other runs and claims none.

    A claim stands until it is given back or its run has ended. The caller finds out which runs
    have, and names them in `ended_run_ids`. Idempotent: a run may claim its own kinds again.
    """
    # The locks of sightings would do too, and wait for whole batches.
    await lock_kinds(session, provider, (f"claim/{one.kind}" for one in claims))
    standing = await standing_claims(session, provider, claims, ended_run_ids)
    if not standing:
        await claim_kinds(session, provider, claims)
    return standing


async def begin_sweeps(
    session: WriteSession, provider: str, kinds: Mapping[str, str], *, run_id: str
) -> list[Sweep]:
    """Opens a sweep for each key, of its kind; answers those that were opened under it before.

    They start after all that this transaction saw. Closes what was opened long ago and never
    closed, because its worker is gone for good, and forgets what is older than `sweeps.KEPT`.

    Raises AlreadyExists when a key names a sweep of something else.
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
