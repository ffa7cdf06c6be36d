"""Claims of kinds by syncs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from services.common.db.database import WriteSession
from services.common.db.records import arrays_of, records_of, unnested
from services.common.db.single_statements import Compiled, compiled

__all__ = ["FRESHNESS", "KindClaim", "claim_kinds", "give_claim_back", "standing_claims"]

STANDING: Final = text("""
SELECT kind, workflow_id, run_id FROM cloud_sync_claims
WHERE provider = :provider AND kind = ANY (CAST(:kinds AS text[]))
  AND run_id <> ALL (CAST(:run_ids AS text[]))
ORDER BY kind
""")

GIVE_BACK: Final = text("""
UPDATE cloud_sync_claims SET run_id = ''
WHERE provider = :provider AND kind = :kind AND run_id = :run_id
""")


@dataclass(frozen=True, slots=True)
class KindClaim:
    """A claim of a kind by a run."""

    kind: str
    workflow_id: str
    run_id: str


CLAIM: Final = f"""
INSERT INTO cloud_sync_claims (provider, kind, workflow_id, run_id, claimed_at)
SELECT %(provider)s, g.*, now() FROM {unnested(KindClaim, "g")}
ON CONFLICT ON CONSTRAINT cloud_sync_claims_pkey DO UPDATE SET
    workflow_id = excluded.workflow_id, run_id = excluded.run_id, claimed_at = excluded.claimed_at
"""


async def standing_claims(
    session: WriteSession, provider: str, claims: Sequence[KindClaim], ended_run_ids: Sequence[str]
) -> list[KindClaim]:
    """The claims of other runs on these kinds, except those of ended runs."""
    found = await session.execute(
        STANDING,
        {
            "provider": provider,
            "kinds": [one.kind for one in claims],
            "run_ids": ["", *ended_run_ids, *(one.run_id for one in claims)],
        },
    )
    return records_of(KindClaim, found)


async def claim_kinds(session: WriteSession, provider: str, claims: Sequence[KindClaim]) -> None:
    """Upserts claims, replacing invalid ones."""
    driver = await session.driver()
    async with driver.cursor() as cursor:
        await cursor.execute(CLAIM, {"provider": provider, **arrays_of(KindClaim, claims, "g")})


async def give_claim_back(session: WriteSession, provider: str, kind: str, run_id: str) -> None:
    """Releases a run's claim of a kind, unless another run claimed it since."""
    await session.execute(GIVE_BACK, {"provider": provider, "kind": kind, "run_id": run_id})


FRESHNESS: Final[Compiled] = compiled(
    text(
        """
        SELECT 'resource_sync', min(latest)
        FROM (
            SELECT max(finished_at) AS latest
            FROM cloud_sweeps
            WHERE outcome IN ('completed', 'partial')
            GROUP BY provider, kind
        ) AS kinds
        """
    )
)
"""The age of the oldest complete sweep among kinds; kinds without one are ignored."""
