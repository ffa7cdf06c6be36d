"""The products of cost lines, and the meters that measure their usage."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kinds import RESOURCE_KINDS
from services.catalog.plans.rules.matches import Match, match_of
from services.common.errors import InvalidArgument
from services.common.values.specificity import level_of

__all__ = [
    "PRODUCTS",
    "by_meter",
    "check_products",
    "meters_beside",
    "meters_of_scope",
    "shares_a_part",
]

TRANSFER: Final = {"bandwidth": ("bandwidth_gb",), "shared": ("bandwidth_gb",)}
"""Charges for transfer, which are of no kind of resource: known by their classification."""

PRODUCTS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: tuple(rule.code for rule in kind.meters) for name, kind in RESOURCE_KINDS.items()},
    **TRANSFER,
}
"""By product: its meters, empty where no meter measures it.

A product is the kind of the billed resource, or the classification of a charge without one.
"""

PRODUCTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    meter: tuple(product for product, meters in PRODUCTS.items() if meter in meters)
    for meter in sorted({meter for meters in PRODUCTS.values() for meter in meters})
}
"""By meter: the products whose usage it measures."""

CUSTOMERS: Final = ("tenant", "plan")
"""The keys of a scope that say whose usage it is."""

WITHOUT_METER: Final = "product "
"""Before the name of a product without a meter, where rules are compared by meters."""


def check_products(match: Match, field: str = "") -> None:
    """Raises InvalidArgument, with the field, for a scope that takes a product or meter in part.

    What a rule on cost lines takes in part would be billed twice, or by nobody. `field` is the path
    of the rule in the input.
    """
    scope = dict(match)
    products, meters = scope.get("product", ()), scope.get("meter", ())
    if products and meters:
        raise InvalidArgument(f"{field}match.meter", "name products or meters, not both")
    for product in products:
        if product not in PRODUCTS:
            raise InvalidArgument(
                f"{field}match.product",
                f"{product!r} is not a product: it may be {', '.join(sorted(PRODUCTS))}",
                reason="UNKNOWN_PRODUCT",
            )
        for other in _sharing(product):
            if other not in products:
                raise InvalidArgument(
                    f"{field}match.product",
                    f"{product} is measured together with {other}: name both",
                    reason="PRODUCT_IN_PART",
                )
    for meter in meters:
        if any(len(PRODUCTS[product]) > 1 for product in PRODUCTS_OF.get(meter, ())):
            [product] = PRODUCTS_OF[meter]
            raise InvalidArgument(
                f"{field}match.meter",
                f"{meter} measures a part of {product}: name the product",
                reason="PRODUCT_IN_PART",
            )
        if meter not in PRODUCTS_OF:
            raise InvalidArgument(
                f"{field}match.meter",
                f"the provider bills no product by {meter}",
                reason="UNKNOWN_PRODUCT",
            )


def _sharing(product: str) -> set[str]:
    """The products that have a meter in common with one."""
    return {other for meter in PRODUCTS[product] for other in PRODUCTS_OF[meter]}


def meters_of_scope(match: Match) -> tuple[str, ...]:
    """The meters whose usage is of the products or meters in a rule's scope, sorted."""
    scope = dict(match)
    if "meter" in scope:
        return tuple(sorted(set(scope["meter"]) & PRODUCTS_OF.keys()))
    products = scope.get("product", PRODUCTS)
    return tuple(sorted({meter for product in products for meter in PRODUCTS.get(product, ())}))


def meters_beside(meter: str) -> set[str]:
    """The other meters of the product whose usage a meter measures."""
    return {other for product in PRODUCTS_OF.get(meter, ()) for other in PRODUCTS[product]} - {
        meter
    }


def by_meter(match: Match) -> Match:
    """The scope with meters for products, by which rules of both bases are compared."""
    return match_of(
        {
            "meter" if key == "product" else key: _meters_of(values) if key == "product" else values
            for key, values in match
        }
    )


def _meters_of(products: Iterable[str]) -> list[str]:
    return [
        meter
        for product in products
        for meter in PRODUCTS.get(product) or (f"{WITHOUT_METER}{product}",)
    ]


def shares_a_part(on_list: Match, on_bill: Match) -> bool:
    """Whether a rule on list prices takes some meters of a product, and one on cost lines it.

    Then the other meters of the product would be billed by neither. Rules that never have a tenant
    and a plan in common do not concern each other.
    """
    if not _have_customers_in_common(dict(on_list), dict(on_bill)):
        return False
    named, taken = set(dict(on_list).get("meter", ())), set(meters_of_scope(on_bill))
    return any(
        named & set(meters) and taken & set(meters) and not named.issuperset(meters)
        for meters in PRODUCTS.values()
    )


def _have_customers_in_common(
    one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]
) -> bool:
    return all(
        any(
            # A prefix has a value in common with those that it matches, prefixes among them.
            level_of((mine,), yours) or level_of((yours,), mine)
            for mine in one[key]
            for yours in other[key]
        )
        for key in CUSTOMERS
        if key in one and key in other
    )
