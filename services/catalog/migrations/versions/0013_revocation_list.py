"""The version of the list of revoked tokens, and how many revocations tenants have in all."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# One row. Each write of revocations replaces the version in its transaction. A random value is
# never one that a service has seen, also after a backup is restored.
LIST = """
CREATE TABLE token_revocation_list (
    one     boolean NOT NULL,
    version uuid    NOT NULL,
    CONSTRAINT token_revocation_list_pkey PRIMARY KEY (one),
    CONSTRAINT token_revocation_list_one_check CHECK (one)
);
INSERT INTO token_revocation_list VALUES (true, gen_random_uuid());
GRANT SELECT, UPDATE ON token_revocation_list TO catalog;
ALTER TABLE token_revocation_list ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybodys ON token_revocation_list TO catalog USING (true);
"""

# With the rights of its owner, because a tenant's session sees the rows of the tenant only.
COUNT = """
CREATE FUNCTION count_revocations_of_tenants(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT count(*) FROM token_revocations AS r WHERE r.tenant_id <> '' AND r.ends_at > at $$;
REVOKE ALL ON FUNCTION count_revocations_of_tenants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION count_revocations_of_tenants TO catalog;
"""


def upgrade() -> None:
    op.execute(LIST)
    op.execute(COUNT)
