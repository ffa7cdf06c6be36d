"""Assembles a tenant's invoice from quotes: their lines unchanged, and one tax line.

Nothing is priced here. The tax is computed once, on the sum, rounded half up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.analytics.invoicing.invoices.rules.lines import TAX, Line, Proof
from services.analytics.invoicing.profiles.rules.parties import TaxRule
from services.analytics.invoicing.rollups.rules.rebilling import CostClaim
from services.common.values.canonical import canonical, digest
from services.common.values.money import plain, whole_cents
from services.common.values.periods import Period

__all__ = [
    "TAX_ENGINE",
    "CannotBill",
    "Draft",
    "Part",
    "assemble",
    "recomputed_tax_proof",
    "tax_of",
]

TAX_ENGINE: Final = "tax/1"
"""The version of the tax rule; part of its proof."""

MAX_SUBTOTAL: Final = 10**15
"""In whole cents, equal to the largest line of a quote: a higher amount must be a mistake."""


class CannotBill(Exception):
    """A tenant's invoice cannot be drafted; the roll-up records the reason and continues."""

    def __init__(self, reason: str, message: str, deployment_id: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.deployment_id = deployment_id


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one subscription, and their proof."""

    deployment_id: str
    currency: str
    lines: tuple[Line, ...]
    proof: Proof
    claims: tuple[CostClaim, ...] | None = None
    """The provider's costs that the month of the subscription bills; None if it rebills none."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of a tenant's invoice. Amounts are in whole cents of the currency."""

    tenant_id: str
    period: Period
    currency: str
    lines: tuple[Line, ...]
    proofs: tuple[Proof, ...]
    subtotal_cents: int
    tax_cents: int
    tax_rule: TaxRule
    rebilling: tuple[Part, ...] = ()
    """The parts that rebill costs."""

    @property
    def total_cents(self) -> int:
        """The total including tax."""
        return self.subtotal_cents + self.tax_cents


def tax_of(subtotal_cents: int, rate_percent: Decimal) -> int:
    """The tax on a subtotal, in whole cents, rounded half up; symmetric for a negative one."""
    numerator, denominator = rate_percent.as_integer_ratio()
    return whole_cents(Fraction(subtotal_cents * numerator, denominator * 100))


def assemble(tenant_id: str, period: Period, parts: Sequence[Part], rule: TaxRule) -> Draft:
    """Assembles a tenant's invoice: its parts in order, then the tax.

    Raises CannotBill if there are no parts, they have different currencies, or their sum exceeds
    the maximum.
    """
    currencies = sorted({part.currency for part in parts})
    if not currencies:
        raise CannotBill("NOTHING_TO_BILL", "no subscription was billable in the period")
    if len(currencies) > 1:
        raise CannotBill(
            "MIXED_CURRENCIES",
            f"subscriptions are priced in {', '.join(currencies)}: an invoice has one currency",
            parts[-1].deployment_id,
        )
    lines = tuple(line for part in parts for line in part.lines)
    subtotal = sum(line.amount_cents for line in lines)
    if abs(subtotal) > MAX_SUBTOTAL:
        raise CannotBill("AMOUNT_TOO_LARGE", f"the lines exceed {MAX_SUBTOTAL} cents in total")
    tax = tax_of(subtotal, rule.rate_percent)
    return Draft(
        tenant_id=tenant_id,
        period=period,
        currency=currencies[0],
        lines=(*lines, _tax_line(subtotal, tax, rule, period)),
        proofs=(*(part.proof for part in parts), _tax_proof(subtotal, tax, rule, period)),
        subtotal_cents=subtotal,
        tax_cents=tax,
        tax_rule=rule,
        rebilling=tuple(part for part in parts if part.claims is not None),
    )


def recomputed_tax_proof(subtotal_cents: int, rule: TaxRule, period: Period) -> tuple[Proof, int]:
    """The tax and its proof, by the current rule."""
    tax = tax_of(subtotal_cents, rule.rate_percent)
    return _tax_proof(subtotal_cents, tax, rule, period), tax


def _tax_line(subtotal: int, tax: int, rule: TaxRule, period: Period) -> Line:
    # Quantity times unit price is the amount before rounding, as on every other line.
    return Line(
        kind=TAX,
        resource_kind="",
        description=f"{rule.label} {plain(rule.rate_percent)}%",
        qty=rule.rate_percent,
        unit="percent",
        unit_price_cents=Decimal(subtotal) / 100,
        amount_cents=tax,
        meta={
            "rate_percent": plain(rule.rate_percent),
            "subtotal_cents": str(subtotal),
            "tax_region": rule.tax_region,
            "tax_rule_id": str(rule.id),
        },
        deployment_id=None,
        service_start=period.start,
        service_end=period.end,
        service_days=period.days,
    )


def _tax_proof(subtotal: int, tax: int, rule: TaxRule, period: Period) -> Proof:
    inputs = canonical(
        {
            "period_end": period.end.isoformat(),
            "period_start": period.start.isoformat(),
            "subtotal_cents": subtotal,
            "tax_rule": {
                "label": rule.label,
                "rate_percent": plain(rule.rate_percent),
                "region": rule.tax_region,
            },
        }
    )
    result = canonical({"tax_cents": tax})
    return Proof("", "", inputs, digest(inputs), TAX_ENGINE, digest(result))
