"""The kinds that are synced, each a declaration of its own."""

from types import MappingProxyType
from typing import Final

from providers.digitalocean.kinds.access.certificate import CERTIFICATE
from providers.digitalocean.kinds.access.spaces_key import SPACES_KEY
from providers.digitalocean.kinds.access.ssh_key import SSH_KEY
from providers.digitalocean.kinds.app import APP
from providers.digitalocean.kinds.cdn_endpoint import CDN_ENDPOINT
from providers.digitalocean.kinds.database import DATABASE
from providers.digitalocean.kinds.domain import DOMAIN
from providers.digitalocean.kinds.droplet import DROPLET
from providers.digitalocean.kinds.firewall import FIREWALL
from providers.digitalocean.kinds.gradient.dedicated_inference import DEDICATED_INFERENCE
from providers.digitalocean.kinds.gradient.gradient_agent import GRADIENT_AGENT
from providers.digitalocean.kinds.image import IMAGE
from providers.digitalocean.kinds.kubernetes_cluster import KUBERNETES_CLUSTER
from providers.digitalocean.kinds.load_balancer import LOAD_BALANCER
from providers.digitalocean.kinds.managed.autoscale_pool import AUTOSCALE_POOL
from providers.digitalocean.kinds.managed.container_registry import CONTAINER_REGISTRY
from providers.digitalocean.kinds.managed.database_replica import DATABASE_REPLICA
from providers.digitalocean.kinds.managed.functions_namespace import FUNCTIONS_NAMESPACE
from providers.digitalocean.kinds.managed.nfs_share import NFS_SHARE
from providers.digitalocean.kinds.monitoring.alert_policy import ALERT_POLICY
from providers.digitalocean.kinds.monitoring.uptime_check import UPTIME_CHECK
from providers.digitalocean.kinds.networking.nat_gateway import NAT_GATEWAY
from providers.digitalocean.kinds.networking.partner_attachment import PARTNER_ATTACHMENT
from providers.digitalocean.kinds.networking.reserved_ipv6 import RESERVED_IPV6
from providers.digitalocean.kinds.networking.vpc_peering import VPC_PEERING
from providers.digitalocean.kinds.reserved_ip import RESERVED_IP
from providers.digitalocean.kinds.snapshot import SNAPSHOT
from providers.digitalocean.kinds.spaces_bucket import SPACES_BUCKET
from providers.digitalocean.kinds.volume import VOLUME
from providers.digitalocean.kinds.vpc import VPC

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
"""The resource kinds by their names."""
