"""What travels through Temporal about caps on spending: ids, words and amounts of money."""

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
    """How far an evaluation is."""

    page_token: str = ""
    breach_count: int = 0


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """How many breaches there are about which something is to be done."""

    breach_count: int

    def in_words(self) -> str:
        """In a line."""
        return f"{self.breach_count:,} caps reached about which something is to be done"


@dataclass(frozen=True, slots=True)
class BreachOutcome:
    """What is told of a breach."""

    breach_id: str
    status: str


@dataclass(frozen=True, slots=True)
class BreachStanding:
    """A breach as it stands."""

    breach_id: str
    status: str
    action: str
    tenant_id: str
    deployment_id: str
    """Empty where the tenant as a whole is capped."""
    period: str
    cap_cents: int
    accrued_cents: int
    currency: str
    decided_by: str = ""
    reason: str = ""
    pauses_at: str = ""
    """When deployments are paused for it, RFC 3339; empty where they are not, or were."""

    def in_words(self) -> str:
        """In a line."""
        whose = f"deployment {self.deployment_id}" if self.deployment_id else self.tenant_id
        return (
            f"{whose} came to {money_text(self.accrued_cents, self.currency)}"
            f" in {self.period[:7]}, capped at {amount_text(self.cap_cents, self.currency)}"
        )


@dataclass(frozen=True, slots=True)
class PausedCheck:
    """Deployments of which to know whether they are paused, and powered off for that."""

    deployment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PausedStates:
    """Deployments by what is to become of their machines."""

    off: tuple[str, ...] = ()
    """Paused, and their machines are to be off."""
    lifted: tuple[str, ...] = ()
    """Running again: machines that a pause powered off are to be on."""
    ended: tuple[str, ...] = ()
    """Cancelled: their machines stay as they are."""
