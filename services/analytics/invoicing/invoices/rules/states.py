"""Where invoices, roll-ups and hand-overs stand, and which moves are allowed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from services.common.errors import FailedPrecondition

__all__ = [
    "ENDED_ROLLUPS",
    "OPEN_ROLLUPS",
    "Decision",
    "HandOverStatus",
    "HandedOver",
    "InvoiceKind",
    "InvoiceStatus",
    "OneOffStatus",
    "Outcome",
    "RollupStatus",
    "check_rollup_move",
]


class InvoiceKind(StrEnum):
    """What an invoice was made of."""

    MONTH = "month"
    """A month of subscriptions and usage, by a roll-up."""
    ONE_OFF = "one_off"
    """Lines that an operator billed at once."""


class InvoiceStatus(StrEnum):
    """Where an invoice stands."""

    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    VOID = "void"


class OneOffStatus(StrEnum):
    """Where a one-off line stands."""

    PENDING = "pending"
    DRAFTED = "drafted"
    BILLED = "billed"
    REMOVED = "removed"


class RollupStatus(StrEnum):
    """Where a roll-up stands."""

    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting_approval"
    ISSUING = "issuing"
    COMPLETED = "completed"
    FAILED = "failed"
    UNDONE = "undone"


class Outcome(StrEnum):
    """What a roll-up did for a tenant."""

    PLANNED = "planned"
    DRAFTED = "drafted"
    SKIPPED = "skipped"
    FAILED = "failed"


class Decision(StrEnum):
    """What an operator decided about a roll-up."""

    NONE = ""
    APPROVE = "approve"
    UNDO = "undo"


class HandOverStatus(StrEnum):
    """Where the hand-over of an invoice stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"


class HandedOver(StrEnum):
    """What is handed over to accounts receivable."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    VOID = "void"


OPEN_ROLLUPS: Final = (
    RollupStatus.RUNNING,
    RollupStatus.AWAITING_APPROVAL,
    RollupStatus.ISSUING,
)
"""The states of a roll-up that goes on by itself or waits for an operator."""

ENDED_ROLLUPS: Final = tuple(status for status in RollupStatus if status not in OPEN_ROLLUPS)
"""All others."""

_MOVES: Final[Mapping[RollupStatus, frozenset[RollupStatus]]] = {
    RollupStatus.RUNNING: frozenset(
        {
            RollupStatus.AWAITING_APPROVAL,
            RollupStatus.ISSUING,
            RollupStatus.FAILED,
            RollupStatus.UNDONE,
        }
    ),
    RollupStatus.AWAITING_APPROVAL: frozenset(
        {
            RollupStatus.RUNNING,
            RollupStatus.ISSUING,
            RollupStatus.FAILED,
            RollupStatus.UNDONE,
        }
    ),
    RollupStatus.ISSUING: frozenset({RollupStatus.COMPLETED, RollupStatus.FAILED}),
    # A retry of failed tenants goes on with the same roll-up; one that broke off may be undone.
    RollupStatus.COMPLETED: frozenset({RollupStatus.RUNNING}),
    RollupStatus.FAILED: frozenset({RollupStatus.RUNNING, RollupStatus.UNDONE}),
    RollupStatus.UNDONE: frozenset(),
}


def check_rollup_move(current: RollupStatus, wanted: RollupStatus) -> bool:
    """Whether there is anything to do: staying is none. Raises FailedPrecondition."""
    if current is wanted:
        return False
    if wanted not in _MOVES[current]:
        raise FailedPrecondition(
            f"the roll-up is {current}: it does not become {wanted}",
            reason="ROLLUP_MOVE_REFUSED",
            metadata={"status": current},
        )
    return True
