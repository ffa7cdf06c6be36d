"""The function that prices previews, accruals and invoices."""

from decimal import localcontext
from typing import Final

from services.catalog.quoting.changes import change_lines
from services.catalog.quoting.inputs import QuoteInputs
from services.catalog.quoting.lines import Quote
from services.catalog.quoting.numbers import EXACT
from services.catalog.quoting.rebilling.cost_lines import cost_lines
from services.catalog.quoting.rebilling.lines import divided, rebilled_lines
from services.catalog.quoting.recurring import fixed_lines, shared_fixed_lines
from services.catalog.quoting.usage import usage_lines

__all__ = ["ENGINE_VERSION", "price"]

ENGINE_VERSION: Final = "2"
"""Bump when equal inputs can give another amount or text, and keep the engine of before."""


def price(inputs: QuoteInputs) -> Quote:
    """Computes the quote of inputs. Raises NoPriceInForce, NoExchangeRate and AmountOutOfRange."""
    with localcontext(EXACT):
        left, taken = divided(inputs)
        overage, ad_hoc = usage_lines(left)
        rebilled = (*rebilled_lines(inputs, taken), *cost_lines(inputs))
        fixed = (fixed_lines if inputs.projected_from is None else shared_fixed_lines)(
            inputs.terms, inputs.addons, inputs.month.days
        )
        change = change_lines(inputs)
    return Quote(fixed.recurring, fixed.prorated, overage, ad_hoc, change, fixed.json, rebilled)
