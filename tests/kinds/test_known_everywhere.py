"""A kind is known wherever it must be: to the inventory, the simulator, bills, meters, docs."""

import pytest

from kinds import RESOURCE_KINDS
from providers.digitalocean.simulator.kinds import BY_NAME
from services.analytics.usage.rules.readings import USAGE_KINDS
from services.billing.costs.rules.focus import SERVICES
from services.billing.ingest.rules.classification import PRODUCTS, SKUS
from services.catalog.vocabulary import UNITS
from tests.support.known_kinds import missing

NO_RESOURCES = frozenset({"action", "region", "size"})
"""What the simulator lists and the inventory does not keep."""


@pytest.mark.parametrize("name", RESOURCE_KINDS)
def test_a_kind_is_known_everywhere(name: str) -> None:
    assert missing(name) == []


def test_no_place_knows_a_kind_that_is_not_declared() -> None:
    declared = RESOURCE_KINDS.keys()

    assert BY_NAME.keys() - NO_RESOURCES - declared == set()
    assert {product.kind for product in PRODUCTS.values() if product.kind} - declared == set()
    assert SERVICES.keys() - declared == set()


def test_every_sku_names_a_product_that_is_known() -> None:
    assert set(SKUS.values()) <= PRODUCTS.keys()


def test_a_meter_is_the_same_to_the_catalog_and_to_metering() -> None:
    assert set(UNITS) == USAGE_KINDS
