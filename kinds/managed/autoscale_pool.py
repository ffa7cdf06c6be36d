"""Autoscale pools of droplets: free; their droplets are billed as droplets."""

from typing import Final

from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.reducers import pool_template, whole

__all__ = ["AUTOSCALE_POOL"]

AUTOSCALE_POOL: Final = ResourceKind(
    name="autoscale_pool",
    scope="droplet:read",
    terraform="digitalocean_droplet_autoscale",
    added_later=True,
    listing=Listing("/v2/droplets/autoscale", "autoscale_pools", "autoscale_pool"),
    columns=Columns(region="", tags=""),
    attrs={
        "config": Attr(Policy.DESIRED, whole),
        "droplet_template": Attr(Policy.DESIRED, pool_template),
    },
    scoped={
        "droplet_template.ssh_keys": "ssh_key:read",
        "droplet_template.tags": "tag:read",
        "droplet_template.vpc_uuid": "vpc:read",
        "droplet_template.project_id": "project:read",
    },
    volatile=frozenset({"updated_at", "current_utilization", "active_resources_count"}),
    in_flight=frozenset({"deleting"}),
)
