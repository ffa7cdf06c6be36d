"""The operator's billing terms: issuer, payment days, approval."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from services.analytics.invoicing.invoices.rules.states import HandOverStatus
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.errors import FailedPrecondition
from services.common.settings import Settings

__all__ = ["Terms"]

DEVELOPMENT_ISSUER: Final = Party(
    "Arcadia Development Pty Ltd",
    "18 123 456 789",
    ("1 Example Street", "Sydney NSW 2000", "Australia"),
    "billing@example.com",
)
"""The issuer in the local system."""


@dataclass(frozen=True, slots=True)
class Terms:
    """As configured."""

    issuer: Party
    payment_instructions: tuple[str, ...]
    """Payment instructions, one line each."""
    due_after: timedelta
    approval_required: bool
    tax_region: str
    """The tax region of tenants without a billing profile."""
    hand_over: HandOverStatus
    """The initial status of a hand-over."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The terms from the environment."""
        return cls(
            issuer=_issuer(settings),
            payment_instructions=_lines(settings.payment_instructions),
            due_after=timedelta(days=settings.payment_days),
            approval_required=settings.invoice_approval,
            tax_region=settings.tax_region,
            hand_over=(
                HandOverStatus.PENDING if settings.ar_url else HandOverStatus.NOT_CONFIGURED
            ),
        )

    def check_receivable(self) -> None:
        """Raises FailedPrecondition if no accounts receivable URL is configured."""
        if self.hand_over is HandOverStatus.NOT_CONFIGURED:
            raise FailedPrecondition("ARCADIA_AR_URL is not set", reason="AR_NOT_CONFIGURED")

    def checked_issuer(self) -> Party:
        """The issuer. Raises FailedPrecondition if none is configured."""
        if not self.issuer.name:
            raise FailedPrecondition(
                "ARCADIA_ISSUER_NAME is not set: an invoice says who bills",
                reason="ISSUER_NOT_CONFIGURED",
            )
        return self.issuer


def _issuer(settings: Settings) -> Party:
    if not settings.issuer_name and settings.env != "production":
        return DEVELOPMENT_ISSUER
    return Party(
        settings.issuer_name,
        settings.issuer_abn,
        _lines(settings.issuer_address),
        settings.issuer_email,
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split("|") if line.strip())
