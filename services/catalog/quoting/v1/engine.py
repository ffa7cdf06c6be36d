"""The one function that prices. Preview, accrual and invoice all come from here."""

from decimal import localcontext
from typing import Final

from services.catalog.quoting.v1.inputs import QuoteInputs
from services.catalog.quoting.v1.lines import Quote
from services.catalog.quoting.v1.numbers import EXACT
from services.catalog.quoting.v1.recurring import change_lines, prorated_lines, recurring_lines
from services.catalog.quoting.v1.usage import usage_lines

__all__ = ["ENGINE_VERSION", "price"]

ENGINE_VERSION: Final = "1"
"""One more whenever the same inputs may come to something else, or to other words."""


def price(inputs: QuoteInputs) -> Quote:
    """What the inputs come to. Raises NoPriceInForce and AmountOutOfRange."""
    with localcontext(EXACT):
        overage, ad_hoc = usage_lines(inputs)
        return Quote(
            recurring=recurring_lines(inputs),
            first_invoice=prorated_lines(inputs),
            overage=overage,
            ad_hoc=ad_hoc,
            change=change_lines(inputs),
        )
