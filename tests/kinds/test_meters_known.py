"""A kind of usage is known to the databases, to invoices' exports and to the docs."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from kinds import RESOURCE_KINDS
from kinds.metering import METERS, Basis
from services.analytics.invoicing.invoices.document.naming import METERS as NAMES
from services.analytics.invoicing.invoices.rules.focus import SERVICES
from services.catalog.quoting.models import MODELS
from services.catalog.vocabulary import UNITS, PricingModel
from services.common.settings import Service

DOCS = Path(__file__).resolve().parents[2] / "docs"

CHECKED = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'c' AND pg_get_constraintdef(oid) LIKE '%''droplet_hours''%'
"""


@pytest.mark.parametrize("meter", UNITS)
def test_a_meter_has_a_category_in_exports_a_name_on_invoices_and_a_word_in_the_docs(
    meter: str,
) -> None:
    assert meter in SERVICES
    assert meter in NAMES
    assert f"`{meter}`" in (DOCS / "metering.md").read_text() + (DOCS / "catalog.md").read_text()


@pytest.mark.parametrize("service", [Service.CATALOG, Service.ANALYTICS])
def test_no_table_lists_the_meters(
    service: Service, fresh_database: Callable[[Service], str]
) -> None:
    """They are declared with the kinds; a list in a table would refuse a new one."""
    with psycopg.connect(fresh_database(service)) as connection:
        assert connection.execute(CHECKED).fetchall() == []


def test_the_catalogs_tables_take_every_pricing_model(
    fresh_database: Callable[[Service], str],
) -> None:
    with psycopg.connect(fresh_database(Service.CATALOG)) as connection:
        checks = connection.execute(CHECKED.replace("droplet_hours", "graduated")).fetchall()

    models = [
        set(re.findall(r"'(\w+)'", definition)) & set(PricingModel) for _, definition in checks
    ]
    assert set(PricingModel) in models


def test_every_pricing_model_has_a_module_and_a_word_in_the_docs() -> None:
    assert MODELS.keys() == set(PricingModel)
    pages = (DOCS / "catalog.md").read_text() + (DOCS / "pricing.md").read_text()
    assert [model for model in PricingModel if f"`{model}`" not in pages] == []


def test_a_meter_of_time_is_measured_by_a_kind() -> None:
    """A meter that nothing measures could be sold, and would never be billed."""
    measured = {rule.meter.code for kind in RESOURCE_KINDS.values() for rule in kind.meters}
    timed = {code for code, meter in METERS.items() if meter.basis is not Basis.EVENTS}

    assert timed - measured == set()
