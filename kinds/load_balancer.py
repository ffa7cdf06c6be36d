from decimal import Decimal
from typing import Final

from kinds.access_comparators import address_lists
from kinds.balancer_comparators import by_certificate_name
from kinds.billing import Billing, Product
from kinds.comparators import by_default, load_balancer_size, unset_alike
from kinds.kind import Attr, Columns, FieldPolicy, Listing, Policy, ResourceKind
from kinds.listing import CertificateNames
from kinds.metering import MeterRule
from kinds.policy import chosen_by_tag
from kinds.pricing import PerUnit
from kinds.reducers import in_one_order, unordered, whole

__all__ = ["LOAD_BALANCER"]

LOAD_BALANCER: Final = ResourceKind(
    name="load_balancer",
    billing=Billing(
        (Product("load balancers", ("LOAD", "LBAA")),),
        ("Networking", "Network Routing"),
        "Load Balancer Usage",
        is_known_by_id=True,
    ),
    urns=("loadbalancer",),
    terraform="digitalocean_loadbalancer",
    listing=Listing(
        "/v2/load_balancers",
        "load_balancers",
        "load_balancer",
        certificates=CertificateNames(of_lists=("forwarding_rules", "domains")),
    ),
    columns=Columns(size="size", tags=""),
    meters=(MeterRule("load_balancer_hours", {"size": "attrs.size_unit", "region": "region"}),),
    attrs={
        "size_unit": Attr(Policy.DESIRED, same=load_balancer_size),
        "algorithm": Attr(Policy.DESIRED),
        "forwarding_rules": Attr(Policy.DESIRED, in_one_order, same=by_certificate_name),
        "health_check": Attr(Policy.DESIRED, whole),
        "sticky_sessions": Attr(Policy.DESIRED, whole),
        "redirect_http_to_https": Attr(Policy.DESIRED),
        "enable_proxy_protocol": Attr(Policy.DESIRED),
        "enable_backend_keepalive": Attr(Policy.DESIRED),
        "http_idle_timeout_seconds": Attr(Policy.DESIRED),
        "disable_lets_encrypt_dns_records": Attr(Policy.DESIRED),
        "firewall": Attr(Policy.DESIRED, whole, same=address_lists, quiet=True),
        "domains": Attr(Policy.DESIRED, in_one_order, same=by_certificate_name),
        "glb_settings": Attr(Policy.DESIRED, whole),
        "tls_cipher_policy": Attr(Policy.DESIRED),
        "network": Attr(Policy.IDENTITY),
        "network_stack": Attr(Policy.IDENTITY),
        "type": Attr(Policy.IDENTITY),
        "vpc_uuid": Attr(Policy.REFERENCE),
        "target_load_balancer_ids": Attr(Policy.REFERENCE, unordered),
        # If a tag selects a balancer's droplets, they follow from the tag, which is omitted if
        # there is none.
        "droplet_ids": Attr(Policy.REFERENCE, unordered, computed_when=chosen_by_tag),
        "tag": Attr(Policy.DESIRED, same=unset_alike(by_default), unset_when_absent=True),
        "ip": Attr(Policy.COMPUTED),
        "ipv6": Attr(Policy.COMPUTED),
    },
    # A name for what `size_unit` states exactly.
    column_policies={"size": FieldPolicy(Policy.COMPUTED, load_balancer_size)},
    scoped={"vpc_uuid": "vpc:read", "droplet_ids": "droplet:read", "tag": "tag:read"},
    left_out=frozenset({"project_id"}),
    in_flight=frozenset({"new"}),
    monthly_price=PerUnit(Decimal(12), "size_unit"),
)
