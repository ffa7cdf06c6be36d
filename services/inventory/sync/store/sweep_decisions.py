"""What an operator decides about a sweep.

To let a halted one go on, to accept what a frozen one saw, or the total of an incomplete one.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition
from services.inventory.sync.store.sweeps import COUNTED, locked_sweep, of_kind
from services.inventory.tables import cloud_sweeps as sweeps
from services.inventory.vocabulary import Outcome

__all__ = ["accept_scope", "accept_total", "confirm_sweep"]


async def confirm_sweep(session: WriteSession, sweep_id: UUID, *, operator: str) -> Row[Any]:
    """Lets the next sweep of the kind tombstone as many rows as this one withheld.

    A confirmed sweep is answered as it is. Raises NotFound for an unknown one, and
    FailedPrecondition for one that was not halted, or that a later sweep superseded.
    """
    return await _decide(session, sweep_id, Outcome.HALTED, operator)


async def accept_scope(session: WriteSession, sweep_id: UUID, *, operator: str) -> Row[Any]:
    """Takes what a frozen sweep saw for all that the token is meant to see from now on.

    The next sweep of the kind is judged by it, and thaws what was frozen. An accepted sweep
    is answered as it is. Raises NotFound for an unknown one, and FailedPrecondition for one
    that was not frozen, or that a later sweep superseded.
    """
    return await _decide(session, sweep_id, Outcome.FROZEN, operator)


async def accept_total(session: WriteSession, sweep_id: UUID, *, operator: str) -> Row[Any]:
    """Lets the provider's total be wrong by as much as in an incomplete sweep.

    Later sweeps of the kind with the same difference are complete, until one adds up exactly.
    An accepted sweep is answered as it is. Raises NotFound for an unknown one, and
    FailedPrecondition for one that was not incomplete, or that a later sweep superseded.
    """
    return await _decide(session, sweep_id, Outcome.INCOMPLETE, operator)


async def _decide(
    session: WriteSession, sweep_id: UUID, outcome: Outcome, operator: str
) -> Row[Any]:
    sweep = await locked_sweep(session, sweep_id)
    if sweep.outcome != outcome:
        raise FailedPrecondition(
            f"sweep {sweep_id} was not {outcome} ({sweep.outcome}): there is nothing to decide",
            reason=f"SWEEP_NOT_{outcome.upper()}",
        )
    if sweep.confirmed_at is not None:
        return sweep
    await _refuse_superseded(session, sweep)
    return (
        await session.execute(
            update(sweeps)
            .where(sweeps.c.id == sweep_id)
            .values(confirmed_by=operator, confirmed_at=func.now())
            .returning(sweeps)
        )
    ).one()


async def _refuse_superseded(session: WriteSession, sweep: Row[Any]) -> None:
    later = (
        await session.execute(
            select(sweeps.c.id)
            .where(
                of_kind(sweep),
                # One that is frozen again says nothing new of what a halted one withheld.
                sweeps.c.outcome.in_({*COUNTED, sweep.outcome}),
                sweeps.c.finished_at > sweep.finished_at,
            )
            .order_by(sweeps.c.finished_at.desc())
            .limit(1)
        )
    ).first()
    if later is not None:
        raise FailedPrecondition(
            f"sweep {sweep.id} was superseded by sweep {later.id}",
            reason="SWEEP_SUPERSEDED",
            metadata={"by": str(later.id)},
        )
