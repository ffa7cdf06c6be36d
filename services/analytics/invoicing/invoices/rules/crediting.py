"""Computes a credit note, so that the notes of an invoice never credit more than it charged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.analytics.invoicing.rollups.rules.drafting import tax_of
from services.common.errors import FailedPrecondition, InvalidArgument

__all__ = ["Credit", "Creditable", "CreditableTax", "CreditedAmount", "credit_of"]


@dataclass(frozen=True, slots=True)
class Creditable:
    """A line of an invoice without tax, in whole cents: its amount and what was credited."""

    line_id: UUID
    amount_cents: int
    credited_cents: int

    @property
    def left_cents(self) -> int:
        """What no note has taken back."""
        return self.amount_cents - self.credited_cents


@dataclass(frozen=True, slots=True)
class CreditableTax:
    """The tax line of an invoice, in whole cents: its amount and what was credited."""

    line_id: UUID
    amount_cents: int
    followed_cents: int
    """Credited as the tax of credited lines."""
    alone_cents: int
    """Credited on its own, when a note named the tax line."""

    @property
    def left_cents(self) -> int:
        """What no note has taken back."""
        return self.amount_cents - self.followed_cents - self.alone_cents


@dataclass(frozen=True, slots=True)
class CreditedAmount:
    """The amount of a line to credit, in whole cents; may name the tax line."""

    line_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Credit:
    """The amounts of a note, in whole cents; the tax follows from the lines."""

    amounts: tuple[CreditedAmount, ...]
    subtotal_cents: int
    tax_cents: int

    @property
    def total_cents(self) -> int:
        """Both together."""
        return self.subtotal_cents + self.tax_cents


def credit_of(
    lines: Sequence[Creditable],
    tax: CreditableTax,
    wanted: Sequence[CreditedAmount],
    *,
    rate_percent: Decimal,
) -> Credit:
    """The note that credits the given lines, or the whole remainder if none are given.

    The tax of all notes together is the tax on all credited amounts, rounded once. After a full
    credit, the credited tax equals the charged tax to the cent. Tax that was credited on its own is
    not credited again with its lines.

    Raises InvalidArgument for a line that is not of this invoice, is named twice, or has less left;
    FailedPrecondition if nothing is left.
    """
    left = {line.line_id: line.left_cents for line in lines} | {tax.line_id: tax.left_cents}
    amounts = _named(left, wanted) if wanted else _everything(lines)
    alone = sum(one.amount_cents for one in amounts if one.line_id == tax.line_id)
    subtotal = sum(one.amount_cents for one in amounts) - alone
    credited_before = sum(line.credited_cents for line in lines)
    if subtotal <= 0 and not alone:
        raise FailedPrecondition("nothing is left to credit", reason="NOTHING_TO_CREDIT")
    if subtotal and credited_before + subtotal > sum(line.amount_cents for line in lines):
        raise InvalidArgument("lines", "are more than is left of the invoice")
    followed = min(
        tax_of(credited_before + subtotal, rate_percent),
        tax.amount_cents - tax.alone_cents - alone,
    )
    follows = followed - tax.followed_cents if subtotal else 0
    return Credit(amounts, subtotal, follows + alone)


def _everything(lines: Sequence[Creditable]) -> tuple[CreditedAmount, ...]:
    # The negative lines of an adjustment are credited too: the note mirrors the invoice.
    return tuple(CreditedAmount(line.line_id, line.left_cents) for line in lines if line.left_cents)


def _named(
    left: Mapping[UUID, int], wanted: Sequence[CreditedAmount]
) -> tuple[CreditedAmount, ...]:
    seen: set[UUID] = set()
    for index, one in enumerate(wanted):
        if one.line_id not in left:
            raise InvalidArgument(f"lines[{index}].line_id", "is not a line of this invoice")
        if one.line_id in seen:
            raise InvalidArgument(f"lines[{index}].line_id", "is named twice")
        if one.amount_cents <= 0:
            raise InvalidArgument(f"lines[{index}].amount_cents", "must be positive")
        if one.amount_cents > left[one.line_id]:
            raise InvalidArgument(
                f"lines[{index}].amount_cents", f"exceeds the amount left: {left[one.line_id]}"
            )
        seen.add(one.line_id)
    return tuple(wanted)
