"""API keys, of which a hash is kept, and revocations of tokens."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Whose a key is and what it may do never changes: the service itself may not write it again.
KEYS = """
CREATE TABLE api_keys (
    id               uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id        text,
    name             text        NOT NULL,
    roles            text[]      NOT NULL,
    may_create_keys  boolean     NOT NULL DEFAULT false,
    secret_hash      bytea       NOT NULL,
    previous_hash    bytea,
    previous_ends_at timestamptz,
    created_at       timestamptz NOT NULL,
    created_by       text        NOT NULL,
    ends_at          timestamptz NOT NULL,
    rotated_at       timestamptz,
    last_used_at     timestamptz,
    revoked_at       timestamptz,
    revoked_by       text        NOT NULL DEFAULT '',
    revoked_reason   text        NOT NULL DEFAULT '',
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_hashes_check
        CHECK (octet_length(secret_hash) = 32 AND octet_length(previous_hash) = 32),
    CONSTRAINT api_keys_previous_check
        CHECK ((previous_hash IS NULL) = (previous_ends_at IS NULL)),
    CONSTRAINT api_keys_roles_check CHECK (tenant_id IS NULL OR roles::text !~ 'platform-')
);
CREATE INDEX api_keys_tenant_idx ON api_keys (tenant_id, id);
GRANT SELECT, INSERT ON api_keys TO catalog;
GRANT UPDATE (secret_hash, previous_hash, previous_ends_at, ends_at, rotated_at, last_used_at,
              revoked_at, revoked_by, revoked_reason) ON api_keys TO catalog;

-- A revoked key stays revoked.
CREATE FUNCTION refuse_restoring_keys() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: a revoked key stays as it is', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER revoked BEFORE UPDATE ON api_keys FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL AND (to_jsonb(OLD) - 'last_used_at')
          IS DISTINCT FROM (to_jsonb(NEW) - 'last_used_at'))
    EXECUTE FUNCTION refuse_restoring_keys();
ALTER TABLE api_keys ENABLE ALWAYS TRIGGER revoked;
"""

REVOCATIONS = """
CREATE TABLE token_revocations (
    id         uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id  text        NOT NULL DEFAULT '',
    subject    text        NOT NULL DEFAULT '',
    token_id   text        NOT NULL DEFAULT '',
    reason     text        NOT NULL DEFAULT '',
    revoked_by text        NOT NULL,
    revoked_at timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    CONSTRAINT token_revocations_pkey PRIMARY KEY (id),
    CONSTRAINT token_revocations_target_key UNIQUE (tenant_id, subject, token_id),
    CONSTRAINT token_revocations_target_check
        CHECK (tenant_id <> '' OR subject <> '' OR token_id <> '')
);
CREATE INDEX token_revocations_ends_at_idx ON token_revocations (ends_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON token_revocations TO catalog;
"""

OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""


def upgrade() -> None:
    op.execute(KEYS)
    op.execute(REVOCATIONS)
    for table in ("api_keys", "token_revocations"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {table} TO catalog USING ({OF_TENANT})")
