"""Parsers of requests about plans, addons and unit prices."""

from collections.abc import Mapping
from decimal import Decimal

from arcadia.catalog.v1 import catalog_pb2
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from google.protobuf.struct_pb2 import Value

from services.catalog import requests
from services.catalog.meters.rules.meters import Meters
from services.catalog.plans.rules.matches import Match, match_of
from services.catalog.plans.rules.plans import (
    AddonTerms,
    PlanItem,
    PriceTier,
    UnitPrice,
    VersionTerms,
)
from services.catalog.plans.rules.terms import MAX_PRICE, MAX_QTY, check_unit_price, check_version
from services.catalog.vocabulary import PRICING_MODELS, PricingModel
from services.common.errors import InvalidArgument
from services.common.rpc.fields import given
from services.common.values.money import currency_code, exact
from services.common.values.periods import optional_day, read_day

__all__ = ["addon_terms", "cents", "qty_above_0", "read_match", "unit_price", "version_terms"]


def version_terms(
    request: pb.CreatePlanVersionRequest | pb.UpdatePlanVersionRequest,
    meters: Meters,
    field: str = "",
) -> VersionTerms:
    """The terms of a version; `field` is the path of the terms in the input."""
    terms = VersionTerms(
        price_cents=cents(f"{field}price_cents", request.price_cents),
        currency=currency_code(f"{field}currency", request.currency),
        items=tuple(
            _item(item, f"{field}items[{position}]", meters)
            for position, item in enumerate(request.items)
        ),
    )
    check_version(terms, meters, field)
    return terms


def addon_terms(request: pb.CreateAddonRequest, meters: Meters, field: str = "") -> AddonTerms:
    """The terms of an addon."""
    return AddonTerms(
        resource_kind=meters.for_sale(f"{field}resource_kind", request.resource_kind),
        qty=qty_above_0(f"{field}qty", request.qty),
        price_cents=cents(f"{field}price_cents", request.price_cents),
        currency=currency_code(f"{field}currency", request.currency),
    )


def unit_price(
    request: pb.CreateResourcePriceRequest, meters: Meters, field: str = ""
) -> UnitPrice:
    """The unit price to set."""
    price = UnitPrice(
        resource_kind=meters.for_sale(f"{field}resource_kind", request.resource_kind),
        unit=requests.required(f"{field}unit", request.unit),
        unit_price_cents=_price(
            f"{field}unit_price_cents",
            requests.required(f"{field}unit_price_cents", request.unit_price_cents),
        ),
        currency=currency_code(f"{field}currency", request.currency),
        effective_from=read_day(request.effective_from, f"{field}effective_from"),
        effective_to=optional_day(request.effective_to, f"{field}effective_to"),
        match=read_match(f"{field}match", request.match),
    )
    check_unit_price(price, meters, field)
    return price


def cents(field: str, value: int) -> int:
    """A price in whole cents. Raises InvalidArgument."""
    if not 0 <= value <= MAX_PRICE:
        raise InvalidArgument(field, f"must be between 0 and {MAX_PRICE}", reason="OUT_OF_RANGE")
    return value


def qty_above_0(field: str, value: str) -> Decimal:
    """A positive quantity. Raises InvalidArgument."""
    qty = _qty(field, value)
    if not qty:
        raise InvalidArgument(field, "must be above 0", reason="OUT_OF_RANGE")
    return qty


def _item(item: catalog_pb2.PlanItem, path: str, meters: Meters) -> PlanItem:
    model = requests.one_of(
        f"{path}.pricing_model", item.pricing_model or PricingModel.ALLOWANCE, PRICING_MODELS
    )
    return PlanItem(
        resource_kind=meters.for_sale(f"{path}.resource_kind", item.resource_kind),
        included_qty=_qty(f"{path}.included_qty", item.included_qty or "0"),
        overage_unit=requests.required(f"{path}.overage_unit", item.overage_unit),
        overage_price_cents=_price(f"{path}.overage_price_cents", item.overage_price_cents or "0"),
        hard_cap_qty=given(item, "hard_cap_qty", _qty, f"{path}."),
        pricing_model=PricingModel(model),
        tiers=tuple(
            _tier(tier, f"{path}.tiers[{position}]") for position, tier in enumerate(item.tiers)
        ),
        package_qty=(_qty(f"{path}.package_qty", item.package_qty) if item.package_qty else None),
        amount_cents=cents(f"{path}.amount_cents", item.amount_cents),
        match=read_match(f"{path}.match", item.match),
    )


def read_match(field: str, said: Mapping[str, Value]) -> Match:
    """The match of a price or a rule. Raises InvalidArgument for what is no list of texts."""
    return match_of({key: _values(f"{field}.{key}", value) for key, value in said.items()})


def _values(field: str, said: Value) -> list[str]:
    form = said.WhichOneof("kind")
    values = said.list_value.values if form == "list_value" else [said]
    if not all(value.WhichOneof("kind") == "string_value" for value in values):
        raise InvalidArgument(field, "is not a list of texts", reason="MALFORMED_VALUE")
    return [value.string_value for value in values]


def _tier(tier: catalog_pb2.PriceTier, path: str) -> PriceTier:
    return PriceTier(
        up_to_qty=given(tier, "up_to_qty", _qty, f"{path}."),
        unit_price_cents=_price(f"{path}.unit_price_cents", tier.unit_price_cents),
    )


def _qty(field: str, value: str) -> Decimal:
    return exact(value, field, minimum=0, maximum=MAX_QTY)


def _price(field: str, value: str) -> Decimal:
    return exact(value, field, minimum=0, maximum=MAX_PRICE)
