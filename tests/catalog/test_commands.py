"""Output and errors of the catalog's commands, without a service."""

import pytest
from arcadia.catalog.v1 import catalog_pb2
from typer.testing import CliRunner

from cli.app import app
from cli.catalog.catalog import price_of_more

TIERS = [
    catalog_pb2.PriceTier(up_to_qty="1000", unit_price_cents="1"),
    catalog_pb2.PriceTier(unit_price_cents="0.4"),
]


@pytest.mark.parametrize(
    ("item", "currency", "said"),
    [
        ({"pricing_model": "allowance", "overage_price_cents": "0.8"}, "AUD", "0.008 per gb"),
        ({"pricing_model": "allowance", "overage_price_cents": "12"}, "JPY", "12 per gb"),
        (
            {"pricing_model": "per_unit", "overage_price_cents": "2", "hard_cap_qty": "50"},
            "AUD",
            "0.02 per gb, at most 50",
        ),
        (
            {"pricing_model": "graduated", "tiers": TIERS},
            "AUD",
            "0.01 up to 1000, 0.004 above per gb",
        ),
        (
            {"pricing_model": "package", "overage_price_cents": "300", "package_qty": "10"},
            "AUD",
            "3.00 per 10 gb",
        ),
        ({"pricing_model": "flat", "amount_cents": 500}, "AUD", "5.00 a month"),
        (
            {"pricing_model": "minimum", "overage_price_cents": "2", "amount_cents": 500},
            "KWD",
            "0.002 per gb, at least 0.500 a month",
        ),
    ],
)
def test_overage_prices_are_shown_in_the_currency_by_the_model(
    item: dict[str, object], currency: str, said: str
) -> None:
    shown = catalog_pb2.PlanItem(
        resource_kind="bandwidth_gb",
        overage_unit="gb",
        **item,  # type: ignore[arg-type]
    )
    assert price_of_more(shown, currency) == said


@pytest.mark.parametrize("trials", ["0", "-1"])
def test_a_deployment_without_a_trial_is_not_on_trial(trials: str) -> None:
    result = CliRunner().invoke(app, ["trial", "grant", "acme", f"--trials={trials}"])
    assert result.exit_code == 2
    assert "--trials" in result.output
