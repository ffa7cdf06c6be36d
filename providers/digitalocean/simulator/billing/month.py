"""A month's whole bill: usage, shared charges, credits and tax."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from providers.digitalocean.simulator.billing.ledger import Lifespan
from providers.digitalocean.simulator.billing.lines import (
    BANDWIDTH_PER_GB,
    SPACES_INCLUDED_GB,
    SPACES_MONTHLY,
    SPACES_PER_GB,
    TAX_PERCENT,
    Charge,
    Line,
    Period,
    cents,
    usage_line,
)
from providers.digitalocean.simulator.world.build import Ids

__all__ = ["MonthTotals", "bill_month", "totals_of"]


@dataclass(frozen=True)
class MonthTotals:
    """The sums of a bill's lines by section of the summary; they add up to `amount`."""

    usage: Decimal
    overages: Decimal
    taxes: Decimal
    credits: Decimal

    @property
    def amount(self) -> Decimal:
        """The amount to pay."""
        return self.usage + self.overages + self.taxes + self.credits


def _sum(lines: Iterable[Line], charge: Charge) -> Decimal:
    amounts = (line.amount for line in lines if line.charge is charge)
    return cents(sum(amounts, Decimal("0.00")))


def totals_of(lines: list[Line]) -> MonthTotals:
    """Add up a bill's lines."""
    return MonthTotals(
        usage=_sum(lines, Charge.USAGE),
        overages=_sum(lines, Charge.OVERAGE),
        taxes=_sum(lines, Charge.TAX),
        credits=_sum(lines, Charge.CREDIT),
    )


def bill_month(lives: Iterable[Lifespan], period: Period, ids: Ids) -> list[Line]:
    """Every line of the month, in the order of the invoice: usage, overages, credits, tax."""
    spaces: list[Lifespan] = []
    lines: list[Line] = []
    for life in lives:
        line = usage_line(life, period)
        if line is not None:
            lines.append(line)
        elif life.kind == "spaces":
            spaces.append(life)
    lines.sort(key=lambda line: (line.product, line.group_description, line.description))
    lines += _spaces(spaces, period)
    lines += _bandwidth(period, ids)
    charged = sum((line.amount for line in lines), Decimal(0))
    lines += _credits(charged, period, ids)
    taxes = cents(charged * TAX_PERCENT / 100)
    if taxes:
        lines.append(
            Line(Charge.TAX, "Taxes", "GST (10.00%)", taxes, period.start, period.end, category="")
        )
    return lines


def _spaces(lives: list[Lifespan], period: Period) -> list[Line]:
    """One subscription for all buckets, and the storage beyond it."""
    if not lives:
        return []
    hours = Decimal(int((period.end - period.start).total_seconds())) / 3600
    lines = [
        Line(
            Charge.USAGE,
            "Spaces Subscription",
            "Spaces ($5/mo 250GB storage & 1TB bandwidth)",
            SPACES_MONTHLY,
            period.start,
            period.end,
            hours=hours.quantize(Decimal(1)),
            kind="spaces",
        )
    ]
    over = sum((life.quantity for life in lives), Decimal(0)) - SPACES_INCLUDED_GB
    if over > 0:
        text = f"Spaces Storage Overage ({over}GB @ $0.02/GB)"
        amount = cents(over * SPACES_PER_GB)
        lines.append(
            Line(Charge.OVERAGE, "Spaces", text, amount, period.start, period.end, kind="spaces")
        )
    return lines


def _bandwidth(period: Period, ids: Ids) -> list[Line]:
    """Transfer is pooled: overage of the pool is one line of the account."""
    chance = ids.chance("bandwidth", period.name)
    if chance.random() > 0.55:
        return []
    gigabytes = cents(Decimal(str(round(chance.uniform(80, 4200), 2))))
    text = f"Droplet Bandwidth Overage ({gigabytes}GB @ $0.01/GB)"
    amount = cents(gigabytes * BANDWIDTH_PER_GB)
    return [
        Line(Charge.OVERAGE, "Bandwidth", text, amount, period.start, period.end, kind="bandwidth")
    ]


def _credits(charged: Decimal, period: Period, ids: Ids) -> list[Line]:
    """An occasional credit, never more than the charges."""
    chance = ids.chance("credit", period.name)
    if chance.random() > 0.2 or not charged:
        return []
    amount = min(cents(charged), cents(Decimal(chance.randrange(500, 9000)) / 100))
    return [
        Line(
            Charge.CREDIT,
            "Credits",
            "Service level credit",
            -amount,
            period.start,
            period.end,
            category="",
        )
    ]
