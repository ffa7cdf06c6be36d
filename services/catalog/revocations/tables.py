"""The tables of revocations of tokens."""

from services.catalog.tables import table
from services.common.db import tables

__all__ = ["token_revocation_list", "token_revocations"]

token_revocations = table(
    "token_revocations",
    tables.identifier(),
    tables.words("tenant_id", "subject", "token_id", "reason"),
    tables.names("revoked_by"),
    tables.instants("revoked_at", "ends_at"),
    tables.key("id"),
    tables.unique("tenant_id", "subject", "token_id", name="target"),
    tables.check("target", "tenant_id <> '' OR subject <> '' OR token_id <> ''"),
    tables.index("ends_at", "ends_at"),
)

token_revocation_list = table(
    "token_revocation_list",
    tables.booleans("one"),
    tables.uuids("version"),
    tables.key("one"),
    tables.check("one", "one"),
)
