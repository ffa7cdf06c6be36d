"""The kinds that are synced, each a declaration of its own."""

from types import MappingProxyType
from typing import Final

from providers.digitalocean.kinds.app import APP
from providers.digitalocean.kinds.cdn_endpoint import CDN_ENDPOINT
from providers.digitalocean.kinds.database import DATABASE
from providers.digitalocean.kinds.domain import DOMAIN
from providers.digitalocean.kinds.droplet import DROPLET
from providers.digitalocean.kinds.firewall import FIREWALL
from providers.digitalocean.kinds.image import IMAGE
from providers.digitalocean.kinds.kubernetes_cluster import KUBERNETES_CLUSTER
from providers.digitalocean.kinds.load_balancer import LOAD_BALANCER
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
        )
    }
)
"""The resource kinds by their names."""
