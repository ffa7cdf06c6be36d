"""The flows of the month-end roll-up and of hand-overs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.flows import PERIOD, TENANT, Flow, Start, TaskQueue

__all__ = [
    "BILL_WAIT",
    "DECIDE",
    "HAND_OVER",
    "INVOICE_ROLLUP",
    "MONTH_END",
    "BillWaitInput",
    "HandOverInput",
    "MonthEndInput",
    "RollupInput",
    "bill_wait",
    "document_hand_over",
    "invoice_rollup",
    "rollup_hand_over",
]

MONTH_END: Final = Flow(
    name="MonthEnd",
    prefix="month-end",
    queue=TaskQueue.INVOICING,
    # Until the next month: a run without a worker must wait for one.
    timeout=timedelta(days=27),
    purpose="starts the roll-up of the month just ended",
)
INVOICE_ROLLUP: Final = Flow(
    name="InvoiceRollup",
    prefix="invoice-rollup",
    key="<month>",
    queue=TaskQueue.INVOICING,
    # A roll-up that awaits approval for longer is started again.
    timeout=timedelta(days=60),
    purpose="drafts, checks, issues and hands over a month's invoices",
    started_by="the month's end, or `arcadia rollup run`",
)
BILL_WAIT: Final = Flow(
    name="BillWait",
    prefix="bill-wait",
    key="<month>",
    queue=TaskQueue.INVOICING,
    # A bill that never comes is waived, or the month is rolled up again by hand.
    timeout=timedelta(days=180),
    purpose="waits for the provider's bill, then rolls the month up for the tenants that wait",
    started_by="the roll-up, if tenants wait",
)
HAND_OVER: Final = Flow(
    name="HandOver",
    prefix="hand-over",
    key="<month, or number of an invoice or credit note>",
    queue=TaskQueue.INVOICING,
    timeout=timedelta(days=30),
    purpose="posts to accounts receivable what a month's roll-up issued, or one document",
    started_by="the roll-up, or an operator",
)

DECIDE: Final = "decide"
"""Signals an operator's decision to a roll-up: `approve`, `undo` or `retry`."""


@dataclass(frozen=True, slots=True)
class MonthEndInput:
    """The scheduled start; the month follows from the scheduled time."""

    approval_required: bool


@dataclass(frozen=True, slots=True)
class RollupInput:
    """The roll-up of a month, by its first day."""

    period: str
    force: bool = False
    approval_required: bool = False
    started_by: str = ""
    rollup_id: str = ""
    """The roll-up to resume; opens one if empty."""
    metering_patience_minutes: int = 0
    """How long to wait for the metering of the last day."""
    tenants_per_page: int = 200
    without_bill: bool = False
    """Whether tenants whose rebilling rule waits for the provider's bill are billed without it."""


@dataclass(frozen=True, slots=True)
class BillWaitInput:
    """The month whose bill to wait for, by its first day, and how its roll-up is started."""

    period: str
    approval_required: bool = False
    pause_minutes: int = 60
    """How long to wait between looks at the bill."""


@dataclass(frozen=True, slots=True)
class HandOverInput:
    """What to hand over: an invoice with its corrections, or all of a roll-up; and for how long."""

    invoice_id: str = ""
    rollup_id: str = ""
    first_pause_seconds: int = 60
    patience_hours: int = 72
    round_count: int = 0
    began_at: str = ""
    """Start of the first round, RFC 3339; empty in the first run."""


def invoice_rollup(request: RollupInput) -> Start[RollupInput]:
    """The roll-up of a month, of which only one runs at a time."""
    code = request.period[:7]
    return INVOICE_ROLLUP.start(
        request, code, summary=f"invoices of {code}", attributes={PERIOD: code}
    )


def bill_wait(request: BillWaitInput) -> Start[BillWaitInput]:
    """The wait for the bill of a month, of which only one runs at a time."""
    code = request.period[:7]
    return BILL_WAIT.start(
        request,
        code,
        summary=f"wait for the provider's bill of {code}",
        attributes={PERIOD: code},
    )


def rollup_hand_over(rollup_id: str, period_code: str, *key: str) -> Start[HandOverInput]:
    """The hand-over of everything that a roll-up issued for a month such as `2026-04`."""
    return HAND_OVER.start(
        HandOverInput(rollup_id=rollup_id),
        period_code,
        *key,
        summary=f"hand the invoices of {period_code} to accounts receivable",
        attributes={PERIOD: period_code},
    )


def document_hand_over(
    invoice_id: str, number: str, *, tenant_id: str, period_code: str
) -> Start[HandOverInput]:
    """The hand-over of an invoice with its corrections, by number."""
    return HAND_OVER.start(
        HandOverInput(invoice_id=invoice_id),
        number,
        summary=f"hand {number} to accounts receivable",
        attributes={TENANT: tenant_id, PERIOD: period_code},
    )
