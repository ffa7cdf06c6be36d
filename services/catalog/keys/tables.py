"""The table of API keys."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.catalog import tables as columns
from services.catalog.tables import metadata

__all__ = ["api_keys"]

api_keys = Table(
    "api_keys",
    metadata,
    columns.identifier(),
    Column("tenant_id", Text),
    columns.name("name"),
    Column("roles", ARRAY(Text), nullable=False),
    columns.flag("may_create_keys"),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary),
    columns.instant("previous_ends_at", nullable=True),
    columns.instant("created_at"),
    columns.name("created_by"),
    columns.instant("ends_at"),
    columns.instant("rotated_at", nullable=True),
    columns.instant("last_used_at", nullable=True),
    columns.instant("revoked_at", nullable=True),
    columns.words("revoked_by"),
    columns.words("revoked_reason"),
    PrimaryKeyConstraint("id", name="api_keys_pkey"),
    CheckConstraint(
        "octet_length(secret_hash) = 32 AND octet_length(previous_hash) = 32",
        name="api_keys_hashes_check",
    ),
    CheckConstraint(
        "(previous_hash IS NULL) = (previous_ends_at IS NULL)", name="api_keys_previous_check"
    ),
    CheckConstraint("tenant_id IS NULL OR roles::text !~ 'platform-'", name="api_keys_roles_check"),
    Index("api_keys_tenant_idx", "tenant_id", "id"),
)
