"""Which sync reads a kind: all kinds of a sync are claimed at once, so that none wait in a ring."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession
from services.inventory.resources.store.locks import lock_kinds

__all__ = ["KindClaim", "claim_kinds", "give_claim_back"]

STANDING: Final = text("""
SELECT kind, workflow_id, run_id FROM cloud_sync_claims
WHERE provider = :provider AND kind = ANY (CAST(:kinds AS text[]))
  AND run_id NOT IN (:run_id, '') AND run_id <> ALL (CAST(:ended AS text[]))
ORDER BY kind
""")

CLAIM: Final = text("""
INSERT INTO cloud_sync_claims (provider, kind, workflow_id, run_id, claimed_at)
SELECT :provider, kind, :workflow_id, :run_id, now() FROM unnest(CAST(:kinds AS text[])) AS kind
ON CONFLICT ON CONSTRAINT cloud_sync_claims_pkey DO UPDATE SET
    workflow_id = excluded.workflow_id, run_id = excluded.run_id, claimed_at = excluded.claimed_at
""")

GIVE_BACK: Final = text("""
UPDATE cloud_sync_claims SET run_id = ''
WHERE provider = :provider AND kind = :kind AND run_id = :run_id
""")


@dataclass(frozen=True, slots=True)
class KindClaim:
    """A kind that a sync claimed."""

    kind: str
    workflow_id: str
    run_id: str


async def claim_kinds(
    session: WriteSession,
    provider: str,
    kinds: Sequence[str],
    *,
    workflow_id: str,
    run_id: str,
    ended_run_ids: Sequence[str],
) -> list[KindClaim]:
    """Claims the kinds for a run, or answers the claims of other runs and claims none.

    A claim stands until it is given back, or its run ended, which the caller finds out:
    `ended_run_ids` are those of which it knows. What this run claimed before is its own.
    """
    # The locks of sightings would do too, and wait for whole batches.
    await lock_kinds(session, provider, (f"claim/{kind}" for kind in kinds))
    parameters = {"provider": provider, "kinds": sorted(set(kinds)), "run_id": run_id}
    found = await session.execute(STANDING, {**parameters, "ended": list(ended_run_ids)})
    standing = [KindClaim(row.kind, row.workflow_id, row.run_id) for row in found]
    if not standing:
        await session.execute(CLAIM, {**parameters, "workflow_id": workflow_id})
    return standing


async def give_claim_back(session: WriteSession, provider: str, kind: str, run_id: str) -> None:
    """Ends a run's claim of a kind; nothing happens where another run claimed it since."""
    await session.execute(GIVE_BACK, {"provider": provider, "kind": kind, "run_id": run_id})
