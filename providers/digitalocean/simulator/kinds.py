"""Every plain list of the API, declared: where it is, under which key, and what may filter it."""

from dataclasses import dataclass, field

from providers.digitalocean.simulator.paging import LinksWhenSingle

__all__ = ["BY_NAME", "KINDS", "Filter", "Kind"]


@dataclass(frozen=True)
class Filter:
    """A query parameter that narrows a list by SQL over the object table, `?` its value."""

    parameter: str
    condition: str


@dataclass(frozen=True)
class Kind:
    """A kind of resource that is listed and read by its id in the one usual way."""

    name: str
    path: str
    plural: str
    singular: str
    scope: str
    """The scope a token needs: `<scope>:read`."""
    links: LinksWhenSingle = LinksWhenSingle.EMPTY
    filters: tuple[Filter, ...] = ()
    newest_first: bool = False
    paged: bool = True
    readable: bool = True
    """Whether `path/{id}` exists."""
    also_read_by: str = ""
    """A field by which an object is read as well as by its id."""
    scoped_fields: tuple[tuple[str, str], ...] = field(default=())
    """Fields that are left out unless the token has the scope beside them."""


_TAGGED = Filter(
    "tag_name",
    "EXISTS (SELECT 1 FROM json_each(body, '$.tags') WHERE lower(value) = lower(?))",
)
_NAMED = Filter("name", "name = ?")
_TAGS_FIELD = ("tags", "tag:read")
_VPC_FIELD = ("vpc_uuid", "vpc:read")
_PROJECT_FIELD = ("project_id", "project:read")
_DROPLETS_FIELD = ("droplet_ids", "droplet:read")

KINDS = (
    Kind(
        "droplet",
        "/v2/droplets",
        "droplets",
        "droplet",
        "droplet",
        filters=(_TAGGED, _NAMED),
        scoped_fields=(_TAGS_FIELD, _VPC_FIELD, ("volume_ids", "block_storage:read")),
    ),
    Kind(
        "volume",
        "/v2/volumes",
        "volumes",
        "volume",
        "block_storage",
        LinksWhenSingle.EMPTY_PAGES,
        filters=(_NAMED, Filter("region", "json_extract(body, '$.region.slug') = ?")),
        scoped_fields=(_TAGS_FIELD, _DROPLETS_FIELD),
    ),
    Kind(
        "snapshot",
        "/v2/snapshots",
        "snapshots",
        "snapshot",
        "snapshot",
        filters=(Filter("resource_type", "bucket = ?"),),
        scoped_fields=(_TAGS_FIELD,),
    ),
    Kind(
        "image",
        "/v2/images",
        "images",
        "image",
        "image",
        filters=(
            Filter("type", "? IN (bucket, json_extract(body, '$.type'))"),
            Filter("private", "(lower(?) <> 'true' OR bucket = 'private')"),
            _TAGGED,
        ),
        scoped_fields=(_TAGS_FIELD,),
        also_read_by="slug",
    ),
    Kind("domain", "/v2/domains", "domains", "domain", "domain", LinksWhenSingle.ABSENT),
    Kind(
        "load_balancer",
        "/v2/load_balancers",
        "load_balancers",
        "load_balancer",
        "load_balancer",
        scoped_fields=(_PROJECT_FIELD, _VPC_FIELD, _DROPLETS_FIELD, ("tag", "tag:read")),
    ),
    Kind(
        "database",
        "/v2/databases",
        "databases",
        "database",
        "database",
        filters=(_TAGGED,),
        paged=False,
        scoped_fields=(
            _TAGS_FIELD,
            _PROJECT_FIELD,
            ("private_network_uuid", "vpc:read"),
            ("connection", "database:view_credentials"),
            ("private_connection", "database:view_credentials"),
            ("users", "database:view_credentials"),
        ),
    ),
    Kind(
        "kubernetes_cluster",
        "/v2/kubernetes/clusters",
        "kubernetes_clusters",
        "kubernetes_cluster",
        "kubernetes",
        LinksWhenSingle.EMPTY_PAGES,
        scoped_fields=(_TAGS_FIELD, _VPC_FIELD),
    ),
    Kind(
        "vpc",
        "/v2/vpcs",
        "vpcs",
        "vpc",
        "vpc",
        LinksWhenSingle.EMPTY_PAGES,
    ),
    Kind(
        "firewall",
        "/v2/firewalls",
        "firewalls",
        "firewall",
        "firewall",
        scoped_fields=(_TAGS_FIELD, _DROPLETS_FIELD),
    ),
    Kind("app", "/v2/apps", "apps", "app", "app", scoped_fields=(_PROJECT_FIELD,)),
    Kind(
        "cdn_endpoint",
        "/v2/cdn/endpoints",
        "endpoints",
        "endpoint",
        "cdn",
        LinksWhenSingle.ABSENT,
    ),
    Kind(
        "spaces_key",
        "/v2/spaces/keys",
        "keys",
        "key",
        "spaces_key",
        filters=(_NAMED,),
    ),
    Kind(
        "ssh_key",
        "/v2/account/keys",
        "ssh_keys",
        "ssh_key",
        "ssh_key",
        also_read_by="fingerprint",
    ),
    Kind("certificate", "/v2/certificates", "certificates", "certificate", "certificate"),
    Kind("size", "/v2/sizes", "sizes", "size", "sizes", readable=False),
    Kind("region", "/v2/regions", "regions", "region", "regions", readable=False),
    Kind("action", "/v2/actions", "actions", "action", "actions", newest_first=True),
)

BY_NAME = {kind.name: kind for kind in KINDS}
