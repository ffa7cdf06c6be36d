"""Tenant invoices and what makes them: profiles, tax rules, roll-ups, numbers, credit notes.

Written as SQL for row-level security, rights and immutability. A draft may be replaced; what
was issued is refused by the database itself, whoever asks: only its status moves on.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PROFILES = """
CREATE TABLE billing_profiles (
    tenant_id     text        NOT NULL,
    name          text        NOT NULL,
    abn           text        NOT NULL,
    address_lines text[]      NOT NULL,
    email         text        NOT NULL,
    tax_region    text        NOT NULL,
    updated_by    text        NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT billing_profiles_pkey PRIMARY KEY (tenant_id)
);
GRANT SELECT, INSERT, UPDATE ON billing_profiles TO analytics;

CREATE TABLE tax_rules (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    tax_region     text        NOT NULL,
    label          text        NOT NULL,
    rate_percent   numeric     NOT NULL,
    effective_from date        NOT NULL,
    effective_to   date,
    created_by     text        NOT NULL,
    created_at     timestamptz NOT NULL,
    CONSTRAINT tax_rules_pkey PRIMARY KEY (id),
    CONSTRAINT tax_rules_rate_check CHECK (rate_percent BETWEEN 0 AND 100),
    CONSTRAINT tax_rules_span_check CHECK (effective_to > effective_from),
    CONSTRAINT tax_rules_no_overlap EXCLUDE USING gist (
        tax_region WITH =, daterange(effective_from, effective_to) WITH &&)
);
GRANT SELECT, INSERT, UPDATE (effective_to) ON tax_rules TO analytics;
INSERT INTO tax_rules
    (tax_region, label, rate_percent, effective_from, created_by, created_at)
VALUES ('AU', 'GST', 10, '2000-07-01', 'arcadia', now());
"""

ROLLUPS = """
CREATE TABLE rollups (
    id                uuid        NOT NULL DEFAULT uuidv7(),
    period            date        NOT NULL,
    key               text        NOT NULL,
    status            text        NOT NULL DEFAULT 'running',
    force             boolean     NOT NULL,
    approval_required boolean     NOT NULL,
    is_planned        boolean     NOT NULL DEFAULT false,
    decision          text        NOT NULL DEFAULT '',
    decided_by        text        NOT NULL DEFAULT '',
    decided_at        timestamptz,
    reason            text        NOT NULL DEFAULT '',
    workflow_id       text        NOT NULL,
    run_id            text        NOT NULL,
    started_by        text        NOT NULL,
    started_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    CONSTRAINT rollups_pkey PRIMARY KEY (id),
    CONSTRAINT rollups_key_key UNIQUE (key),
    CONSTRAINT rollups_period_check CHECK (extract(day FROM period) = 1),
    CONSTRAINT rollups_status_check CHECK (status IN
        ('running', 'awaiting_approval', 'issuing', 'completed', 'failed', 'undone')),
    CONSTRAINT rollups_decision_check CHECK (decision IN ('', 'approve', 'undo'))
);
CREATE INDEX rollups_period_idx ON rollups (period, id);
GRANT SELECT, INSERT, UPDATE ON rollups TO analytics;

-- What a roll-up does for each tenant: planned first, so that nobody is lost between pages.
CREATE TABLE rollup_tenants (
    rollup_id     uuid        NOT NULL,
    tenant_id     text        NOT NULL,
    page          integer     NOT NULL,
    outcome       text        NOT NULL DEFAULT 'planned',
    deployment_id text        NOT NULL DEFAULT '',
    reason        text        NOT NULL DEFAULT '',
    message       text        NOT NULL DEFAULT '',
    attempt_count integer     NOT NULL DEFAULT 0,
    attempted_at  timestamptz,
    CONSTRAINT rollup_tenants_pkey PRIMARY KEY (rollup_id, tenant_id),
    CONSTRAINT rollup_tenants_rollup_fkey FOREIGN KEY (rollup_id) REFERENCES rollups (id),
    CONSTRAINT rollup_tenants_outcome_check
        CHECK (outcome IN ('planned', 'drafted', 'skipped', 'failed'))
);
CREATE INDEX rollup_tenants_page_idx ON rollup_tenants (rollup_id, page);
GRANT SELECT, INSERT, UPDATE ON rollup_tenants TO analytics;
"""

INVOICES = """
CREATE TABLE tenant_invoices (
    id                  uuid        NOT NULL DEFAULT uuidv7(),
    tenant_id           text        NOT NULL,
    period              date        NOT NULL,
    rollup_id           uuid        NOT NULL,
    status              text        NOT NULL DEFAULT 'draft',
    number              bigint,
    currency            text        NOT NULL,
    subtotal_cents      bigint      NOT NULL,
    tax_cents           bigint      NOT NULL,
    total_cents         bigint      NOT NULL,
    tax_rule_id         uuid        NOT NULL,
    tax_label           text        NOT NULL,
    tax_rate_percent    numeric     NOT NULL,
    line_count          integer     NOT NULL,
    lines_hash          text        NOT NULL,
    proofs_hash         text        NOT NULL,
    issuer              jsonb,
    recipient           jsonb,
    issued_on           date,
    due_on              date,
    chain_hash          text,
    previous_chain_hash text,
    created_at          timestamptz NOT NULL,
    issued_at           timestamptz,
    paid_on             date,
    paid_at             timestamptz,
    payment_reference   text        NOT NULL DEFAULT '',
    voided_at           timestamptz,
    voided_by           text        NOT NULL DEFAULT '',
    void_reason         text        NOT NULL DEFAULT '',
    CONSTRAINT tenant_invoices_pkey PRIMARY KEY (id),
    CONSTRAINT tenant_invoices_number_key UNIQUE (number),
    CONSTRAINT tenant_invoices_rollup_fkey FOREIGN KEY (rollup_id) REFERENCES rollups (id),
    CONSTRAINT tenant_invoices_status_check
        CHECK (status IN ('draft', 'issued', 'paid', 'void')),
    CONSTRAINT tenant_invoices_period_check CHECK (extract(day FROM period) = 1),
    CONSTRAINT tenant_invoices_total_check CHECK (total_cents = subtotal_cents + tax_cents),
    CONSTRAINT tenant_invoices_issued_check CHECK (
        CASE WHEN number IS NULL THEN status IN ('draft', 'void')
        ELSE status <> 'draft' AND issuer IS NOT NULL AND recipient IS NOT NULL
             AND issued_on IS NOT NULL AND due_on IS NOT NULL AND issued_at IS NOT NULL
             AND chain_hash IS NOT NULL AND previous_chain_hash IS NOT NULL END),
    CONSTRAINT tenant_invoices_paid_check CHECK ((status = 'paid') = (paid_at IS NOT NULL)),
    CONSTRAINT tenant_invoices_void_check CHECK ((status = 'void') = (voided_at IS NOT NULL))
);
CREATE UNIQUE INDEX tenant_invoices_once_idx
    ON tenant_invoices (tenant_id, period) WHERE status <> 'void';
CREATE INDEX tenant_invoices_newest_idx ON tenant_invoices (period, id);
CREATE INDEX tenant_invoices_tenant_idx ON tenant_invoices (tenant_id, period, id);
CREATE INDEX tenant_invoices_rollup_idx ON tenant_invoices (rollup_id, status, tenant_id);
CREATE INDEX tenant_invoices_due_idx ON tenant_invoices (due_on, id) WHERE status = 'issued';
GRANT SELECT, INSERT, UPDATE, DELETE, MAINTAIN ON tenant_invoices TO analytics;

CREATE TABLE tenant_invoice_lines (
    id               uuid    NOT NULL DEFAULT uuidv7(),
    invoice_id       uuid    NOT NULL,
    tenant_id        text    NOT NULL,
    position         integer NOT NULL,
    kind             text    NOT NULL,
    resource_kind    text    NOT NULL,
    description      text    NOT NULL,
    qty              numeric NOT NULL,
    unit             text    NOT NULL,
    unit_price_cents numeric NOT NULL,
    amount_cents     bigint  NOT NULL,
    meta             jsonb   NOT NULL,
    deployment_id    text,
    service_start    date    NOT NULL,
    service_end      date    NOT NULL,
    CONSTRAINT tenant_invoice_lines_pkey PRIMARY KEY (id),
    CONSTRAINT tenant_invoice_lines_position_key UNIQUE (invoice_id, position),
    CONSTRAINT tenant_invoice_lines_invoice_fkey
        FOREIGN KEY (invoice_id) REFERENCES tenant_invoices (id),
    CONSTRAINT tenant_invoice_lines_kind_check CHECK (kind IN
        ('plan_base', 'addon', 'overage', 'ad_hoc', 'adjustment', 'tax')),
    CONSTRAINT tenant_invoice_lines_deployment_check
        CHECK ((kind = 'tax') = (deployment_id IS NULL)),
    CONSTRAINT tenant_invoice_lines_service_check CHECK (service_end > service_start)
);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON tenant_invoice_lines TO analytics;

-- What each part of an invoice was computed from, frozen; the tax has no deployment.
CREATE TABLE tenant_invoice_proofs (
    invoice_id      uuid    NOT NULL,
    tenant_id       text    NOT NULL,
    position        integer NOT NULL,
    deployment_id   text    NOT NULL,
    subscription_id text    NOT NULL,
    inputs_json     text    NOT NULL,
    inputs_hash     text    NOT NULL,
    engine_version  text    NOT NULL,
    result_hash     text    NOT NULL,
    CONSTRAINT tenant_invoice_proofs_pkey PRIMARY KEY (invoice_id, position),
    CONSTRAINT tenant_invoice_proofs_invoice_fkey
        FOREIGN KEY (invoice_id) REFERENCES tenant_invoices (id)
);
GRANT SELECT, INSERT, DELETE, MAINTAIN ON tenant_invoice_proofs TO analytics;
"""

# The next number of each sequence, and the end of its chain: one row is locked while a
# block is issued, and never while anything is computed or fetched.
SEQUENCES = """
CREATE TABLE invoice_sequences (
    name       text   NOT NULL,
    next       bigint NOT NULL,
    chain_hash text   NOT NULL,
    CONSTRAINT invoice_sequences_pkey PRIMARY KEY (name)
);
INSERT INTO invoice_sequences (name, next, chain_hash)
VALUES ('invoice', 1, repeat('0', 64)), ('credit_note', 1, '');
GRANT SELECT, UPDATE ON invoice_sequences TO analytics;
"""

CREDIT_NOTES = """
CREATE TABLE credit_notes (
    id             uuid        NOT NULL DEFAULT uuidv7(),
    invoice_id     uuid        NOT NULL,
    tenant_id      text        NOT NULL,
    number         bigint      NOT NULL,
    subtotal_cents bigint      NOT NULL,
    tax_cents      bigint      NOT NULL,
    total_cents    bigint      NOT NULL,
    currency       text        NOT NULL,
    reason         text        NOT NULL,
    issued_by      text        NOT NULL,
    issued_at      timestamptz NOT NULL,
    CONSTRAINT credit_notes_pkey PRIMARY KEY (id),
    CONSTRAINT credit_notes_number_key UNIQUE (number),
    CONSTRAINT credit_notes_invoice_fkey
        FOREIGN KEY (invoice_id) REFERENCES tenant_invoices (id),
    CONSTRAINT credit_notes_total_check CHECK (total_cents = subtotal_cents + tax_cents)
);
CREATE INDEX credit_notes_invoice_idx ON credit_notes (invoice_id);
CREATE INDEX credit_notes_tenant_idx ON credit_notes (tenant_id, id);
GRANT SELECT, INSERT ON credit_notes TO analytics;

CREATE TABLE credit_note_lines (
    id             uuid    NOT NULL DEFAULT uuidv7(),
    credit_note_id uuid    NOT NULL,
    tenant_id      text    NOT NULL,
    line_id        uuid    NOT NULL,
    position       integer NOT NULL,
    amount_cents   bigint  NOT NULL,
    CONSTRAINT credit_note_lines_pkey PRIMARY KEY (id),
    CONSTRAINT credit_note_lines_position_key UNIQUE (credit_note_id, position),
    CONSTRAINT credit_note_lines_note_fkey
        FOREIGN KEY (credit_note_id) REFERENCES credit_notes (id),
    CONSTRAINT credit_note_lines_line_fkey
        FOREIGN KEY (line_id) REFERENCES tenant_invoice_lines (id)
);
CREATE INDEX credit_note_lines_line_idx ON credit_note_lines (line_id);
GRANT SELECT, INSERT ON credit_note_lines TO analytics;
"""

HAND_OVERS = """
CREATE TABLE invoice_hand_overs (
    invoice_id    uuid        NOT NULL,
    tenant_id     text        NOT NULL,
    number        bigint      NOT NULL,
    rollup_id     uuid        NOT NULL,
    status        text        NOT NULL,
    reference     text        NOT NULL DEFAULT '',
    attempt_count integer     NOT NULL DEFAULT 0,
    reason        text        NOT NULL DEFAULT '',
    delivered_at  timestamptz,
    workflow_id   text        NOT NULL DEFAULT '',
    run_id        text        NOT NULL DEFAULT '',
    started_at    timestamptz,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT invoice_hand_overs_pkey PRIMARY KEY (invoice_id),
    CONSTRAINT invoice_hand_overs_invoice_fkey
        FOREIGN KEY (invoice_id) REFERENCES tenant_invoices (id),
    CONSTRAINT invoice_hand_overs_status_check
        CHECK (status IN ('pending', 'delivered', 'failed', 'not_configured')),
    CONSTRAINT invoice_hand_overs_delivered_check
        CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX invoice_hand_overs_pending_idx
    ON invoice_hand_overs (number) WHERE status = 'pending';
CREATE INDEX invoice_hand_overs_rollup_idx ON invoice_hand_overs (rollup_id, status, number);
GRANT SELECT, INSERT, UPDATE ON invoice_hand_overs TO analytics;
"""

# Always, so that not even a session in the role of a replica gets past them.
IMMUTABILITY = """
CREATE FUNCTION refuse_rewriting_invoices() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: what was issued is never rewritten', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION keep_issued_invoices() RETURNS trigger
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
    RAISE EXCEPTION '% on invoice %: it is %, and never rewritten', TG_OP, OLD.id, OLD.status
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_issued BEFORE UPDATE OR DELETE ON tenant_invoices
    FOR EACH ROW EXECUTE FUNCTION keep_issued_invoices();
ALTER TABLE tenant_invoices ENABLE ALWAYS TRIGGER keep_issued;

-- Once a statement, not once a row: a page of drafts has thousands of lines.
CREATE FUNCTION keep_issued_parts() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM touched JOIN public.tenant_invoices AS invoice
               ON invoice.id = touched.invoice_id WHERE invoice.status <> 'draft') THEN
        RAISE EXCEPTION '% on %: what was issued is never rewritten', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""


def keep_parts(table: str) -> str:
    """The triggers of a table whose rows are parts of an invoice."""
    return f"""
CREATE TRIGGER keep_issued_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION keep_issued_parts();
CREATE TRIGGER keep_issued_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION keep_issued_parts();
CREATE TRIGGER never_updated BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_invoices();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER keep_issued_insert;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER keep_issued_delete;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER never_updated;
"""


def append_only(table: str) -> str:
    """The trigger of a table whose rows never change."""
    return f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_invoices();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
"""


def never_truncated(table: str) -> str:
    """The trigger that refuses to empty a table."""
    return f"""
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_invoices();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER never_truncated;
"""


PARTS = ("tenant_invoice_lines", "tenant_invoice_proofs")
NOTES = ("credit_notes", "credit_note_lines")

# See the inventory's 0001: the setting is read once a statement, and the planner not misled.
OF_TENANT = """
CASE (SELECT current_setting('arcadia.scope', true))
    WHEN 'all' THEN true
    ELSE tenant_id = (SELECT nullif(current_setting('arcadia.tenant', true), ''))
END
"""
OF_OPERATOR = """
CASE (SELECT current_setting('arcadia.scope', true)) WHEN 'all' THEN true ELSE false END
"""

POLICIES = {
    "billing_profiles": OF_TENANT,
    "tenant_invoices": OF_TENANT,
    "tenant_invoice_lines": OF_TENANT,
    "tenant_invoice_proofs": OF_TENANT,
    "credit_notes": OF_TENANT,
    "credit_note_lines": OF_TENANT,
    "invoice_hand_overs": OF_TENANT,
    "tax_rules": OF_OPERATOR,
    "rollups": OF_OPERATOR,
    "rollup_tenants": OF_OPERATOR,
    "invoice_sequences": OF_OPERATOR,
}


def upgrade() -> None:
    for statements in (PROFILES, ROLLUPS, INVOICES, SEQUENCES, CREDIT_NOTES, HAND_OVERS):
        op.execute(statements)
    op.execute(IMMUTABILITY)
    for table in PARTS:
        op.execute(keep_parts(table))
    for table in NOTES:
        op.execute(append_only(table))
    for table in ("tenant_invoices", *PARTS, *NOTES):
        op.execute(never_truncated(table))
    for table, visible in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY visible ON {table} TO analytics USING ({visible})")
