"""The work that deals with a breach of a cap."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from services.common.durable import Work
from services.common.values.money import money_text

__all__ = ["DECIDED", "dealing_with"]

QUEUE: Final = "invoicing"
TIMEOUT: Final = timedelta(days=400)
"""The last resort: an approval may take as long as it takes."""

DECIDED: Final = "decided"
"""The word to that work that an operator decided."""


def dealing_with(breach: Row[Any]) -> Work:
    """The work on a breach: one run for each."""
    cap = money_text(breach.cap_cents, breach.currency)
    whose = breach.deployment_id or breach.tenant_id
    return Work(
        workflow="SpendBreach",
        id=f"spend/{breach.id}",
        queue=QUEUE,
        argument={"breach_id": str(breach.id)},
        summary=f"{whose} reached {cap} in {breach.period:%Y-%m}",
        timeout=TIMEOUT,
        attributes={
            "ArcadiaTenant": breach.tenant_id,
            "ArcadiaPeriod": f"{breach.period:%Y-%m}",
        },
    )
