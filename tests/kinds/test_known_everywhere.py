"""A kind is known everywhere: to the inventory, the simulator, bills, meters, docs."""

from pathlib import Path

import pytest

from kinds import RESOURCE_KINDS
from providers.digitalocean.simulator.kinds import BY_NAME
from services.analytics.meters import BUILT_IN
from services.billing.ingest.rules.classification import ACCOUNT_PRODUCTS, PRODUCTS
from services.billing.ingest.rules.matching import BILLED
from services.catalog.vocabulary import UNITS
from tests.support.known_kinds import TESTED_ELSEWHERE, missing

NO_RESOURCES = frozenset({"action", "region", "size"})
"""What the simulator lists and the inventory does not keep."""


@pytest.mark.parametrize("name", RESOURCE_KINDS)
def test_a_kind_is_known_everywhere(name: str) -> None:
    assert missing(name) == []


def test_no_place_knows_a_kind_that_is_not_declared() -> None:
    declared = RESOURCE_KINDS.keys()

    assert BY_NAME.keys() - NO_RESOURCES - declared == set()
    also = {name for kind in BILLED.values() for name in kind.also_names}
    assert also - declared == set()


def test_the_kinds_tested_elsewhere_are_declared_and_have_no_test_of_their_own() -> None:
    own = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}

    assert RESOURCE_KINDS.keys() - own >= TESTED_ELSEWHERE


def test_a_product_and_a_sku_bill_one_kind() -> None:
    products = [product for kind in BILLED.values() for product in kind.products]
    names = [product.name for product in products] + [*ACCOUNT_PRODUCTS]
    skus = [sku for product in products for sku in product.skus]

    assert len(names) == len(set(names)) == len(PRODUCTS)
    assert len(skus) == len(set(skus))
    assert all(name == name.strip().lower() for name in names)


def test_a_meter_is_the_same_to_the_catalog_and_to_metering() -> None:
    assert set(UNITS) == BUILT_IN.keys()
