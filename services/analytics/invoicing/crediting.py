"""What a credit note takes back of an issued invoice, so that it never takes back too much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.analytics.invoicing.drafting import tax_of
from services.common.errors import FailedPrecondition, InvalidArgument

__all__ = ["Credit", "Creditable", "CreditedAmount", "Wanted", "credit"]


@dataclass(frozen=True, slots=True)
class Creditable:
    """A line of an invoice without tax, in whole cents: what it charged, and what is left."""

    line_id: UUID
    amount_cents: int
    credited_cents: int

    @property
    def left_cents(self) -> int:
        """What no note has taken back."""
        return self.amount_cents - self.credited_cents


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much of a line is to be taken back, in whole cents without tax."""

    line_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True)
class CreditedAmount:
    """How much of a line a note takes back."""

    line_id: UUID
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Credit:
    """What a note comes to, in whole cents; the tax follows the lines."""

    amounts: tuple[CreditedAmount, ...]
    subtotal_cents: int
    tax_cents: int


def credit(
    lines: Sequence[Creditable],
    wanted: Sequence[Wanted],
    *,
    rate_percent: Decimal,
    credited_tax_cents: int,
) -> Credit:
    """The note that takes back what is wanted; all that is left when nothing is named.

    The tax of all notes together is the tax on all that they took back, rounded once: when
    everything is credited, the tax is to the cent what was charged.

    Raises InvalidArgument for a line that is not of this invoice, named twice, or of which
    less is left; FailedPrecondition when nothing is left.
    """
    by_id = {line.line_id: line for line in lines}
    amounts = _named(by_id, wanted) if wanted else _everything(lines)
    subtotal = sum(amount.amount_cents for amount in amounts)
    credited_before = sum(line.credited_cents for line in lines)
    if subtotal <= 0:
        raise FailedPrecondition("nothing is left to credit", reason="NOTHING_TO_CREDIT")
    if credited_before + subtotal > sum(line.amount_cents for line in lines):
        raise InvalidArgument("lines", "are more than is left of the invoice")
    tax = tax_of(credited_before + subtotal, rate_percent) - credited_tax_cents
    return Credit(amounts, subtotal, tax)


def _everything(lines: Sequence[Creditable]) -> tuple[CreditedAmount, ...]:
    # What an adjustment gave back already is taken off again: the note mirrors the invoice.
    return tuple(CreditedAmount(line.line_id, line.left_cents) for line in lines if line.left_cents)


def _named(
    by_id: Mapping[UUID, Creditable], wanted: Sequence[Wanted]
) -> tuple[CreditedAmount, ...]:
    seen: set[UUID] = set()
    for index, one in enumerate(wanted):
        line = by_id.get(one.line_id)
        if line is None:
            raise InvalidArgument(f"lines[{index}].line_id", "is no line that bills something")
        if one.line_id in seen:
            raise InvalidArgument(f"lines[{index}].line_id", "is named twice")
        if one.amount_cents <= 0:
            raise InvalidArgument(f"lines[{index}].amount_cents", "must be positive")
        if one.amount_cents > line.left_cents:
            raise InvalidArgument(
                f"lines[{index}].amount_cents", f"is more than is left: {line.left_cents}"
            )
        seen.add(one.line_id)
    return tuple(CreditedAmount(one.line_id, one.amount_cents) for one in wanted)
