"""Cost lines in FOCUS 1.2, the FinOps cost and usage specification: one line a column.

What a bill of DigitalOcean does not say is null; nothing is guessed. There is one price, so
that billed, effective, list and contracted cost are the same amount.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import orjson

from services.billing.classification import PRODUCTS
from services.common.periods import Period, month_of

__all__ = ["FOCUS_COLUMNS", "FOCUS_VERSION"]

FOCUS_VERSION: Final = "1.2"

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
        "account": "Usage",
    }
)
FREQUENCIES: Final[Mapping[str, str]] = MappingProxyType(
    {"resource": "Usage-Based", "shared": "Usage-Based", "account": "Recurring"}
)
"""What else there is is charged once."""

SERVICES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "droplet": ("Compute", "Virtual Machines"),
        "image": ("Storage", "Other (Storage)"),
        "snapshot": ("Storage", "Backup Storage"),
        "volume": ("Storage", "Block Storage"),
        "spaces_bucket": ("Storage", "Object Storage"),
        "kubernetes_cluster": ("Compute", "Containers"),
        "app": ("Web", "Application Platforms"),
        "database": ("Databases", "Other (Databases)"),
        "load_balancer": ("Networking", "Network Routing"),
        "reserved_ip": ("Networking", "Network Infrastructure"),
        "reserved_ipv6": ("Networking", "Network Infrastructure"),
        "nat_gateway": ("Networking", "Network Infrastructure"),
        "vpc_peering": ("Networking", "Network Connectivity"),
        "partner_attachment": ("Networking", "Network Connectivity"),
        "container_registry": ("Compute", "Containers"),
        "functions_namespace": ("Compute", "Serverless Compute"),
        "nfs_share": ("Storage", "File Storage"),
        "gradient_agent": ("AI and Machine Learning", "Generative AI"),
        "dedicated_inference": ("AI and Machine Learning", "AI Platforms"),
        "uptime_check": ("Management and Governance", "Observability"),
    }
)
"""The category and subcategory of a kind."""

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
    """Of what is sold: a tax is not."""
    return lambda line: None if line.classification == "tax" else value(line)


def _quantity(line: Line) -> Decimal:
    """The billed hours; what the bill counts in nothing is one of its kind."""
    return ONE if line.hours is None else line.hours


def _unit(line: Line) -> str:
    return "Units" if line.hours is None else "Hours"


def _kind(line: Line) -> str:
    """What the product bills, also where the line is a credit for it."""
    sold = PRODUCTS.get(str(line.product).strip().lower())
    return sold.kind if sold else ""


def _service(line: Line) -> tuple[str, str]:
    return SERVICES.get(_kind(line), OTHER)


def _type(line: Line) -> str:
    return line.kind or _kind(line) or line.product or PROVIDER


def _of_resource(value: Callable[[Line], object]) -> Callable[[Line], object]:
    """Null where no resource is known."""
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
        "ContractedUnitPrice": _nothing,
        "EffectiveCost": _amount,
        "InvoiceId": lambda line: line.invoice_uuid,
        "InvoiceIssuerName": lambda _: PROVIDER,
        "ListCost": _amount,
        "ListUnitPrice": _nothing,
        "PricingCategory": _of_usage(lambda _: "Standard"),
        "PricingQuantity": _of_usage(_quantity),
        "PricingUnit": _of_usage(_unit),
        "ProviderName": lambda _: PROVIDER,
        "PublisherName": lambda _: PROVIDER,
        "RegionId": _nothing,
        "RegionName": _nothing,
        "ResourceId": _resource,
        "ResourceName": _of_resource(lambda line: line.resource_name or None),
        "ResourceType": _of_resource(_type),
        "ServiceCategory": lambda line: _service(line)[0],
        "ServiceName": lambda line: line.product or PROVIDER,
        "ServiceSubcategory": lambda line: _service(line)[1],
        "SkuId": _untaxed(lambda line: line.product or PROVIDER),
        "SkuPriceId": _untaxed(_price),
        "SubAccountId": lambda line: line.tenant_id,
        "SubAccountName": lambda line: line.tenant_id,
        "Tags": _tags,
    }
)
"""By the column's name, in the specification's own order: how a line reads in it."""
