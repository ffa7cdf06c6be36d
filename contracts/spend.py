"""The flows of spending caps."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from contracts.collections import PowerOff
from contracts.flows import PERIOD, TENANT, Flow, Start, TaskQueue

__all__ = [
    "DECIDED",
    "SPEND_BREACH",
    "SPEND_EVALUATION",
    "BreachInput",
    "EvaluationInput",
    "spend_breach",
]

SPEND_EVALUATION: Final = Flow(
    name="SpendEvaluation",
    prefix="spend-evaluation",
    queue=TaskQueue.INVOICING,
    timeout=timedelta(minutes=55),
    purpose="evaluates spending caps against accruals",
)
SPEND_BREACH: Final = Flow(
    name="SpendBreach",
    prefix="spend",
    key="<breach id>",
    queue=TaskQueue.INVOICING,
    # No timeout, because an approval may take any time.
    timeout=timedelta(days=400),
    purpose="notifies, asks for approval or pauses when a cap is reached",
    started_by="the evaluation",
)

DECIDED: Final = "decided"
"""Signals an operator's decision to the run of a breach."""


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """The number of policies to evaluate per page."""

    policies_a_page: int = 200
    pause_notice_seconds: int = 0
    """How long before a pause its tenant is notified."""


@dataclass(frozen=True, slots=True)
class BreachInput:
    """A breach to process."""

    breach_id: str
    look_seconds: int = 3600
    """Polling interval of an operator's decision without a signal."""
    notice_hours: int = 72
    """How long to retry a notice if no other action follows."""
    pause_notice_seconds: int = 0
    """How long before a pause its tenant is notified."""
    power_look_seconds: int = 120
    """Polling interval of a lifted pause, after which machines are powered on."""
    power_off: tuple[PowerOff, ...] = ()
    """Droplets that an earlier run powered off or was about to."""


def spend_breach(
    breach: BreachInput, *, tenant_id: str, period_code: str, summary: str
) -> Start[BreachInput]:
    """The run of a breach in a month such as `2026-04`."""
    return SPEND_BREACH.start(
        breach,
        breach.breach_id,
        summary=summary[:200],
        attributes={TENANT: tenant_id, PERIOD: period_code},
    )
