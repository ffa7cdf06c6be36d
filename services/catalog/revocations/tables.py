"""The table of revocations of tokens."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from services.catalog import tables as columns
from services.catalog.tables import metadata

__all__ = ["token_revocations"]

token_revocations = Table(
    "token_revocations",
    metadata,
    columns.identifier(),
    columns.words("tenant_id"),
    columns.words("subject"),
    columns.words("token_id"),
    columns.words("reason"),
    columns.name("revoked_by"),
    columns.instant("revoked_at"),
    columns.instant("ends_at"),
    PrimaryKeyConstraint("id", name="token_revocations_pkey"),
    UniqueConstraint("tenant_id", "subject", "token_id", name="token_revocations_target_key"),
    CheckConstraint(
        "tenant_id <> '' OR subject <> '' OR token_id <> ''", name="token_revocations_target_check"
    ),
    Index("token_revocations_ends_at_idx", "ends_at"),
)
