"""The states of invoices, roll-ups and hand-overs, and the allowed transitions."""

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
    """The kind of an invoice."""

    MONTH = "month"
    """A month of subscriptions and usage, drafted by a roll-up."""
    ONE_OFF = "one_off"
    """One-off lines that an operator billed immediately."""


class InvoiceStatus(StrEnum):
    """The status of an invoice."""

    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    VOID = "void"


class OneOffStatus(StrEnum):
    """The status of a one-off line."""

    PENDING = "pending"
    DRAFTED = "drafted"
    BILLED = "billed"
    REMOVED = "removed"


class RollupStatus(StrEnum):
    """The status of a roll-up."""

    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting_approval"
    ISSUING = "issuing"
    COMPLETED = "completed"
    FAILED = "failed"
    UNDONE = "undone"


class Outcome(StrEnum):
    """The outcome of a roll-up for one tenant."""

    PLANNED = "planned"
    DRAFTED = "drafted"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAITING = "waiting"
    """The provider's bill of the month is not complete, and a rebilling rule waits for it."""


class Decision(StrEnum):
    """An operator's decision on a roll-up."""

    NONE = ""
    APPROVE = "approve"
    UNDO = "undo"


class HandOverStatus(StrEnum):
    """The status of a hand-over."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"


class HandedOver(StrEnum):
    """A kind of document for accounts receivable."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    VOID = "void"


OPEN_ROLLUPS: Final = (
    RollupStatus.RUNNING,
    RollupStatus.AWAITING_APPROVAL,
    RollupStatus.ISSUING,
)
"""The states of a roll-up that is running or waits for an operator."""

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
    # Retrying failed tenants resumes the same roll-up; an interrupted one may be undone.
    RollupStatus.COMPLETED: frozenset({RollupStatus.RUNNING}),
    RollupStatus.FAILED: frozenset({RollupStatus.RUNNING, RollupStatus.UNDONE}),
    RollupStatus.UNDONE: frozenset(),
}


def check_rollup_move(current: RollupStatus, wanted: RollupStatus) -> bool:
    """Whether the status changes; False if it already has it. Raises FailedPrecondition."""
    if current is wanted:
        return False
    if wanted not in _MOVES[current]:
        raise FailedPrecondition(
            f"the roll-up is {current} and cannot become {wanted}",
            reason="ROLLUP_MOVE_REFUSED",
            metadata={"status": current},
        )
    return True
