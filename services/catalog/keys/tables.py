"""The table of API keys."""

from sqlalchemy import Column, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY

from services.catalog.tables import table
from services.common.db.tables import check, flags, identifier, index, instants, key, names, words

__all__ = ["api_keys"]

api_keys = table(
    "api_keys",
    identifier(),
    names("tenant_id", nullable=True),
    names("name"),
    Column("roles", ARRAY(Text), nullable=False),
    flags("may_create_keys"),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary),
    instants("previous_ends_at", nullable=True),
    instants("created_at"),
    names("created_by"),
    instants("ends_at"),
    instants("rotated_at", "last_used_at", "revoked_at", nullable=True),
    words("revoked_by", "revoked_reason"),
    key("id"),
    check("hashes", "octet_length(secret_hash) = 32 AND octet_length(previous_hash) = 32"),
    check("previous", "(previous_hash IS NULL) = (previous_ends_at IS NULL)"),
    check("roles", "tenant_id IS NULL OR roles::text !~ 'platform-'"),
    index("tenant", "tenant_id", "id"),
    index("created_by", "created_by"),
)
