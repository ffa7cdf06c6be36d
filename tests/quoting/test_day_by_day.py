"""The engine compared with an independent computation: day by day, in fractions."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import settings

from services.catalog.quotes.rules.snapshots import subscription_inputs
from services.catalog.quoting.engine import price
from services.catalog.quoting.lines import Line
from tests.quoting.catalogs import billed
from tests.quoting.months import MadeMonth, made_month
from tests.quoting.oracle import Amounts, amounts, rounded

MONTHS = 60 * settings().max_examples
"""6,000, and fewer where a profile asks for fewer examples."""
SOAKED_MONTHS = 1_000_000


def cents_of(lines: tuple[Line, ...]) -> Amounts:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in lines:
        found[line.kind.value, line.resource_kind].append(line.amount_cents)
    return {what: sorted(cents) for what, cents in found.items()}


def check(number: int) -> None:
    made: MadeMonth = made_month(number)
    inputs = subscription_inputs(
        made.subscription, made.month, made.series, made.known, on_trial=False
    )
    lines = billed(price(inputs))
    expected = amounts(made.subscription, made.known, made.usage, made.month)
    assert cents_of(lines) == expected, f"month {number}"
    for line in lines:
        multiplied = Fraction(Decimal(line.qty)) * Fraction(Decimal(line.unit_price_cents))
        assert rounded(multiplied / int(line.price_base_qty)) == line.amount_cents, (number, line)


@pytest.mark.parametrize("part", range(6))
def test_a_month_equals_the_sum_of_its_days_and_every_line_multiplies(part: int) -> None:
    for number in range(part * MONTHS // 6, (part + 1) * MONTHS // 6):
        check(number)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
def test_a_million_months_equal_the_sum_of_their_days(part: int) -> None:
    count = SOAKED_MONTHS // 4
    first = SOAKED_MONTHS + part * count
    for number in range(first, first + count):
        check(number)
    print(f"{count:,} generated months agree with the reckoning day by day")
