"""The flows about caps on spending."""

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
    purpose="holds caps on spending against what metering accrued",
)
SPEND_BREACH: Final = Flow(
    name="SpendBreach",
    prefix="spend",
    key="<breach id>",
    queue=TaskQueue.INVOICING,
    # An approval may take as long as it takes.
    timeout=timedelta(days=400),
    purpose="tells, asks or pauses where a cap was reached",
    started_by="the evaluation",
)

DECIDED: Final = "decided"
"""The signal to the run of a breach that an operator decided."""


@dataclass(frozen=True, slots=True)
class EvaluationInput:
    """All policies are evaluated, this many at a time."""

    policies_a_page: int = 200
    pause_notice_seconds: int = 0
    """So long before a cap pauses anything its tenant is told of it."""


@dataclass(frozen=True, slots=True)
class BreachInput:
    """A breach to deal with."""

    breach_id: str
    look_seconds: int = 3600
    """How often it is looked whether an operator decided, though nobody says so."""
    notice_hours: int = 72
    """How long a notice is tried where nothing else happens."""
    pause_notice_seconds: int = 0
    """So long before a pause its tenant is told of it."""
    power_look_seconds: int = 120
    """How often it is looked whether a pause was lifted, so that machines are on again."""
    power_off: tuple[PowerOff, ...] = ()
    """What an earlier run powered off, or was about to."""


def spend_breach(
    breach: BreachInput, *, tenant_id: str, period_code: str, summary: str
) -> Start[BreachInput]:
    """What deals with a breach, in a month such as `2026-04`."""
    return SPEND_BREACH.start(
        breach,
        breach.breach_id,
        summary=summary[:200],
        attributes={TENANT: tenant_id, PERIOD: period_code},
    )
