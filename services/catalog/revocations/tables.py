"""The tables of revocations of tokens."""

from services.catalog.tables import table
from services.common.db.tables import (
    booleans,
    check,
    identifier,
    index,
    instants,
    key,
    names,
    unique,
    uuids,
    words,
)

__all__ = ["token_revocation_list", "token_revocations"]

token_revocations = table(
    "token_revocations",
    identifier(),
    words("tenant_id", "subject", "token_id", "reason"),
    names("revoked_by"),
    instants("revoked_at", "ends_at"),
    key("id"),
    unique("tenant_id", "subject", "token_id", name="target"),
    check("target", "tenant_id <> '' OR subject <> '' OR token_id <> ''"),
    index("ends_at", "ends_at"),
)

token_revocation_list = table(
    "token_revocation_list", booleans("one"), uuids("version"), key("one"), check("one", "one")
)
