"""The lifecycle of a deployment: the allowed transitions, and who may request them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.common.errors import FailedPrecondition, PermissionDenied

__all__ = ["ENDED", "MOVES", "STATES", "State", "check_move", "first_state"]


class State(StrEnum):
    """The state of a deployment."""

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
"""The allowed transitions, by state.

Lifting a suspension restores a pause if there was one.
"""

IMPOSED: Final = frozenset({State.PAST_DUE, State.SUSPENDED})
"""The states of dunning: a tenant may neither enter nor leave them."""

ENDED: Final = frozenset({State.CANCELLED, State.ARCHIVED})
"""The states in which nothing is billed."""


def first_state(*, trial: bool) -> State:
    """The initial states."""
    return State.TRIAL if trial else State.ACTIVE


def check_move(start: State, to: State, *, by_tenant: bool, own_pause: bool = False) -> None:
    """Checks a transition. A tenant may lift its own pause, but not an imposed one.

    Raises FailedPrecondition if the transition is not allowed, and PermissionDenied if a tenant may
    not request it.
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
            f"only an operator may change a deployment from {start} to {to}",
            reason="OPERATOR_ONLY",
        )
