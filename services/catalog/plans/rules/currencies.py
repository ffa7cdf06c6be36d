"""What is sold together is priced in one currency."""

from services.common.errors import FailedPrecondition

__all__ = ["check_currency"]


def check_currency(field: str, priced_in: str, currency: str) -> None:
    """Raises FailedPrecondition for what a field names and is priced in another currency.

    `currency` is that of the plan, or of the subscription, beside which it would be sold.
    """
    if priced_in != currency:
        raise FailedPrecondition(
            f"{field}: is priced in {priced_in}, and what it is sold with in {currency}",
            reason="CURRENCY_MISMATCH",
            metadata={"field": field, "currency": priced_in},
        )
