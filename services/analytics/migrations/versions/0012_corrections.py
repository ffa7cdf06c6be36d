"""One-off lines and invoices; invoices credited in full; credit notes and voids are handed over.

An invoice that was credited in full frees its month, as a void one does. That it was is kept
with it, once its notes add up to its total: nothing else of an issued invoice ever changes.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INVOICES = """
ALTER TABLE tenant_invoices
    ADD COLUMN kind text NOT NULL DEFAULT 'month',
    ADD COLUMN credited_in_full_at timestamptz,
    ALTER COLUMN rollup_id DROP NOT NULL,
    ADD CONSTRAINT tenant_invoices_kind_check CHECK (kind IN ('month', 'one_off')),
    ADD CONSTRAINT tenant_invoices_made_check
        CHECK ((kind = 'month') = (rollup_id IS NOT NULL)),
    ADD CONSTRAINT tenant_invoices_credited_check
        CHECK (credited_in_full_at IS NULL OR status IN ('issued', 'paid'));

CREATE OR REPLACE FUNCTION keep_issued_invoices() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    moving CONSTANT text[] := ARRAY['status', 'paid_on', 'paid_at', 'payment_reference',
                                    'voided_at', 'voided_by', 'void_reason'];
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'issued' AND NEW.status IN ('paid', 'void')
       AND to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status IN ('issued', 'paid')
       AND OLD.credited_in_full_at IS NULL AND NEW.credited_in_full_at IS NOT NULL
       AND to_jsonb(NEW) - 'credited_in_full_at' = to_jsonb(OLD) - 'credited_in_full_at'
       AND OLD.total_cents = (SELECT sum(total_cents) FROM public.credit_notes
                              WHERE invoice_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on invoice %: it is %, and never rewritten', TG_OP, OLD.id, OLD.status
        USING ERRCODE = 'restrict_violation';
END $$;

UPDATE tenant_invoices AS invoice SET credited_in_full_at = credited.at
FROM (SELECT invoice_id, sum(total_cents) AS total, max(issued_at) AS at
      FROM credit_notes GROUP BY 1) AS credited
WHERE credited.invoice_id = invoice.id AND invoice.status IN ('issued', 'paid')
  AND credited.total = invoice.total_cents;

DROP INDEX tenant_invoices_once_idx;
CREATE UNIQUE INDEX tenant_invoices_once_idx ON tenant_invoices (tenant_id, period, currency)
    WHERE status <> 'void' AND kind = 'month' AND credited_in_full_at IS NULL;
"""

LINES = """
ALTER TABLE tenant_invoice_lines
    DROP CONSTRAINT tenant_invoice_lines_kind_check,
    DROP CONSTRAINT tenant_invoice_lines_deployment_check,
    ADD CONSTRAINT tenant_invoice_lines_kind_check CHECK (kind IN
        ('plan_base', 'addon', 'overage', 'ad_hoc', 'rebilled', 'one_off', 'adjustment', 'tax')),
    ADD CONSTRAINT tenant_invoice_lines_deployment_check
        CHECK (kind = 'one_off' OR (kind = 'tax') = (deployment_id IS NULL));
"""

# What was added is never rewritten: it waits, it is billed, or it was removed.
ONE_OFF_LINES = """
CREATE TABLE one_off_lines (
    id              uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id       text        NOT NULL,
    deployment_id   text,
    deployment_name text        NOT NULL DEFAULT '',
    description     text        NOT NULL,
    amount_cents    bigint      NOT NULL,
    currency        text        NOT NULL,
    reason          text        NOT NULL,
    added_by        text        NOT NULL,
    added_at        timestamptz NOT NULL,
    removed_by      text        NOT NULL DEFAULT '',
    removed_at      timestamptz,
    invoice_id      uuid,
    CONSTRAINT one_off_lines_pkey PRIMARY KEY (id),
    CONSTRAINT one_off_lines_amount_check CHECK (amount_cents <> 0),
    CONSTRAINT one_off_lines_removed_check CHECK (removed_at IS NULL OR invoice_id IS NULL),
    -- A draft that is replaced is deleted: its lines are pending again.
    CONSTRAINT one_off_lines_invoice_fkey
        FOREIGN KEY (invoice_id) REFERENCES tenant_invoices (id) ON DELETE SET NULL
);
CREATE INDEX one_off_lines_open_idx
    ON one_off_lines (tenant_id, id) WHERE invoice_id IS NULL AND removed_at IS NULL;
CREATE INDEX one_off_lines_invoice_idx
    ON one_off_lines (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX one_off_lines_tenant_idx ON one_off_lines (tenant_id, id);
GRANT SELECT, INSERT, UPDATE (invoice_id, removed_by, removed_at) ON one_off_lines TO analytics;
"""

HAND_OVERS = """
ALTER TABLE invoice_hand_overs
    DROP CONSTRAINT invoice_hand_overs_pkey,
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN document text NOT NULL DEFAULT 'invoice',
    ADD COLUMN credit_note_id uuid,
    ALTER COLUMN rollup_id DROP NOT NULL,
    ADD CONSTRAINT invoice_hand_overs_pkey PRIMARY KEY (id),
    ADD CONSTRAINT invoice_hand_overs_note_key UNIQUE (credit_note_id),
    ADD CONSTRAINT invoice_hand_overs_document_check
        CHECK (document IN ('invoice', 'credit_note', 'void')),
    ADD CONSTRAINT invoice_hand_overs_note_check
        CHECK ((document = 'credit_note') = (credit_note_id IS NOT NULL)),
    ADD CONSTRAINT invoice_hand_overs_note_fkey
        FOREIGN KEY (credit_note_id) REFERENCES credit_notes (id);
CREATE UNIQUE INDEX invoice_hand_overs_document_idx
    ON invoice_hand_overs (invoice_id, document) WHERE document <> 'credit_note';
CREATE INDEX invoice_hand_overs_invoice_idx ON invoice_hand_overs (invoice_id);
DROP INDEX invoice_hand_overs_pending_idx;
CREATE INDEX invoice_hand_overs_pending_idx ON invoice_hand_overs (id) WHERE status = 'pending';
DROP INDEX invoice_hand_overs_rollup_idx;
CREATE INDEX invoice_hand_overs_rollup_idx ON invoice_hand_overs (rollup_id, status, id);
"""

# See the inventory's 0001: the setting is read once a statement, and the planner not misled.
OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""


def upgrade() -> None:
    for statements in (INVOICES, LINES, ONE_OFF_LINES, HAND_OVERS):
        op.execute(statements)
    op.execute("ALTER TABLE one_off_lines ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY visible ON one_off_lines TO analytics USING ({OF_TENANT})")
