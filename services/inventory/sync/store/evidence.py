"""What a running sweep has seen so far: a row a batch, removed when the sweep closes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from sqlalchemy import delete, select, text

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition, NotFound
from services.inventory.tables import cloud_sweep_sightings as sightings
from services.inventory.tables import cloud_sweeps as sweeps

__all__ = ["Tally", "add_evidence", "drop_evidence", "refuse_evidence", "tally"]

ADD: Final = text("""
INSERT INTO cloud_sweep_sightings
    (sweep_id, provider_ids, discovered_count, updated_count, restored_count)
SELECT id, CAST(:provider_ids AS text[]), :discovered, :updated, :restored
FROM cloud_sweeps
WHERE id = :sweep_id AND provider = :provider AND kind = :kind AND outcome = 'running'
RETURNING id
""")

TALLY: Final = text("""
WITH seen AS MATERIALIZED (
    SELECT DISTINCT provider_id
    FROM cloud_sweep_sightings, unnest(provider_ids) AS provider_id
    WHERE sweep_id = :sweep_id
)
SELECT (SELECT count(*) FROM seen),
       (SELECT count(DISTINCT CASE u.provider_id WHEN '' THEN 'at ' || u.place
                              ELSE 'id ' || u.provider_id END)
        FROM cloud_sweep_unreadable AS u
        WHERE u.sweep_id = :sweep_id AND u.provider_id NOT IN (SELECT provider_id FROM seen)),
       coalesce(sum(discovered_count), 0), coalesce(sum(updated_count), 0),
       coalesce(sum(restored_count), 0),
       (SELECT count(*) FROM cloud_sweep_unreadable WHERE sweep_id = :sweep_id)
FROM cloud_sweep_sightings
WHERE sweep_id = :sweep_id
""")


@dataclass(frozen=True, slots=True)
class Tally:
    """What the batches of a sweep add up to."""

    seen: int
    """Distinct resources: one that two pages showed counts once."""
    unread: int
    """The same of those that were listed, and not recorded: their rows could not be read."""
    discovered: int
    updated: int
    restored: int
    unreadable: int
    """Rows, and parts of rows, that could not be read, whether or not they were recorded."""


async def add_evidence(
    session: WriteSession,
    sweep_id: UUID,
    *,
    provider: str,
    kind: str,
    provider_ids: Sequence[str],
    discovered: int,
    updated: int,
    restored: int,
) -> None:
    """Notes a batch as seen by a sweep; the caller holds the lock of the kind.

    Raises NotFound for an unknown sweep, and FailedPrecondition for one that is closed
    or of another kind.
    """
    added = await session.execute(
        ADD,
        {
            "sweep_id": sweep_id,
            "provider": provider,
            "kind": kind,
            "provider_ids": list(provider_ids),
            "discovered": discovered,
            "updated": updated,
            "restored": restored,
        },
    )
    if added.first() is None:
        await refuse_evidence(session, sweep_id, provider=provider, kind=kind)


async def refuse_evidence(
    session: WriteSession, sweep_id: UUID, *, provider: str, kind: str
) -> NoReturn:
    """Raises what is wrong with a sweep to which no evidence could be added."""
    found = (await session.execute(select(sweeps).where(sweeps.c.id == sweep_id))).first()
    if found is None:
        raise NotFound("sweep", str(sweep_id))
    if (found.provider, found.kind) != (provider, kind):
        raise FailedPrecondition(
            f"sweep {sweep_id} is of {found.provider} {found.kind}, not of {provider} {kind}",
            reason="SWEEP_OF_ANOTHER_KIND",
        )
    raise FailedPrecondition(f"sweep {sweep_id} is closed ({found.outcome})", reason="SWEEP_CLOSED")


async def tally(session: WriteSession, sweep_id: UUID) -> Tally:
    """What the batches of a sweep add up to, so far."""
    row = (await session.execute(TALLY, {"sweep_id": sweep_id})).one()
    return Tally(*(int(count) for count in row))


async def drop_evidence(session: WriteSession, sweep_id: UUID) -> None:
    """Removes the evidence of a sweep that is closed."""
    await session.execute(delete(sightings).where(sightings.c.sweep_id == sweep_id))
