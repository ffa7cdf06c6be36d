"""A cost line in FOCUS: prices, services, regions; exact and complete."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.costs.rules.focus import FOCUS_COLUMNS, Priced, priced


@dataclass(frozen=True)
class CostLine:
    """As much of a line as FOCUS reads."""

    product: str = "Droplets"
    description: str = "web-1 (s-1vcpu-1gb)"
    amount_usd: Decimal = Decimal("6.00")
    hours: Decimal | None = Decimal(744)
    classification: str = "resource"
    kind: str = "droplet"
    region: str = "nyc3"
    period: date = date(2026, 5, 1)
    start_at: datetime | None = None
    end_at: datetime | None = None
    tenant_id: str | None = "acme"
    deployment_id: str | None = None
    project_name: str = ""
    match_rung: str = ""
    invoice_uuid: str = "inv-1"
    provider_resource_uuid: str = ""
    provider_resource_id: str = "1"
    resource_id: str = ""
    resource_name: str = "web-1"


def column(name: str, **line: Any) -> Any:
    return FOCUS_COLUMNS[name](CostLine(**line))


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("web-1 (s-1vcpu-1gb)", Priced("s-1vcpu-1gb", "", Decimal(1))),
        ("web (blue) (S-1vcpu-1GB) ", Priced("s-1vcpu-1gb", "", Decimal(1))),
        ("web-1 (s-1vcpu-1gb, and so on)", Priced("s-1vcpu-1gb", "", Decimal(1))),
        ("web (blue)", Priced("", "", Decimal(1))),
        ("web-1", Priced("", "", Decimal(1))),
        ("data (100GB)", Priced("GB", "GB", Decimal(100))),
        ("snap (2.5 GB)", Priced("GB", "GB", Decimal("2.5"))),
        ("empty (0GB)", Priced("GB", "GB", Decimal(1))),
        ("balancer (3 nodes)", Priced("node", "", Decimal(3))),
        ("balancer (1 node)", Priced("node", "", Decimal(1))),
        (
            "Droplet Bandwidth Overage (2825.36GB @ $0.01/GB)",
            Priced("GB @ $0.01/GB", "GB", Decimal("2825.36")),
        ),
        ("Unused Floating IP - 1.2.3.4", Priced("", "", Decimal(1))),
        ("q-1 (1 qubit)", Priced("", "", Decimal(1))),
    ],
)
def test_a_price_goes_by_the_size_and_not_by_the_object(description: str, expected: Priced) -> None:
    assert priced(description) == expected


def test_objects_of_one_price_share_its_id_and_others_do_not() -> None:
    ids = [
        column("SkuPriceId", description=description)
        for description in ("a (s-1vcpu-1gb)", "b (s-1vcpu-1gb)", "c (s-2vcpu-2gb)", "d (e)")
    ]
    assert ids == [
        "Droplets/s-1vcpu-1gb",
        "Droplets/s-1vcpu-1gb",
        "Droplets/s-2vcpu-2gb",
        "Droplets",
    ]
    assert column("SkuId") == "Droplets"
    assert orjson.loads(column("SkuPriceDetails")) == {
        "x_Product": "Droplets",
        "x_Size": "s-1vcpu-1gb",
    }


@pytest.mark.parametrize(
    ("line", "quantity", "unit", "price"),
    [
        ({}, "744", "Hours", "0.008064516129032258"),
        ({"amount_usd": Decimal("7.44")}, "744", "Hours", "0.01"),
        (
            {"description": "data (100GB)", "amount_usd": Decimal("7.44")}, "74400", "GB-Hours",
            "0.0001",
        ),
        ({"description": "lb (3 nodes)", "amount_usd": Decimal("22.32")}, "2232", "Hours", "0.01"),
        (
            {"description": "Overage (2825.36GB @ $0.01/GB)", "hours": None,
             "amount_usd": Decimal("28.2536")}, "2825.36", "GB", "0.01",
        ),
        ({"description": "Support", "hours": None}, "1", "Units", "6"),
        ({"hours": Decimal(0), "amount_usd": Decimal(0)}, "1", "Units", "0"),
    ],
)  # fmt: skip  # a table
def test_a_quantity_has_a_unit_and_a_price(
    line: dict[str, Any], quantity: str, unit: str, price: str
) -> None:
    for name in ("Pricing", "Consumed"):
        assert column(f"{name}Quantity", **line) == Decimal(quantity)
        assert column(f"{name}Unit", **line) == unit
    for name in ("ListUnitPrice", "ContractedUnitPrice", "PricingCurrencyListUnitPrice"):
        assert column(name, **line) == Decimal(price)


@given(
    amount=st.decimals(min_value=0, max_value=10**12, places=9),
    hours=st.decimals(min_value=Decimal("0.000001"), max_value=10**4, places=6),
)
def test_a_unit_price_by_its_quantity_is_the_cost(amount: Decimal, hours: Decimal) -> None:
    price = column("ListUnitPrice", amount_usd=amount, hours=hours)
    assert price >= 0
    assert abs(Fraction(price) * Fraction(hours) - Fraction(amount)) <= Fraction(hours) / (
        2 * 10**18
    )


@pytest.mark.parametrize("classification", ["tax", "credit"])
def test_taxes_and_credits_have_no_price(classification: str) -> None:
    line: dict[str, Any] = {"classification": classification, "amount_usd": Decimal(-1)}
    names = ("ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "ConsumedQuantity")
    assert [column(name, **line) for name in names] == [None] * 4


def test_a_tax_has_no_sku() -> None:
    names = ("SkuId", "SkuMeter", "SkuPriceId", "SkuPriceDetails")
    assert [column(name, classification="tax") for name in names] == [None] * 4


@pytest.mark.parametrize(
    ("product", "kind", "service", "meter"),
    [
        ("Droplets", "droplet", ("Compute", "Virtual Machines"), "Compute Usage"),
        ("Premium Droplets", "droplet", ("Compute", "Virtual Machines"), "Compute Usage"),
        ("Droplet Backups", "droplet", ("Storage", "Backup Storage"), "Backup Usage"),
        ("backups ", "droplet", ("Storage", "Backup Storage"), "Backup Usage"),
        ("Bandwidth", "", ("Networking", "Network Connectivity"), "Data Transfer"),
        ("Spaces", "spaces_bucket", ("Storage", "Object Storage"), "Object Storage"),
        ("Support", "", ("Management and Governance", "Support"), "Support Usage"),
        ("Quantum", "", ("Other", "Other (Other)"), "Quantum Usage"),
        ("Quantum", "droplet", ("Compute", "Virtual Machines"), "Compute Usage"),
        ("", "", ("Other", "Other (Other)"), "DigitalOcean Usage"),
    ],
)
def test_services_are_filed_by_their_product_else_by_their_kind(
    product: str, kind: str, service: tuple[str, str], meter: str
) -> None:
    told = column("ServiceCategory", product=product, kind=kind)
    assert (told, column("ServiceSubcategory", product=product, kind=kind)) == service
    assert column("SkuMeter", product=product, kind=kind) == meter


@pytest.mark.parametrize(
    ("region", "name"),
    [("nyc3", "New York 3"), ("syd1", "Sydney 1"), ("mars9", "mars9"), ("", None)],
)
def test_a_region_is_the_resources_and_has_a_name(region: str, name: str | None) -> None:
    assert column("RegionId", region=region) == (region or None)
    assert column("RegionName", region=region) == name


def test_columns_of_a_later_version_stand_beside_as_1_2_allows_it() -> None:
    assert "ServiceProviderName" not in FOCUS_COLUMNS
    for name in ("x_ServiceProviderName", "x_HostProviderName", "ProviderName", "PublisherName"):
        assert column(name) == "DigitalOcean"
    assert column("PricingCurrency") == column("BillingCurrency") == "USD"


def test_every_classification_has_a_charge() -> None:
    told = {
        name: tuple(
            column(f"Charge{what}", classification=name) for what in ("Category", "Frequency")
        )
        for name in ("resource", "shared", "account", "unknown", "tax", "credit")
    }
    assert told == {
        "resource": ("Usage", "Usage-Based"),
        "shared": ("Usage", "Usage-Based"),
        "account": ("Usage", "Recurring"),
        "unknown": ("Usage", "Usage-Based"),
        "tax": ("Tax", "One-Time"),
        "credit": ("Credit", "One-Time"),
    }
