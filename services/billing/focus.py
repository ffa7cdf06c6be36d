"""Cost lines in FOCUS 1.0, the FinOps cost and usage specification: one line a column.

What a bill of DigitalOcean does not say is null; nothing is guessed. There is one price, so
that billed, effective, list and contracted cost are the same amount.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import orjson

from services.common.periods import Period, month_of

__all__ = ["FOCUS_COLUMNS", "FOCUS_VERSION"]

FOCUS_VERSION: Final = "1.0"

Line = Any

PROVIDER: Final = "DigitalOcean"

ACCOUNT: Final = "digitalocean"
"""The billing account: the provider's bills do not name it."""

CHARGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tax": "Tax",
        "credit": "Credit",
        "resource": "Usage",
        "shared": "Usage",
        "account": "Purchase",
    }
)
SERVICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "droplet": "Compute",
        "image": "Storage",
        "snapshot": "Storage",
        "volume": "Storage",
        "spaces_bucket": "Storage",
        "kubernetes_cluster": "Compute",
        "app": "Web",
        "database": "Databases",
        "load_balancer": "Networking",
        "reserved_ip": "Networking",
    }
)


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
    """Null but for usage whose hours are known."""
    return lambda line: (
        value(line) if line.hours is not None and CHARGES[line.classification] == "Usage" else None
    )


def _frequency(line: Line) -> str:
    charge = CHARGES[line.classification]
    return {"Usage": "Usage-Based", "Purchase": "Recurring"}.get(charge, "One-Time")


def _tags(line: Line) -> str:
    tags = {
        "tenant": line.tenant_id,
        "deployment": line.deployment_id,
        "project": line.project_name,
        "match_rung": line.match_rung,
    }
    return orjson.dumps({name: value for name, value in tags.items() if value}).decode()


def _price(line: Line) -> str:
    """The product, and the size that the description has in its last brackets."""
    size = str(line.description).rpartition(" (")[2].removesuffix(")")
    return (
        f"{line.product or PROVIDER}/{size}"
        if size != line.description
        else line.product or PROVIDER
    )


def _resource(line: Line) -> object:
    """The provider's UUID, else its own way to write an id with its kind; else ours."""
    if line.provider_resource_uuid:
        return line.provider_resource_uuid
    if line.provider_resource_id:
        return f"do:{line.kind}:{line.provider_resource_id}"
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
        "ChargeDescription": lambda line: line.description or None,
        "ChargeFrequency": _frequency,
        "ChargePeriodEnd": _end,
        "ChargePeriodStart": _start,
        "CommitmentDiscountCategory": _nothing,
        "CommitmentDiscountId": _nothing,
        "CommitmentDiscountName": _nothing,
        "CommitmentDiscountStatus": _nothing,
        "CommitmentDiscountType": _nothing,
        "ConsumedQuantity": _of_usage(lambda line: line.hours),
        "ConsumedUnit": _of_usage(lambda _: "Hours"),
        "ContractedCost": _amount,
        "ContractedUnitPrice": _nothing,
        "EffectiveCost": _amount,
        "InvoiceIssuerName": lambda _: PROVIDER,
        "ListCost": _amount,
        "ListUnitPrice": _nothing,
        "PricingCategory": _of_usage(lambda _: "Standard"),
        "PricingQuantity": _of_usage(lambda line: line.hours),
        "PricingUnit": _of_usage(lambda _: "Hours"),
        "ProviderName": lambda _: PROVIDER,
        "PublisherName": lambda _: PROVIDER,
        "RegionId": _nothing,
        "RegionName": _nothing,
        "ResourceId": _resource,
        "ResourceName": lambda line: line.resource_name or None,
        "ResourceType": lambda line: line.kind or None,
        "ServiceCategory": lambda line: SERVICES.get(line.kind, "Other"),
        "ServiceName": lambda line: line.product or PROVIDER,
        "SkuId": lambda line: line.product or PROVIDER,
        "SkuPriceId": _price,
        "SubAccountId": lambda line: line.tenant_id,
        "SubAccountName": lambda line: line.tenant_id,
        "Tags": _tags,
        # Earlier versions' names for the same, which the public validator still asks for.
        "Provider": lambda _: PROVIDER,
        "Publisher": lambda _: PROVIDER,
        "InvoiceIssuer": lambda _: PROVIDER,
        "ResourceID": _resource,
        "ChargeType": lambda line: CHARGES[line.classification],
    }
)
"""By the column's name, in the specification's own order: how a line reads in it."""
