from decimal import Decimal
from typing import Final

from kinds.access_comparators import database_rules
from kinds.billing import Billing, Product
from kinds.comparators import database_engine, maintenance_window
from kinds.kind import Attr, Columns, Listing, Policy, ResourceKind
from kinds.metering import Measure, MeterRule
from kinds.pricing import DATABASE_SIZES, BySize
from kinds.reducers import in_one_order, trusted_sources, unordered, whole

__all__ = ["CONNECTIONS", "CREDENTIALS", "DATABASE", "DATABASES", "LOGIN"]

DATABASES: Final = Listing("/v2/databases", "databases", "database", counted=False)
"""Not paged, and without a total."""

CONNECTIONS: Final = ("connection", "private_connection")
LOGIN: Final = ("uri", "user", "password")
CREDENTIALS: Final = "database:view_credentials"
USER_SECRETS: Final = ("password", "access_cert", "access_key")

DATABASE: Final = ResourceKind(
    name="database",
    billing=Billing(
        (
            Product("database clusters", ("DATA", "DBAA")),
            Product("databases"),
            Product("managed databases"),
        ),
        ("Databases", "Other (Databases)"),
        "Database Usage",
        also_names=("database_replica",),
        is_group=True,
        is_known_by_id=True,
    ),
    urns=("dbaas",),
    terraform="digitalocean_database_cluster",
    listing=DATABASES,
    columns=Columns(size="size"),
    meters=(
        MeterRule(
            "database_hours",
            {
                "engine": "attrs.engine",
                "size": "size",
                "nodes": "attrs.num_nodes",
                "region": "region",
            },
        ),
        MeterRule(
            "database_storage_gb_month",
            {"engine": "attrs.engine", "region": "region"},
            Measure("storage_size_mib", per_gb=Decimal(1024)),
        ),
    ),
    attrs={
        "engine": Attr(Policy.DESIRED, same=database_engine),
        "version": Attr(Policy.DESIRED),
        "num_nodes": Attr(Policy.DESIRED),
        "storage_size_mib": Attr(Policy.DESIRED),
        "maintenance_window": Attr(Policy.DESIRED, whole, same=maintenance_window),
        "rules": Attr(Policy.DESIRED, trusted_sources, same=database_rules, quiet=True),
        "do_settings": Attr(Policy.DESIRED, whole),
        "private_network_uuid": Attr(Policy.REFERENCE),
        "semantic_version": Attr(Policy.COMPUTED),
        "db_names": Attr(Policy.COMPUTED, unordered),
        "users": Attr(Policy.COMPUTED, in_one_order),
        **{name: Attr(Policy.COMPUTED, whole) for name in CONNECTIONS},
        "version_end_of_life": Attr(Policy.COMPUTED),
        "version_end_of_availability": Attr(Policy.COMPUTED),
    },
    scoped={
        "tags": "tag:read",
        "private_network_uuid": "vpc:read",
        **dict.fromkeys(("users", *CONNECTIONS), CREDENTIALS),
        **{f"{name}.{secret}": CREDENTIALS for name in CONNECTIONS for secret in LOGIN},
        "users.password": CREDENTIALS,
    },
    # The other connections repeat these two with more secrets.
    left_out=frozenset(
        {
            "metrics_endpoints",
            "project_id",
            "schema_registry_connection",
            "standby_connection",
            "standby_private_connection",
            "ui_connection",
        }
    ),
    secrets=frozenset(
        {
            *(f"{name}.{secret}" for name in CONNECTIONS for secret in ("uri", "password")),
            *(f"users.{secret}" for secret in USER_SECRETS),
        }
    ),
    in_flight=frozenset({"creating", "resizing", "migrating", "forking", "upgrading"}),
    monthly_price=BySize(DATABASE_SIZES, times="num_nodes"),
)
