"""Every product of a bill belongs to a kind of the inventory."""

import pytest

from kinds import RESOURCE_KINDS
from kinds.pricing import FREE
from providers.digitalocean.simulator.billing import lines
from services.billing.ingest.rules.classification import PRODUCTS, judge, judge_daily
from services.billing.ingest.rules.matching import ALSO_NAMES


def test_every_kind_that_costs_is_named_by_a_product() -> None:
    sold = {product.kind for product in PRODUCTS.values()}
    sold |= {other for kind, others in ALSO_NAMES.items() if kind in sold for other in others}

    costing = {kind.name for kind in RESOURCE_KINDS.values() if kind.monthly_price is not FREE}
    assert costing <= sold


def test_every_product_of_the_simulators_bills_is_known() -> None:
    assert {product.lower() for product, _ in lines._PRODUCTS.values()} <= PRODUCTS.keys()


@pytest.mark.parametrize(
    ("product", "description", "kind", "name"),
    [
        ("Container Registry", "sky-ai (Basic)", "container_registry", "sky-ai"),
        ("Functions", "acme-hooks (GiB-seconds)", "functions_namespace", "acme-hooks"),
        ("Uptime", "status-site (https)", "uptime_check", "status-site"),
        ("NFS", "hooli-datasets (100GB)", "nfs_share", "hooli-datasets"),
        ("NAT Gateways", "acme-egress", "nat_gateway", "acme-egress"),
        ("Gradient AI", "acme-support (llama3.3)", "gradient_agent", "acme-support"),
        ("Reserved IPv6s", "2604:a880::7000", "reserved_ipv6", "2604:a880::7000"),
        ("Partner Network Connect", "line (1000Mbps)", "partner_attachment", "line"),
    ],
)
def test_a_line_says_which_resource_it_bills(
    product: str, description: str, kind: str, name: str
) -> None:
    judged = judge(product, "", description, "iaas", is_credit=False)

    assert (judged.kind, judged.classification, judged.resource_name) == (kind, "resource", name)


@pytest.mark.parametrize(
    ("sku", "kind"),
    [
        ("1-DO-REGI-0005", "container_registry"),
        ("1-DO-NATG-0000", "nat_gateway"),
        ("1-DO-NFS-0000", "nfs_share"),
        ("1-DO-RIP6-0000", "reserved_ipv6"),
    ],
)
def test_a_daily_estimate_names_the_kind_by_its_sku(sku: str, kind: str) -> None:
    assert judge_daily("x", "", sku, is_credit=False).kind == kind
