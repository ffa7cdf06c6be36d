"""Renders list prices and their changes as messages."""

from arcadia.catalog.v1 import list_price_service_pb2 as pb

from services.catalog.list_prices.rules.list_prices import ListPrice
from services.catalog.list_prices.store.changes import ListPriceChange
from services.common.rpc.messages import message_of

__all__ = ["change_message", "price_message"]


def price_message(price: ListPrice) -> pb.ListPrice:
    """A list price."""
    return message_of(pb.ListPrice, price, dimensions=dict(price.price.dimensions))


def change_message(change: ListPriceChange) -> pb.ListPriceChange:
    """A change of a list price."""
    return message_of(
        pb.ListPriceChange,
        change,
        before=price_message(change.before),
        after=price_message(change.after),
    )
