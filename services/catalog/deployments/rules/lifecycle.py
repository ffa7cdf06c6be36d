"""The lifecycle of a deployment: which moves there are, and who may ask for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.common.errors import FailedPrecondition, PermissionDenied

__all__ = ["ENDED", "MOVES", "STATES", "State", "check_move", "first_state"]


class State(StrEnum):
    """What a deployment is."""

    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"


STATES: Final = tuple(State)

MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.TRIAL: frozenset({State.ACTIVE, State.SUSPENDED, State.CANCELLED}),
    State.ACTIVE: frozenset({State.PAST_DUE, State.PAUSED, State.SUSPENDED, State.CANCELLED}),
    State.PAST_DUE: frozenset({State.ACTIVE, State.SUSPENDED, State.CANCELLED}),
    State.PAUSED: frozenset({State.ACTIVE, State.SUSPENDED, State.CANCELLED}),
    State.SUSPENDED: frozenset({State.ACTIVE, State.PAUSED, State.CANCELLED}),
    State.CANCELLED: frozenset({State.ARCHIVED}),
    State.ARCHIVED: frozenset(),
}
"""From each state, the states that it may move to. There is no other move.

A suspension that is lifted goes back to a pause where it came from one.
"""

IMPOSED: Final = frozenset({State.PAST_DUE, State.SUSPENDED})
"""What an unpaid invoice brings: no tenant moves its own deployment there, nor lifts it."""

ENDED: Final = frozenset({State.CANCELLED, State.ARCHIVED})
"""In these nothing is billed any more."""


def first_state(*, trial: bool) -> State:
    """What a new deployment is."""
    return State.TRIAL if trial else State.ACTIVE


def check_move(start: State, to: State, *, by_tenant: bool, own_pause: bool = False) -> None:
    """Lets a move pass. Of a pause, a tenant may lift its own, and none that was imposed.

    Raises FailedPrecondition when there is no such move, and PermissionDenied for one that
    a tenant may not ask for.
    """
    if to not in MOVES[start]:
        allowed = ", ".join(sorted(MOVES[start])) or "none"
        raise FailedPrecondition(
            f"to_state: a deployment that is {start} cannot become {to}; allowed: {allowed}",
            reason="TRANSITION_NOT_ALLOWED",
            metadata={"field": "to_state", "from_state": start, "to_state": to},
        )
    lifts_foreign_pause = (start, to) == (State.PAUSED, State.ACTIVE) and not own_pause
    lifts_imposed = start in IMPOSED and to is not State.CANCELLED
    if by_tenant and (lifts_foreign_pause or lifts_imposed or to in IMPOSED):
        raise PermissionDenied(
            f"only an operator may make a deployment that is {start} {to}",
            reason="OPERATOR_ONLY",
        )
