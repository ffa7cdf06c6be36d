"""Payloads of spending caps: ids, words and amounts of money."""

from dataclasses import dataclass

from services.common.values.money import amount_text, money_text

__all__ = [
    "BreachOutcome",
    "BreachStanding",
    "EvaluationPlace",
    "EvaluationResult",
    "PausedCheck",
    "PausedStates",
]


@dataclass(frozen=True, slots=True)
class EvaluationPlace:
    """The cursor of an evaluation."""

    page_token: str = ""
    breach_count: int = 0


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """The number of open breaches."""

    breach_count: int

    def in_words(self) -> str:
        """In one line."""
        return f"{self.breach_count:,} reached caps with a pending action"


@dataclass(frozen=True, slots=True)
class BreachOutcome:
    """The outcome to record for a breach."""

    breach_id: str
    status: str


@dataclass(frozen=True, slots=True)
class BreachStanding:
    """The current state of a breach."""

    breach_id: str
    status: str
    action: str
    tenant_id: str
    deployment_id: str
    """Empty if the cap is on the whole tenant."""
    period: str
    cap_cents: int
    accrued_cents: int
    currency: str
    decided_by: str = ""
    reason: str = ""
    pauses_at: str = ""
    """When deployments will be paused for it, RFC 3339; empty otherwise."""

    def in_words(self) -> str:
        """In one line."""
        whose = f"deployment {self.deployment_id}" if self.deployment_id else self.tenant_id
        return (
            f"{whose} accrued {money_text(self.accrued_cents, self.currency)}"
            f" in {self.period[:7]}, capped at {amount_text(self.cap_cents, self.currency)}"
        )


@dataclass(frozen=True, slots=True)
class PausedCheck:
    """Deployments whose required power state to read."""

    deployment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PausedStates:
    """Deployments by the required power state of their machines."""

    off: tuple[str, ...] = ()
    """Paused; their machines must be off."""
    lifted: tuple[str, ...] = ()
    """Active again; machines that a pause powered off must be on."""
    ended: tuple[str, ...] = ()
    """Cancelled; their machines are not changed."""
