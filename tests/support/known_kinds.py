"""Where a kind of resource must be known, and what each place lacks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from kinds import RESOURCE_KINDS
from kinds.document import PAGE
from kinds.metering import METERS
from kinds.pricing import FREE
from providers.digitalocean.simulator.kinds import BY_NAME
from providers.digitalocean.simulator.world.seed import make_world
from services.billing.ingest.rules.classification import PRODUCTS
from services.billing.ingest.rules.matching import ALSO_NAMES

__all__ = ["TESTED_ELSEWHERE", "missing"]

OVER_S3: frozenset[str] = frozenset({"spaces_bucket"})
"""Listed over S3, which the simulator serves too."""

TESTED_ELSEWHERE: frozenset[str] = frozenset(
    {
        "alert_policy", "app", "autoscale_pool", "cdn_endpoint", "certificate",
        "container_registry", "database", "database_replica", "dedicated_inference", "domain",
        "droplet", "firewall", "functions_namespace", "gradient_agent", "image",
        "kubernetes_cluster", "load_balancer", "nat_gateway", "nfs_share", "partner_attachment",
        "reserved_ip", "reserved_ipv6", "snapshot", "spaces_bucket", "spaces_key", "ssh_key",
        "uptime_check", "volume", "vpc", "vpc_peering",
    }
)  # fmt: skip  # a table
"""Kinds whose rows `tests/providers` and `tests/drift` test. A new kind has a test of its own."""

TESTS = Path(__file__).resolve().parents[1] / "kinds"


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
    if name not in TESTED_ELSEWHERE and not (TESTS / f"test_{name}.py").exists():
        yield f"tests/kinds/test_{name}.py: test which fields of a row are kept"
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
