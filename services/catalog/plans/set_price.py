"""Sets unit prices, between which no usage may be undecided."""

from services.catalog.plans.rules.deciding import check_prices_decide
from services.catalog.plans.rules.plans import ResourcePrice, UnitPrice
from services.catalog.plans.store.prices import create_price, prices_of
from services.common.db.database import WriteSession

__all__ = ["set_price"]


async def set_price(session: WriteSession, price: UnitPrice) -> ResourcePrice:
    """Sets a price for its days; earlier prices of its match stay in force outside them.

    Raises FailedPrecondition if a price without an end would overlap one with a later start, or if
    the price ties with another one for some usage on some day.
    """
    made = await create_price(session, price)
    kept = await prices_of(session, price.resource_kind, price.currency)
    # Those of its own match last, so that the refusal names the new one first.
    kept.sort(key=lambda one: one.price.match == price.match)
    check_prices_decide([one.price for one in kept])
    return made
