"""Documents as they were first rendered, and the purchase order that an invoice quotes."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# One file for each state of a document: an invoice that was paid or credited says so, and what
# it was before stays. Compressed already, so not a second time.
DOCUMENTS = """
CREATE TABLE invoice_documents (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id      text        NOT NULL,
    invoice_id     uuid        NOT NULL,
    document       text        NOT NULL,
    document_id    uuid        NOT NULL,
    format         text        NOT NULL,
    status         text        NOT NULL,
    credited_cents bigint      NOT NULL,
    content        bytea       NOT NULL,
    sha256         text        NOT NULL,
    renderer       text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT invoice_documents_pkey PRIMARY KEY (id),
    CONSTRAINT invoice_documents_state_key
        UNIQUE (document_id, document, format, status, credited_cents),
    CONSTRAINT invoice_documents_invoice_fkey
        FOREIGN KEY (invoice_id) REFERENCES tenant_invoices (id),
    CONSTRAINT invoice_documents_document_check
        CHECK (document IN ('invoice', 'credit_note', 'void')),
    CONSTRAINT invoice_documents_format_check CHECK (format IN ('pdf', 'html')),
    CONSTRAINT invoice_documents_status_check CHECK (status IN ('issued', 'paid', 'void')),
    CONSTRAINT invoice_documents_sha256_check CHECK (sha256 = encode(sha256(content), 'hex'))
);
ALTER TABLE invoice_documents ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX invoice_documents_invoice_idx ON invoice_documents (invoice_id);
GRANT SELECT, INSERT ON invoice_documents TO analytics;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoice_documents
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_invoices();
ALTER TABLE invoice_documents ENABLE ALWAYS TRIGGER append_only;
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON invoice_documents
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_invoices();
ALTER TABLE invoice_documents ENABLE ALWAYS TRIGGER never_truncated;

ALTER TABLE invoice_documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON invoice_documents TO analytics USING (
    CASE (SELECT current_setting('arcadia.scope', true))
        WHEN 'all' THEN true
        ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
    END
);
"""

# Of what was issued before it stays empty, as the chain of hashes has it.
PURCHASE_ORDERS = """
ALTER TABLE billing_profiles ADD COLUMN purchase_order text NOT NULL DEFAULT '';
ALTER TABLE tenant_invoices ADD COLUMN purchase_order text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    op.execute(DOCUMENTS)
    op.execute(PURCHASE_ORDERS)
