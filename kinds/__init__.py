"""The synced kinds, one declaration each."""

from types import MappingProxyType
from typing import Final

from kinds.access.certificate import CERTIFICATE
from kinds.access.spaces_key import SPACES_KEY
from kinds.access.ssh_key import SSH_KEY
from kinds.app import APP
from kinds.cdn_endpoint import CDN_ENDPOINT
from kinds.database import DATABASE
from kinds.domain import DOMAIN
from kinds.droplet import DROPLET
from kinds.firewall import FIREWALL
from kinds.gradient.dedicated_inference import DEDICATED_INFERENCE
from kinds.gradient.gradient_agent import GRADIENT_AGENT
from kinds.image import IMAGE
from kinds.kubernetes_cluster import KUBERNETES_CLUSTER
from kinds.load_balancer import LOAD_BALANCER
from kinds.managed.autoscale_pool import AUTOSCALE_POOL
from kinds.managed.container_registry import CONTAINER_REGISTRY
from kinds.managed.database_replica import DATABASE_REPLICA
from kinds.managed.functions_namespace import FUNCTIONS_NAMESPACE
from kinds.managed.nfs_share import NFS_SHARE
from kinds.monitoring.alert_policy import ALERT_POLICY
from kinds.monitoring.uptime_check import UPTIME_CHECK
from kinds.networking.nat_gateway import NAT_GATEWAY
from kinds.networking.partner_attachment import PARTNER_ATTACHMENT
from kinds.networking.reserved_ipv6 import RESERVED_IPV6
from kinds.networking.vpc_peering import VPC_PEERING
from kinds.reserved_ip import RESERVED_IP
from kinds.snapshot import SNAPSHOT
from kinds.spaces_bucket import SPACES_BUCKET
from kinds.volume import VOLUME
from kinds.vpc import VPC

__all__ = ["RESOURCE_KINDS"]

RESOURCE_KINDS: Final = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            DROPLET,
            VOLUME,
            SNAPSHOT,
            IMAGE,
            DOMAIN,
            LOAD_BALANCER,
            DATABASE,
            KUBERNETES_CLUSTER,
            RESERVED_IP,
            VPC,
            FIREWALL,
            APP,
            CDN_ENDPOINT,
            SPACES_BUCKET,
            CONTAINER_REGISTRY,
            FUNCTIONS_NAMESPACE,
            NFS_SHARE,
            NAT_GATEWAY,
            DATABASE_REPLICA,
            UPTIME_CHECK,
            AUTOSCALE_POOL,
            RESERVED_IPV6,
            CERTIFICATE,
            SSH_KEY,
            VPC_PEERING,
            PARTNER_ATTACHMENT,
            GRADIENT_AGENT,
            DEDICATED_INFERENCE,
            SPACES_KEY,
            ALERT_POLICY,
        )
    }
)
"""The resource kinds by name."""
