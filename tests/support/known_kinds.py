"""Where a kind of resource must be known, and what each place lacks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

from kinds import RESOURCE_KINDS
from kinds.document import PAGE
from kinds.metering import METERS
from kinds.pricing import FREE
from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.world.seed import make_world
from services.billing.ingest.rules.classification import PRODUCTS
from services.billing.ingest.rules.matching import ALSO_NAMES

__all__ = ["missing"]

OVER_S3: frozenset[str] = frozenset({"spaces_bucket"})
"""Listed over S3, which the simulator serves too."""


@cache
def _kinds_of_the_account() -> frozenset[str]:
    """The kinds in the simulated account."""
    world = make_world(42, datetime(2026, 5, 1, 12, tzinfo=UTC))
    return frozenset(row.kind for row in world.rows) | OVER_S3


def missing(name: str) -> list[str]:
    """The missing steps of a kind: the file, then its content. Empty if complete."""
    return list(_missing(name))


def _missing(name: str) -> Iterator[str]:
    if name not in RESOURCE_KINDS:
        yield "kinds/__init__.py: import the declaration, and name it in RESOURCE_KINDS"
        return
    if name not in BY_NAME and name not in OVER_S3:
        yield "providers/digitalocean/simulator/kinds.py: add a Kind, so that it is listed"
    if name not in _kinds_of_the_account():
        yield "providers/digitalocean/simulator/world/products.yaml: declare one of the kind"
    yield from _missing_of_bills(name)
    yield from _missing_of_meters(name)
    if f"\n## {name}\n" not in PAGE.read_text():
        yield "docs/kinds.md: run `python -m kinds.document`"


def _missing_of_bills(name: str) -> Iterator[str]:
    """A kind that costs something is billed by name, or as the kind that it is listed beside."""
    billed = {product.kind for product in PRODUCTS.values()}
    beside = {other for kind, others in ALSO_NAMES.items() if kind in billed for other in others}
    if RESOURCE_KINDS[name].monthly_price != FREE and name not in billed | beside:
        yield (
            "its declaration: name the products that bill it in `billing`, or name it in"
            " `also_names` of the kind that it is billed as"
        )


def _missing_of_meters(name: str) -> Iterator[str]:
    for rule in RESOURCE_KINDS[name].meters:
        if rule.code not in METERS:
            yield f"kinds/metering.py: the meter {rule.code} is not in METERS"
