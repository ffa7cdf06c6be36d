"""The texts of a document: names instead of codes, and a lawful title."""

from dataclasses import replace
from typing import Any

import pytest

from services.analytics.invoicing.invoices.document.naming import line_name, unit_name
from services.analytics.invoicing.profiles.rules.parties import Party, is_tax_document


@pytest.mark.parametrize(
    ("kind", "meter", "description", "meta", "name"),
    [
        ("plan_base", "", "Plan: studio", {}, "Plan: Studio"),
        ("plan_base", "", "Plan: pro_eu-2026", {}, "Plan: Pro eu 2026"),
        ("addon", "spaces_gb_month", "Addon: storage_50gb", {}, "Add-on: Storage 50 GB"),
        ("addon", "llm_tokens", "Addon: llm_5m", {}, "Add-on: LLM 5M"),
        (
            "overage", "droplet_hours", "Overage: droplet_hours",
            {"used": "2160", "allowance": "1488"}, "Droplet hours over 1,488 included",
        ),
        ("overage", "droplet_hours", "Overage: droplet_hours", {"allowance": "0"}, "Droplet hours"),
        (
            "overage", "bandwidth_gb", "Overage: bandwidth_gb",
            {"allowance": "3000", "tier": "2"}, "Outbound transfer over 3,000 included, tier 2",
        ),
        ("overage", "dns_zones", "Minimum: dns_zones", {}, "Minimum charge: DNS zones"),
        ("ad_hoc", "llm_tokens", "Usage: llm_tokens", {}, "LLM tokens"),
        ("ad_hoc", "gpu_hours", "Usage: gpu_hours", {}, "GPU hours"),
        ("ad_hoc", "api_calls", "Usage: api_calls", {"meter_name": "Calls"}, "Calls"),
        (
            "overage", "api_calls", "Overage: api_calls eu",
            {"meter_name": "Calls of the API", "allowance": "5"},
            "Calls of the API eu over 5 included",
        ),
        (
            "adjustment", "droplet_hours", "Adjustment of March 2026: Overage: droplet_hours",
            {"allowance": "1488"}, "Adjustment of March 2026: Droplet hours over 1,488 included",
        ),
        (
            "adjustment", "", "Adjustment of March 2026: Plan: studio", {},
            "Adjustment of March 2026: Plan: Studio",
        ),
        ("one_off", "", "Plan: move_to_pro", {}, "Plan: move_to_pro"),
        (
            "overage", "droplet_hours", "Overage: droplet_hours s-2vcpu-4gb", {"allowance": "0"},
            "Droplet hours s-2vcpu-4gb",
        ),
        (
            "ad_hoc", "llm_tokens", "Usage: llm_tokens gpt-4o, o3", {}, "LLM tokens gpt-4o, o3",
        ),
        (
            "overage", "droplet_hours", "Minimum: droplet_hours syd1 gpu-*", {},
            "Minimum charge: Droplet hours syd1 gpu-*",
        ),
        ("overage", "droplet_hours", "hours of acme", {}, "hours of acme"),
        ("overage", "droplet_hours", "Overage: something else", {}, "Overage: something else"),
    ],
)  # fmt: skip  # a table
def test_a_line_has_a_display_name(
    kind: str, meter: str, description: str, meta: dict[str, str], name: str
) -> None:
    assert line_name(kind, meter, description, meta) == name


def test_a_unit_is_counted_as_people_count() -> None:
    assert [unit_name(unit, "1") for unit in ("hour", "gb_month", "zone")] == [
        "hour",
        "GB-month",
        "zone",
    ]
    assert [unit_name(unit, "0.5") for unit in ("hour", "gb", "gb_month", "package", "item")] == [
        "hours", "GB", "GB-months", "packages", "items",
    ]  # fmt: skip  # a table


def test_a_unit_of_an_operators_meter_is_read_from_its_code() -> None:
    units = ("call", "1k_calls", "250k_calls", "gb_hour", "seat_months")
    assert [unit_name(unit, "2") for unit in units] == [
        "calls", "1,000 calls", "250,000 calls", "GB hours", "seat months",
    ]  # fmt: skip  # a table
    assert [unit_name(unit, "1") for unit in ("call", "1k_calls", "gb_hour")] == [
        "call", "1,000 calls", "GB hour",
    ]  # fmt: skip  # a table


SELLER = Party("Seller Pty Ltd", "51 824 753 556")
BUYER = Party("Acme Pty Ltd")


def allowed(**changes: Any) -> bool:
    facts: dict[str, Any] = {
        "issuer": SELLER, "recipient": BUYER, "account": "acme", "currency": "AUD",
        "tax_cents": 10_000, "total_cents": 110_000,
    }  # fmt: skip  # a table
    return is_tax_document(**facts | changes)


def test_a_tax_invoice_shows_who_sold_who_bought_and_the_tax() -> None:
    assert allowed()
    assert allowed(tax_cents=-10_000, total_cents=-110_000)


@pytest.mark.parametrize(
    "lacking",
    [
        {"tax_cents": 0},
        {"currency": "USD"},
        {"issuer": Party("")},
        {"issuer": replace(SELLER, abn="")},
        {"issuer": replace(SELLER, abn="51 824 753 557")},
        {"issuer": replace(SELLER, name="")},
        {"recipient": Party("acme")},
        {"recipient": Party("acme", "1")},
        {"recipient": Party("")},
    ],
)
def test_without_one_of_these_it_is_no_tax_invoice(lacking: dict[str, Any]) -> None:
    assert not allowed(**lacking)


def test_below_a_thousand_dollars_the_buyer_need_not_be_named() -> None:
    nobody = Party("acme")
    assert allowed(recipient=nobody, total_cents=99_999)
    assert not allowed(recipient=nobody, total_cents=100_000)
    assert not allowed(recipient=nobody, total_cents=-100_000)
    assert allowed(recipient=Party("acme", "51 824 753 556"), total_cents=100_000)
