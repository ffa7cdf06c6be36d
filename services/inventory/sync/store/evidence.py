"""The evidence of a running sweep: a row per batch, deleted when the sweep closes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from uuid import UUID

from sqlalchemy import delete, select, text

from services.common.db.database import WriteSession
from services.common.db.records import record_of
from services.common.errors import FailedPrecondition, NotFound
from services.inventory.tables import cloud_sweep_sightings as sightings
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import Became

__all__ = ["Tally", "add_evidence", "drop_evidence", "refuse_evidence", "tally"]

ADD: Final = text("""
INSERT INTO cloud_sweep_sightings
    (sweep_id, provider_ids, discovered_count, updated_count, restored_count)
SELECT id, CAST(:provider_ids AS text[]), :discovered, :updated, :restored
FROM cloud_sweeps
WHERE id = :sweep_id AND provider = :provider AND kind = :kind AND outcome = 'running'
RETURNING id
""")

NONE: Final[Mapping[str, int]] = dict.fromkeys(map(str, Became), 0)

TALLY: Final = text("""
WITH seen AS MATERIALIZED (
    SELECT DISTINCT provider_id
    FROM cloud_sweep_sightings, unnest(provider_ids) AS provider_id
    WHERE sweep_id = :sweep_id
)
SELECT (SELECT count(*) FROM seen) AS seen,
       (SELECT count(DISTINCT CASE u.provider_id WHEN '' THEN 'at ' || u.place
                              ELSE 'id ' || u.provider_id END)
        FROM cloud_sweep_unreadable AS u
        WHERE u.sweep_id = :sweep_id
          AND u.provider_id NOT IN (SELECT provider_id FROM seen)) AS unread,
       CAST(coalesce(sum(discovered_count), 0) AS bigint) AS discovered,
       CAST(coalesce(sum(updated_count), 0) AS bigint) AS updated,
       CAST(coalesce(sum(restored_count), 0) AS bigint) AS restored,
       (SELECT count(*) FROM cloud_sweep_unreadable WHERE sweep_id = :sweep_id) AS unreadable
FROM cloud_sweep_sightings
WHERE sweep_id = :sweep_id
""")


@dataclass(frozen=True, slots=True)
class Tally:
    """The totals of a sweep's batches."""

    seen: int
    """Distinct resources; one listed on two pages counts once."""
    unread: int
    """Distinct listed resources that were not recorded because their rows could not be read."""
    discovered: int
    updated: int
    restored: int
    unreadable: int
    """Unreadable rows and parts of rows, recorded or not."""


async def add_evidence(
    session: WriteSession,
    sweep_id: UUID,
    provider: str,
    kind: str,
    provider_ids: Sequence[str],
    counts: Mapping[str, int],
) -> None:
    """Records a batch as seen by a sweep; the caller holds the lock of the kind.

    `counts` has the number of rows per `Became`. Raises NotFound for an unknown sweep, and
    FailedPrecondition for a closed one or one of another kind.
    """
    given = {"sweep_id": sweep_id, "provider": provider, "kind": kind, **counts}
    added = await session.execute(ADD, {**NONE, **given, "provider_ids": list(provider_ids)})
    if added.first() is None:
        await refuse_evidence(session, sweep_id, provider=provider, kind=kind)


async def refuse_evidence(
    session: WriteSession, sweep_id: UUID, *, provider: str, kind: str
) -> NoReturn:
    """Raises the error for a sweep that accepts no evidence."""
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
    """The current totals of a sweep's batches."""
    return record_of(Tally, (await session.execute(TALLY, {"sweep_id": sweep_id})).one())


async def drop_evidence(session: WriteSession, sweep_id: UUID) -> None:
    """Deletes the evidence of a closed sweep."""
    await session.execute(delete(sightings).where(sightings.c.sweep_id == sweep_id))
