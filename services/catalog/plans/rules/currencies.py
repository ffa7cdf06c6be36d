"""Checks that products sold together have one currency."""

from services.common.errors import FailedPrecondition

__all__ = ["check_currency"]


def check_currency(field: str, priced_in: str, currency: str) -> None:
    """Raises FailedPrecondition, with the field, for a product in another currency.

    `currency` is that of the plan or subscription with which it would be sold.
    """
    if priced_in != currency:
        raise FailedPrecondition(
            f"{field}: is priced in {priced_in}, but is sold with a price in {currency}",
            reason="CURRENCY_MISMATCH",
            metadata={"field": field, "currency": priced_in},
        )
