"""Every plain list of the API: its path, its key, and its filters."""

from dataclasses import dataclass, field

from providers.digitalocean.simulator.web.paging import LinksWhenSingle

__all__ = ["BY_NAME", "KINDS", "Filter", "Kind"]


@dataclass(frozen=True)
class Filter:
    """A query parameter that filters a list by SQL over the object table, with `?` as its value."""

    parameter: str
    condition: str


@dataclass(eq=False)
class Kind:
    """A kind of resource that is listed and read by its id in the usual way.

    Most are at `/v2/<name>s`, with the key `<name>s`, and each object under `<name>`.
    """

    name: str
    path: str = ""
    plural: str = ""
    singular: str = ""
    scope: str = ""
    """The scope a token needs: `<scope>:read`; by default the name."""
    links: LinksWhenSingle = LinksWhenSingle.EMPTY
    filters: tuple[Filter, ...] = ()
    newest_first: bool = False
    paged: bool = True
    readable: bool = True
    """Whether `path/{id}` exists."""
    also_read_by: str = ""
    """A field by which an object can be read instead of its id."""
    scoped_fields: tuple[tuple[str, str], ...] = field(default=())
    """Fields that are omitted unless the token has the scope; a dotted path names a member, in
    every element of a list."""
    listed: bool = True
    """Whether the usual list and read serve it; else special routes do."""

    def __post_init__(self) -> None:
        self.plural = self.plural or f"{self.name}s"
        self.path = self.path or f"/v2/{self.plural}"
        self.singular = self.singular or self.name
        self.scope = self.scope or self.name


_TAGGED = Filter(
    "tag_name",
    "EXISTS (SELECT 1 FROM json_each(body, '$.tags') WHERE lower(value) = lower(?))",
)
_NAMED = Filter("name", "name = ?")
_REGION = Filter("region", "json_extract(body, '$.region') = ?")
_TAGS_FIELD = ("tags", "tag:read")
_VPC_FIELD = ("vpc_uuid", "vpc:read")
_PROJECT_FIELD = ("project_id", "project:read")
_DROPLETS_FIELD = ("droplet_ids", "droplet:read")
_CREDENTIALS = "database:view_credentials"


def _hidden_logins(*connections: str) -> tuple[tuple[str, str], ...]:
    """The credentials in connections."""
    members = ("uri", "user", "password")
    return tuple((f"{name}.{member}", _CREDENTIALS) for name in connections for member in members)


KINDS = (
    Kind(
        "droplet",
        filters=(_TAGGED, _NAMED),
        scoped_fields=(
            _TAGS_FIELD,
            _VPC_FIELD,
            ("volume_ids", "block_storage:read"),
            *((name, "image:read") for name in ("image", "backup_ids", "snapshot_ids")),
        ),
    ),
    Kind(
        "volume",
        scope="block_storage",
        links=LinksWhenSingle.EMPTY_PAGES,
        filters=(_NAMED, Filter("region", "json_extract(body, '$.region.slug') = ?")),
        scoped_fields=(_TAGS_FIELD, _DROPLETS_FIELD),
    ),
    Kind(
        "snapshot",
        filters=(Filter("resource_type", "bucket = ?"),),
        scoped_fields=(_TAGS_FIELD,),
    ),
    Kind(
        "image",
        filters=(
            Filter("type", "? IN (bucket, json_extract(body, '$.type'))"),
            Filter("private", "(lower(?) <> 'true' OR bucket = 'private')"),
            _TAGGED,
        ),
        scoped_fields=(_TAGS_FIELD,),
        also_read_by="slug",
    ),
    Kind("domain", links=LinksWhenSingle.ABSENT),
    Kind(
        "load_balancer",
        scoped_fields=(_PROJECT_FIELD, _VPC_FIELD, _DROPLETS_FIELD, ("tag", "tag:read")),
    ),
    Kind(
        "database",
        filters=(_TAGGED,),
        paged=False,
        scoped_fields=(
            _TAGS_FIELD,
            _PROJECT_FIELD,
            ("private_network_uuid", "vpc:read"),
            *_hidden_logins("connection", "private_connection"),
            ("users.password", _CREDENTIALS),
        ),
    ),
    Kind(
        "kubernetes_cluster",
        "/v2/kubernetes/clusters",
        scope="kubernetes",
        links=LinksWhenSingle.EMPTY_PAGES,
        scoped_fields=(
            _TAGS_FIELD,
            ("node_pools.tags", "tag:read"),
            _VPC_FIELD,
            ("worker_subnet_uuid", "vpc:read"),
        ),
    ),
    Kind("reserved_ip", scoped_fields=(("droplet", "droplet:read"), _PROJECT_FIELD), listed=False),
    Kind("vpc", links=LinksWhenSingle.EMPTY_PAGES),
    Kind(
        "firewall",
        scoped_fields=(
            _TAGS_FIELD,
            ("inbound_rules.sources.tags", "tag:read"),
            ("outbound_rules.destinations.tags", "tag:read"),
            _DROPLETS_FIELD,
        ),
    ),
    Kind("app", scoped_fields=(_PROJECT_FIELD,)),
    Kind(
        "cdn_endpoint", "/v2/cdn/endpoints", "endpoints", "endpoint", "cdn", LinksWhenSingle.ABSENT
    ),
    Kind("spaces_key", "/v2/spaces/keys", "keys", "key", filters=(_NAMED,)),
    Kind("ssh_key", "/v2/account/keys", also_read_by="fingerprint"),
    Kind("certificate", filters=(_NAMED,)),
    Kind("container_registry", "/v2/registries", "registries", "registry", "registry", paged=False),
    Kind(
        "functions_namespace",
        "/v2/functions/namespaces",
        "namespaces",
        "namespace",
        "function",
        paged=False,
    ),
    Kind("nfs_share", "/v2/nfs", "shares", "share", "nfs", filters=(_REGION,), paged=False),
    Kind(
        "nat_gateway",
        plural="vpc_nat_gateways",
        singular="vpc_nat_gateway",
        filters=(_NAMED, _REGION),
    ),
    Kind(
        "database_replica",
        "/v2/databases/{id}/replicas",
        "replicas",
        "replica",
        "database",
        scoped_fields=(
            _TAGS_FIELD,
            ("private_network_uuid", "vpc:read"),
            *_hidden_logins("connection", "private_connection"),
        ),
        listed=False,
    ),
    Kind("uptime_check", "/v2/uptime/checks", "checks", "check", "uptime"),
    Kind(
        "autoscale_pool",
        "/v2/droplets/autoscale",
        scope="droplet",
        filters=(_NAMED,),
        scoped_fields=(
            ("droplet_template.ssh_keys", "ssh_key:read"),
            ("droplet_template.tags", "tag:read"),
            ("droplet_template.vpc_uuid", "vpc:read"),
            ("droplet_template.project_id", "project:read"),
        ),
    ),
    Kind(
        "reserved_ipv6",
        "/v2/reserved_ipv6",
        scope="reserved_ip",
        scoped_fields=(("droplet", "droplet:read"),),
        listed=False,
    ),
    Kind("vpc_peering"),
    Kind("partner_attachment", "/v2/partner_network_connect/attachments"),
    Kind("gradient_agent", "/v2/gen-ai/agents", "agents", "agent", "genai"),
    Kind("dedicated_inference", "/v2/dedicated-inferences", scope="genai"),
    Kind("alert_policy", "/v2/monitoring/alerts", "policies", "policy", "monitoring"),
    Kind("size", scope="sizes", readable=False),
    Kind("region", scope="regions", readable=False),
    Kind("action", scope="actions", newest_first=True),
)

BY_NAME = {kind.name: kind for kind in KINDS}
