from decimal import Decimal
from typing import Final

from kinds.access_comparators import address_lists
from kinds.billing import Billing, Product
from kinds.comparators import maintenance_window
from kinds.comparators import node_pools as same_pools
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.metering import MeterRule
from kinds.pricing import Flat, When
from kinds.reducers import node_pools, unordered, whole

__all__ = ["KUBERNETES_CLUSTER"]

PLUGINS: Final = (
    "amd_gpu_device_metrics_exporter_plugin",
    "amd_gpu_device_plugin",
    "coredns_autoscaler",
    "nvidia_gpu_device_plugin",
    "p2p_oci_registry_plugin",
    "rdma_shared_dev_plugin",
    "routing_agent",
)

KUBERNETES_CLUSTER: Final = ResourceKind(
    name="kubernetes_cluster",
    billing=Billing(
        (
            Product("kubernetes clusters", ("KUBE", "DOKS")),
            Product("kubernetes control plane"),
            Product("kubernetes"),
        ),
        ("Compute", "Containers"),
        "Cluster Usage",
        also_names=("droplet",),
        is_group=True,
    ),
    urns=("kubernetes",),
    scope="kubernetes:read",
    listing=Listing("/v2/kubernetes/clusters", "kubernetes_clusters", "kubernetes_cluster"),
    columns=Columns(statuses=("status.state",)),
    # The nodes are droplets, and metered as droplets.
    meters=(MeterRule("kubernetes_ha_hours", {"region": "region"}, only=("attrs.ha", "true")),),
    attrs={
        "version": Attr(Policy.DESIRED),
        "node_pools": Attr(Policy.DESIRED, node_pools, same=same_pools),
        "maintenance_policy": Attr(Policy.DESIRED, whole, same=maintenance_window, quiet=True),
        "auto_upgrade": Attr(Policy.DESIRED),
        "surge_upgrade": Attr(Policy.DESIRED),
        "ha": Attr(Policy.DESIRED),
        "registry_enabled": Attr(Policy.DESIRED),
        "registries": Attr(Policy.DESIRED, unordered),
        "control_plane_firewall": Attr(Policy.DESIRED, whole, same=address_lists, quiet=True),
        "cluster_autoscaler_configuration": Attr(Policy.DESIRED, whole),
        "isolated_workers": Attr(Policy.DESIRED),
        "sso": Attr(Policy.DESIRED, whole),
        **{name: Attr(Policy.DESIRED, whole) for name in PLUGINS},
        "cluster_subnet": Attr(Policy.IDENTITY),
        "service_subnet": Attr(Policy.IDENTITY),
        "vpc_uuid": Attr(Policy.REFERENCE),
        "worker_subnet_uuid": Attr(Policy.REFERENCE),
        "ipv4": Attr(Policy.COMPUTED),
        "endpoint": Attr(Policy.COMPUTED),
    },
    scoped={
        "tags": "tag:read",
        "node_pools.tags": "tag:read",
        "vpc_uuid": "vpc:read",
        "worker_subnet_uuid": "vpc:read",
    },
    volatile=frozenset({"updated_at"}),
    in_flight=frozenset({"provisioning", "upgrading", "deleting"}),
    # The nodes are droplets, and priced as droplets.
    monthly_price=Flat(Decimal(40), When("ha", True, "if highly available")),
)
