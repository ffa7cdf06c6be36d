"""Cost lines in FOCUS 1.2, the FinOps cost and usage specification: one declaration per column.

Values that neither the bill nor the inventory has are null. There is one price, so billed,
effective, list and contracted cost are the same amount, and the unit price is the amount divided by
the quantity. FOCUS 1.4 requires the names of the service's and the host's provider; 1.2 allows
columns of later versions only with the prefix `x_`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import orjson

from contracts.providers import DIGITALOCEAN
from services.billing.ingest.rules.classification import product_of
from services.billing.ingest.rules.matching import BILLED
from services.billing.ingest.rules.reconciling import PRECISION
from services.common.values.money import whole_cents
from services.common.values.periods import Period, month_of

__all__ = ["FOCUS_COLUMNS", "FOCUS_VERSION"]

FOCUS_VERSION: Final = "1.2"

Line = Any

PROVIDER: Final = "DigitalOcean"

ACCOUNT: Final = DIGITALOCEAN
"""The billing account, which the provider's bills do not name."""

CHARGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tax": "Tax",
        "credit": "Credit",
        "resource": "Usage",
        "shared": "Usage",
        "account": "Usage",
        "unknown": "Usage",
    }
)
FREQUENCIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "resource": "Usage-Based",
        "shared": "Usage-Based",
        "unknown": "Usage-Based",
        "account": "Recurring",
    }
)
"""Units with recurring charges; others are charged once."""

SERVICES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {name: billing.category for name, billing in BILLED.items()}
)
"""The category and subcategory of a kind."""

PRODUCT_SERVICES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        product.name: product.category
        for billing in BILLED.values()
        for product in billing.products
        if product.category is not None
    }
    | {
        "bandwidth": ("Networking", "Network Connectivity"),
        "premium support": ("Management and Governance", "Support"),
        "support": ("Management and Governance", "Support"),
    }
)
"""The category and subcategory of products that differ from those of their kind."""

METERS: Final[Mapping[str, str]] = MappingProxyType(
    {name: billing.meter for name, billing in BILLED.items() if billing.meter}
)
"""The measured quantity of a kind."""

PRODUCT_METERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        product.name: product.meter
        for billing in BILLED.values()
        for product in billing.products
        if product.meter
    }
    | {"bandwidth": "Data Transfer"}
)

REGIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ams": "Amsterdam",
        "atl": "Atlanta",
        "blr": "Bangalore",
        "fra": "Frankfurt",
        "lon": "London",
        "nyc": "New York",
        "ric": "Richmond",
        "sfo": "San Francisco",
        "sgp": "Singapore",
        "syd": "Sydney",
        "tor": "Toronto",
    }
)
"""The cities of the provider's regions, by the letters of the slug."""

PRICE_PLACES: Final = 18
"""Decimal places of a unit price that is not a finite decimal."""

OTHER: Final = ("Other", "Other (Other)")
ONE: Final = Decimal(1)


def _month(line: Line) -> Period:
    return month_of(line.period)


def _start(line: Line) -> datetime:
    start: datetime = line.start_at or _month(line).start_at
    return start


def _end(line: Line) -> datetime:
    end: datetime = line.end_at or _month(line).end_at
    return end


def _amount(line: Line) -> Decimal:
    amount: Decimal = line.amount_usd
    return amount


def _of_usage(value: Callable[[Line], object]) -> Callable[[Line], object]:
    return lambda line: value(line) if CHARGES[line.classification] == "Usage" else None


def _untaxed(value: Callable[[Line], object]) -> Callable[[Line], object]:
    """The value for usage and purchases; null for a tax."""
    return lambda line: None if line.classification == "tax" else value(line)


@dataclass(frozen=True, slots=True)
class Priced:
    """The pricing basis of a line, from the brackets in its description."""

    size: str
    """Common to all objects of one price, such as a size's slug or `GB`."""
    unit: str
    """The unit of the quantity in the description: `GB`, or empty for objects."""
    count: Decimal
    """The quantity; 1 if the description has none."""


_BRACKETS: Final = re.compile(r" \((?P<text>[^()]*)\)\s*$")
_GIGABYTES: Final = re.compile(
    r"(?P<count>[0-9]+(?:\.[0-9]+)?) ?GB(?P<rate> @ \$[0-9.]+/GB)?", re.IGNORECASE
)
_NODES: Final = re.compile(r"(?P<count>[0-9]+) nodes?", re.IGNORECASE)
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9.]+)+", re.IGNORECASE)


def priced(description: str) -> Priced:
    """The pricing basis of a line, without its name, address or quantity."""
    found = _BRACKETS.search(description)
    text = found["text"].partition(",")[0].strip() if found else ""
    if sized := _GIGABYTES.fullmatch(text):
        return Priced(f"GB{sized['rate'] or ''}", "GB", Decimal(sized["count"]) or ONE)
    if nodes := _NODES.fullmatch(text):
        return Priced("node", "", Decimal(nodes["count"]) or ONE)
    if _SLUG.fullmatch(text):
        return Priced(text.lower(), "", ONE)
    return Priced("", "", ONE)


def _quantity(line: Line) -> Decimal:
    """Billed hours times count, or GB-hours with a size; lines without hours are counted."""
    with localcontext(prec=PRECISION):
        return priced(str(line.description)).count * (line.hours or ONE)


def _unit(line: Line) -> str:
    unit = priced(str(line.description)).unit
    if not line.hours:
        return unit or "Units"
    return f"{unit}-Hours" if unit else "Hours"


def _unit_price(line: Line) -> Decimal:
    """The unit price, rounded half up if it is not a finite decimal."""
    price = Fraction(line.amount_usd) / Fraction(_quantity(line)) * 10**PRICE_PLACES
    with localcontext(prec=PRECISION):
        return Decimal(whole_cents(price)).scaleb(-PRICE_PLACES)


def _product(line: Line) -> str:
    return str(line.product).strip().lower()


def _kind(line: Line) -> str:
    """The kind that the product bills, also for credits; otherwise the kind of the resource."""
    return product_of(str(line.product)).kind or str(line.kind)


def _service(line: Line) -> tuple[str, str]:
    return PRODUCT_SERVICES.get(_product(line)) or SERVICES.get(_kind(line), OTHER)


def _meter(line: Line) -> str:
    """The meter; for an unlisted product its own name."""
    named = PRODUCT_METERS.get(_product(line)) or METERS.get(_kind(line))
    return named or f"{line.product or PROVIDER} Usage"


def _type(line: Line) -> str:
    return line.kind or _kind(line) or line.product or PROVIDER


def _of_resource(value: Callable[[Line], object]) -> Callable[[Line], object]:
    """Null if no resource is known."""
    return lambda line: value(line) if _resource(line) is not None else None


def _tags(line: Line) -> str:
    tags = {
        "tenant": line.tenant_id,
        "deployment": line.deployment_id,
        "project": line.project_name,
        "match_rung": line.match_rung,
    }
    return orjson.dumps({name: value for name, value in tags.items() if value}).decode()


def _price(line: Line) -> str:
    """The product and pricing basis, the same for all objects of that price."""
    size = priced(str(line.description)).size
    return f"{line.product or PROVIDER}/{size}" if size else line.product or PROVIDER


def _price_details(line: Line) -> str:
    size = priced(str(line.description)).size
    details = {"x_Product": line.product or PROVIDER, "x_Size": size}
    return orjson.dumps({name: value for name, value in details.items() if value}).decode()


def _region(line: Line) -> str | None:
    return line.region or None


def _region_name(line: Line) -> str | None:
    """A region name such as `New York 3`; an unlisted region has its slug."""
    region: str = line.region
    city = REGIONS.get(region[:3])
    return (f"{city} {region[3:]}".strip() if city else region) or None


def _resource(line: Line) -> object:
    """The provider's UUID, else the provider's id with its kind, else our id."""
    if line.provider_resource_uuid:
        return line.provider_resource_uuid
    if line.provider_resource_id:
        return f"do:{_type(line)}:{line.provider_resource_id}"
    return line.resource_id


def _nothing(_: Line) -> None:
    return None


FOCUS_COLUMNS: Final[Mapping[str, Callable[[Line], object]]] = MappingProxyType(
    {
        "AvailabilityZone": _nothing,
        "BilledCost": _amount,
        "BillingAccountId": lambda _: ACCOUNT,
        "BillingAccountName": lambda _: PROVIDER,
        "BillingCurrency": lambda _: "USD",
        "BillingPeriodEnd": lambda line: _month(line).end_at,
        "BillingPeriodStart": lambda line: _month(line).start_at,
        "ChargeCategory": lambda line: CHARGES[line.classification],
        "ChargeClass": _nothing,
        "ChargeDescription": lambda line: line.description or line.product or PROVIDER,
        "ChargeFrequency": lambda line: FREQUENCIES.get(line.classification, "One-Time"),
        "ChargePeriodEnd": _end,
        "ChargePeriodStart": _start,
        "CommitmentDiscountCategory": _nothing,
        "CommitmentDiscountId": _nothing,
        "CommitmentDiscountName": _nothing,
        "CommitmentDiscountStatus": _nothing,
        "CommitmentDiscountType": _nothing,
        "ConsumedQuantity": _of_usage(_quantity),
        "ConsumedUnit": _of_usage(_unit),
        "ContractedCost": _amount,
        "ContractedUnitPrice": _of_usage(_unit_price),
        "EffectiveCost": _amount,
        "InvoiceId": lambda line: line.invoice_uuid,
        "InvoiceIssuerName": lambda _: PROVIDER,
        "ListCost": _amount,
        "ListUnitPrice": _of_usage(_unit_price),
        "PricingCategory": _of_usage(lambda _: "Standard"),
        "PricingCurrency": lambda _: "USD",
        "PricingCurrencyContractedUnitPrice": _of_usage(_unit_price),
        "PricingCurrencyEffectiveCost": _amount,
        "PricingCurrencyListUnitPrice": _of_usage(_unit_price),
        "PricingQuantity": _of_usage(_quantity),
        "PricingUnit": _of_usage(_unit),
        "ProviderName": lambda _: PROVIDER,
        "PublisherName": lambda _: PROVIDER,
        "RegionId": _region,
        "RegionName": _region_name,
        "ResourceId": _resource,
        "ResourceName": _of_resource(lambda line: line.resource_name or None),
        "ResourceType": _of_resource(_type),
        "ServiceCategory": lambda line: _service(line)[0],
        "ServiceName": lambda line: line.product or PROVIDER,
        "ServiceSubcategory": lambda line: _service(line)[1],
        "SkuId": _untaxed(lambda line: line.product or PROVIDER),
        "SkuMeter": _untaxed(_meter),
        "SkuPriceDetails": _untaxed(_price_details),
        "SkuPriceId": _untaxed(_price),
        "SubAccountId": lambda line: line.tenant_id,
        "SubAccountName": lambda line: line.tenant_id,
        "Tags": _tags,
        "x_HostProviderName": lambda _: PROVIDER,
        "x_ServiceProviderName": lambda _: PROVIDER,
    }
)
"""The columns in the order of the specification, each with the function that gives its value."""
