"""Exports a tenant's invoice in FOCUS 1.2, at the tenant's prices: one declaration per column.

Billed and effective cost are the line's amount. List and contracted cost are quantity times unit
price before rounding to the cent. The billing account is the tenant, the sub-account the
deployment; the issuer of the invoice is the provider, publisher and host.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

import orjson

from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.invoices.rules.numbering import invoice_number
from services.common.values.csv_lines import csv_lines, pointed
from services.common.values.money import minor_unit_places, plain, whole_cents

__all__ = ["FOCUS_VERSION", "as_focus"]

FOCUS_VERSION: Final = "1.2"

PLACES: Final = 18
"""Decimal places of prices and costs that no finite decimal equals."""

NOBODY: Final = "arcadia"
"""The issuer name of an invoice without one."""

RECURRING: Final = frozenset({"plan_base", "addon"})
ONCE: Final = frozenset({"one_off"})
CORRECTION: Final = "adjustment"
TAX: Final = "tax"

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "day": "Days",
        "gb": "GB",
        "gb_month": "GB-Months",
        "hour": "Hours",
        "month": "Months",
        "token": "Tokens",
        "zone": "Zones",
    }
)
"""Units whose name differs in FOCUS."""

_THOUSANDS: Final = re.compile(r"(?P<count>[0-9]+)k_(?P<unit>[a-z]+)")

SERVICES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "app_container_hours": ("Web", "Application Platforms"),
        "bandwidth_gb": ("Networking", "Network Connectivity"),
        "database_hours": ("Databases", "Other (Databases)"),
        "database_storage_gb_month": ("Databases", "Other (Databases)"),
        "dns_zones": ("Networking", "Network Infrastructure"),
        "droplet_hours": ("Compute", "Virtual Machines"),
        "kubernetes_ha_hours": ("Compute", "Containers"),
        "llm_tokens": ("AI and Machine Learning", "Generative AI"),
        "load_balancer_hours": ("Networking", "Network Routing"),
        "reserved_ip_hours": ("Networking", "Network Infrastructure"),
        "snapshot_gb_month": ("Storage", "Backup Storage"),
        "spaces_gb_month": ("Storage", "Object Storage"),
        "volume_gb_month": ("Storage", "Block Storage"),
    }
)
"""The category and subcategory of a meter."""

OTHER: Final = ("Other", "Other (Other)")


@dataclass(frozen=True, slots=True)
class Charge:
    """A line with its invoice."""

    invoice: Invoice
    line: Line

    @property
    def category(self) -> str:
        """The charge category of the line; a negative line is a credit."""
        if self.line.kind == TAX:
            return "Tax"
        # Nothing is purchased in advance: a plan's month is consumed when it is billed.
        is_credit = self.line.amount_cents < 0 and self.line.kind != CORRECTION
        return "Credit" if is_credit else "Usage"

    @property
    def is_priced(self) -> bool:
        """Whether it has a unit price; tax and credits have none."""
        return self.category == "Usage" and self.line.amount_cents >= 0

    @property
    def amount(self) -> Decimal:
        """The amount in major units of the currency."""
        return Decimal(self.line.amount_cents).scaleb(-minor_unit_places(self.invoice.currency))

    @property
    def unit_price(self) -> Decimal:
        """The unit price in major units of the currency."""
        price = Fraction(self.line.unit_price_cents) / Fraction(self.line.price_base_qty)
        return _decimal(price / 10 ** minor_unit_places(self.invoice.currency))

    @property
    def list_cost(self) -> Decimal:
        """Quantity times unit price, before rounding to the cent."""
        if not self.is_priced:
            return self.amount
        return _decimal(Fraction(self.unit_price) * Fraction(self.line.qty))

    @property
    def sku(self) -> str:
        """The meter, or the description of a line without one."""
        return str(self.line.resource_kind or self.line.description or self.line.kind)

    @property
    def meter(self) -> str:
        """The code of a built-in meter, the name of an operator's, or the kind of the line."""
        line = self.line
        return str(line.meta.get("meter_name") or line.resource_kind or line.kind)

    @property
    def issuer(self) -> str:
        """The issuer of the invoice."""
        return (self.invoice.issuer and self.invoice.issuer.name) or NOBODY


def as_focus(invoice: Invoice, lines: Sequence[Line]) -> bytes:
    """The invoice as a CSV file with a header, in UTF-8.

    A text that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    charges = [Charge(invoice, line) for line in lines]
    rows = ([column(charge) for column in COLUMNS.values()] for charge in charges)
    return csv_lines([COLUMNS]) + csv_lines(rows, pointed)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(whole_cents(number * 10**PLACES)).scaleb(-PLACES)


def _day(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _priced(value: Callable[[Charge], object]) -> Callable[[Charge], object]:
    return lambda charge: value(charge) if charge.is_priced else None


def _untaxed(value: Callable[[Charge], object]) -> Callable[[Charge], object]:
    return lambda charge: None if charge.category == "Tax" else value(charge)


def _nothing(_: Charge) -> None:
    return None


def _frequency(charge: Charge) -> str:
    if charge.line.kind in RECURRING:
        return "Recurring"
    is_used = charge.category == "Usage" and charge.line.kind not in ONCE
    return "Usage-Based" if is_used else "One-Time"


def _unit(charge: Charge) -> str:
    """The unit in FOCUS notation: `Hours`, `GB-Months`, `1000 Tokens`."""
    unit = str(charge.line.unit)
    if thousands := _THOUSANDS.fullmatch(unit):
        return f"{thousands['count']}000 {thousands['unit'].title()}"
    return UNITS.get(unit, unit)


def _service(charge: Charge) -> tuple[str, str]:
    return SERVICES.get(charge.line.resource_kind, OTHER)


def _price_id(charge: Charge) -> str:
    return f"{charge.sku}/{plain(charge.unit_price)}/{charge.line.unit}"


def _details(charge: Charge) -> str:
    dimensions = {f"x_{name}": value for name, value in charge.line.dimensions.items()}
    return orjson.dumps({"x_Kind": charge.line.kind} | dimensions).decode()


def _region(charge: Charge) -> str | None:
    return charge.line.dimensions.get("region") or None


def _tags(charge: Charge) -> str:
    tags = {"deployment": charge.line.deployment_id, "kind": charge.line.kind}
    return orjson.dumps({name: value for name, value in tags.items() if value}).decode()


COLUMNS: Final[Mapping[str, Callable[[Charge], object]]] = MappingProxyType(
    {
        "AvailabilityZone": _nothing,
        "BilledCost": lambda charge: charge.amount,
        "BillingAccountId": lambda charge: charge.invoice.tenant_id,
        "BillingAccountName": lambda charge: charge.invoice.tenant_id,
        "BillingCurrency": lambda charge: charge.invoice.currency,
        "BillingPeriodEnd": lambda charge: _day(charge.invoice.month.end),
        "BillingPeriodStart": lambda charge: _day(charge.invoice.period),
        "ChargeCategory": lambda charge: charge.category,
        "ChargeClass": lambda charge: "Correction" if charge.line.kind == CORRECTION else None,
        "ChargeDescription": lambda charge: charge.line.description or charge.line.kind,
        "ChargeFrequency": _frequency,
        "ChargePeriodEnd": lambda charge: _day(charge.line.service_end),
        "ChargePeriodStart": lambda charge: _day(charge.line.service_start),
        "CommitmentDiscountCategory": _nothing,
        "CommitmentDiscountId": _nothing,
        "CommitmentDiscountName": _nothing,
        "CommitmentDiscountStatus": _nothing,
        "CommitmentDiscountType": _nothing,
        "ConsumedQuantity": _priced(lambda charge: charge.line.qty),
        "ConsumedUnit": _priced(_unit),
        "ContractedCost": lambda charge: charge.list_cost,
        "ContractedUnitPrice": _priced(lambda charge: charge.unit_price),
        "EffectiveCost": lambda charge: charge.amount,
        "InvoiceId": lambda charge: invoice_number(charge.invoice.number) or None,
        "InvoiceIssuerName": lambda charge: charge.issuer,
        "ListCost": lambda charge: charge.list_cost,
        "ListUnitPrice": _priced(lambda charge: charge.unit_price),
        "PricingCategory": _priced(lambda _: "Standard"),
        "PricingCurrency": lambda charge: charge.invoice.currency,
        "PricingCurrencyContractedUnitPrice": _priced(lambda charge: charge.unit_price),
        "PricingCurrencyEffectiveCost": lambda charge: charge.amount,
        "PricingCurrencyListUnitPrice": _priced(lambda charge: charge.unit_price),
        "PricingQuantity": _priced(lambda charge: charge.line.qty),
        "PricingUnit": _priced(_unit),
        "ProviderName": lambda charge: charge.issuer,
        "PublisherName": lambda charge: charge.issuer,
        "RegionId": _region,
        "RegionName": _region,
        "ResourceId": _nothing,
        "ResourceName": _nothing,
        "ResourceType": _nothing,
        "ServiceCategory": lambda charge: _service(charge)[0],
        "ServiceName": lambda charge: charge.meter,
        "ServiceSubcategory": lambda charge: _service(charge)[1],
        "SkuId": _untaxed(lambda charge: charge.sku),
        "SkuMeter": _untaxed(lambda charge: charge.meter),
        "SkuPriceDetails": _untaxed(_details),
        "SkuPriceId": _untaxed(_price_id),
        "SubAccountId": lambda charge: charge.line.deployment_id or None,
        "SubAccountName": lambda charge: charge.line.deployment_id or None,
        "Tags": _tags,
        "x_HostProviderName": lambda charge: charge.issuer,
        "x_ServiceProviderName": lambda charge: charge.issuer,
    }
)
"""The columns in the order of the specification, each with the function that gives its value."""
