"""The tables of invoices, roll-ups, credit notes and hand-overs."""

from sqlalchemy import Column, LargeBinary, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, DATEMULTIRANGE, JSONB

from services.analytics.tables import table
from services.common.db import tables

__all__ = [
    "credit_note_lines",
    "credit_notes",
    "invoice_documents",
    "invoice_hand_overs",
    "invoice_sequences",
    "one_off_lines",
    "read_cursors",
    "rollup_tenants",
    "rollups",
    "tenant_invoice_lines",
    "tenant_invoice_proofs",
    "tenant_invoices",
]


rollups = table(
    "rollups",
    tables.identifier(),
    tables.days("period"),
    tables.names("key"),
    tables.names("status", default="running"),
    tables.booleans("force", "approval_required"),
    tables.flags("is_planned"),
    tables.words("decision", "decided_by"),
    tables.instants("decided_at", nullable=True),
    tables.words("reason"),
    tables.names("workflow_id", "run_id", "started_by"),
    tables.instants("started_at"),
    tables.instants("finished_at", nullable=True),
    tables.counts("unbilled_deployments", "unbilled_usages", nullable=True),
    tables.numbers("unbilled_cents", nullable=True),
    tables.counts("unbilled_unpriced", nullable=True),
    Column("freshness_notes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    tables.key("id"),
    tables.unique("key"),
    tables.check("period", "extract(day FROM period) = 1"),
    tables.check(
        "status",
        "status IN ('running', 'awaiting_approval', 'issuing', 'completed', 'failed', 'undone')",
    ),
    tables.check("decision", "decision IN ('', 'approve', 'undo')"),
    tables.index("period", "period", "id"),
)

rollup_tenants = table(
    "rollup_tenants",
    tables.reference("rollup_id", "rollups"),
    tables.names("tenant_id"),
    tables.integers("page"),
    tables.names("outcome", default="planned"),
    tables.words("deployment_id", "reason", "message"),
    tables.integers("attempt_count", default=0),
    tables.instants("attempted_at", nullable=True),
    tables.key("rollup_id", "tenant_id"),
    tables.check("outcome", "outcome IN ('planned', 'drafted', 'skipped', 'failed')"),
    tables.index("page", "rollup_id", "page"),
)

tenant_invoices = table(
    "tenant_invoices",
    tables.identifier(),
    tables.names("tenant_id"),
    tables.days("period"),
    tables.reference("rollup_id", "rollups", nullable=True),
    tables.names("kind", default="month"),
    tables.names("status", default="draft"),
    tables.counts("number", nullable=True),
    tables.names("currency"),
    tables.cents("subtotal_cents", "tax_cents", "total_cents"),
    tables.uuids("tax_rule_id"),
    tables.names("tax_label"),
    tables.numbers("tax_rate_percent"),
    tables.integers("line_count"),
    tables.names("lines_hash", "proofs_hash"),
    Column("issuer", JSONB),
    Column("recipient", JSONB),
    tables.days("issued_on", "due_on", nullable=True),
    tables.names("chain_hash", "previous_chain_hash", nullable=True),
    tables.instants("created_at"),
    tables.instants("issued_at", nullable=True),
    tables.days("paid_on", nullable=True),
    tables.instants("paid_at", nullable=True),
    tables.words("payment_reference"),
    tables.instants("voided_at", nullable=True),
    tables.words("voided_by", "void_reason"),
    tables.instants("credited_in_full_at", nullable=True),
    tables.words("purchase_order"),
    tables.key("id"),
    tables.unique("number"),
    tables.check("status", "status IN ('draft', 'issued', 'paid', 'void')"),
    tables.check("period", "extract(day FROM period) = 1"),
    tables.check("total", "total_cents = subtotal_cents + tax_cents"),
    tables.check(
        "issued",
        "CASE WHEN number IS NULL THEN status IN ('draft', 'void')"
        " ELSE status <> 'draft' AND issuer IS NOT NULL AND recipient IS NOT NULL"
        " AND issued_on IS NOT NULL AND due_on IS NOT NULL AND issued_at IS NOT NULL"
        " AND chain_hash IS NOT NULL AND previous_chain_hash IS NOT NULL END",
    ),
    tables.check("paid", "(status = 'paid') = (paid_at IS NOT NULL)"),
    tables.check("void", "(status = 'void') = (voided_at IS NOT NULL)"),
    tables.check("kind", "kind IN ('month', 'one_off')"),
    tables.check("made", "(kind = 'month') = (rollup_id IS NOT NULL)"),
    tables.check("credited", "credited_in_full_at IS NULL OR status IN ('issued', 'paid')"),
    tables.index(
        "once",
        "tenant_id",
        "period",
        "currency",
        unique=True,
        where="status <> 'void' AND kind = 'month' AND credited_in_full_at IS NULL",
    ),
    tables.index("newest", "period", "id"),
    tables.index("tenant", "tenant_id", "period", "id"),
    tables.index("rollup", "rollup_id", "status", "tenant_id"),
    tables.index("due", "due_on", "id", where="status = 'issued'"),
)

tenant_invoice_lines = table(
    "tenant_invoice_lines",
    tables.identifier(),
    tables.reference("invoice_id", "tenant_invoices"),
    tables.names("tenant_id"),
    tables.integers("position"),
    tables.names("kind", "resource_kind", "description"),
    tables.numbers("qty"),
    tables.names("unit"),
    tables.numbers("unit_price_cents"),
    tables.cents("amount_cents"),
    Column("meta", JSONB, nullable=False),
    tables.names("deployment_id", nullable=True),
    tables.days("service_start", "service_end"),
    Column("dimensions", JSONB, nullable=False, server_default=text("'{}'")),
    Column("price_base_qty", Numeric, nullable=False, server_default=text("1")),
    tables.integers("service_days", nullable=True),
    tables.key("id"),
    tables.unique("invoice_id", "position"),
    tables.check(
        "kind",
        "kind IN ('plan_base', 'addon', 'overage', 'ad_hoc', 'rebilled', 'one_off',"
        " 'adjustment', 'tax')",
    ),
    tables.check("deployment", "kind = 'one_off' OR (kind = 'tax') = (deployment_id IS NULL)"),
    tables.check("service", "service_end > service_start"),
    tables.check("base", "price_base_qty > 0"),
)

tenant_invoice_proofs = table(
    "tenant_invoice_proofs",
    tables.reference("invoice_id", "tenant_invoices"),
    tables.names("tenant_id"),
    tables.integers("position"),
    tables.names(
        "deployment_id",
        "subscription_id",
        "inputs_json",
        "inputs_hash",
        "engine_version",
        "result_hash",
    ),
    tables.words("deployment_name"),
    tables.days("service_month", nullable=True),
    Column("covered_days", DATEMULTIRANGE),
    Column("unsold_kinds", ARRAY(Text), nullable=False, server_default="{}"),
    Column("unsold_usage", JSONB, nullable=False, server_default=text("'{}'")),
    tables.key("invoice_id", "position"),
)

read_cursors = table(
    "read_cursors",
    tables.names("name"),
    tables.counts("position"),
    tables.key("name"),
)

invoice_sequences = table(
    "invoice_sequences",
    tables.names("name"),
    tables.counts("next"),
    tables.names("chain_hash"),
    tables.key("name"),
)

credit_notes = table(
    "credit_notes",
    tables.identifier(),
    tables.reference("invoice_id", "tenant_invoices"),
    tables.names("tenant_id"),
    tables.counts("number"),
    tables.cents("subtotal_cents", "tax_cents", "total_cents"),
    tables.names("currency", "reason", "issued_by"),
    tables.instants("issued_at"),
    tables.key("id"),
    tables.unique("number"),
    tables.check("total", "total_cents = subtotal_cents + tax_cents"),
    tables.index("invoice", "invoice_id"),
    tables.index("tenant", "tenant_id", "id"),
)

credit_note_lines = table(
    "credit_note_lines",
    tables.identifier(),
    tables.reference("credit_note_id", "credit_notes", name="note"),
    tables.names("tenant_id"),
    tables.reference("line_id", "tenant_invoice_lines"),
    tables.integers("position"),
    tables.cents("amount_cents"),
    tables.key("id"),
    tables.unique("credit_note_id", "position"),
    tables.index("line", "line_id"),
)

one_off_lines = table(
    "one_off_lines",
    tables.identifier(),
    tables.names("tenant_id"),
    tables.names("deployment_id", nullable=True),
    tables.words("deployment_name"),
    tables.names("description"),
    tables.cents("amount_cents"),
    tables.names("currency", "reason", "added_by"),
    tables.instants("added_at"),
    tables.words("removed_by"),
    tables.instants("removed_at", nullable=True),
    tables.reference("invoice_id", "tenant_invoices", nullable=True, ondelete="SET NULL"),
    tables.key("id"),
    tables.check("amount", "amount_cents <> 0"),
    tables.check("removed", "removed_at IS NULL OR invoice_id IS NULL"),
    tables.index("open", "tenant_id", "id", where="invoice_id IS NULL AND removed_at IS NULL"),
    tables.index("invoice", "invoice_id", where="invoice_id IS NOT NULL"),
    tables.index("tenant", "tenant_id", "id"),
)

invoice_hand_overs = table(
    "invoice_hand_overs",
    tables.serial(),
    tables.names("document", default="invoice"),
    tables.reference("invoice_id", "tenant_invoices"),
    tables.reference("credit_note_id", "credit_notes", name="note", nullable=True),
    tables.names("tenant_id"),
    tables.counts("number"),
    tables.uuids("rollup_id", nullable=True),
    tables.names("status"),
    tables.words("reference"),
    tables.integers("attempt_count", default=0),
    tables.words("reason"),
    tables.instants("delivered_at", nullable=True),
    tables.words("workflow_id", "run_id"),
    tables.instants("started_at", nullable=True),
    tables.instants("updated_at"),
    tables.key("id"),
    tables.unique("credit_note_id", name="note"),
    tables.check("document", "document IN ('invoice', 'credit_note', 'void')"),
    tables.check("note", "(document = 'credit_note') = (credit_note_id IS NOT NULL)"),
    tables.check("status", "status IN ('pending', 'delivered', 'failed', 'not_configured')"),
    tables.check("delivered", "(status = 'delivered') = (delivered_at IS NOT NULL)"),
    tables.index(
        "document", "invoice_id", "document", unique=True, where="document <> 'credit_note'"
    ),
    tables.index("invoice", "invoice_id"),
    tables.index("pending", "id", where="status = 'pending'"),
    tables.index("rollup", "rollup_id", "status", "id"),
)

invoice_documents = table(
    "invoice_documents",
    tables.identifier(),
    tables.names("tenant_id"),
    tables.reference("invoice_id", "tenant_invoices"),
    tables.names("document"),
    tables.uuids("document_id"),
    tables.names("format", "status"),
    tables.cents("credited_cents"),
    Column("content", LargeBinary, nullable=False),
    tables.names("sha256", "renderer"),
    tables.instants("created_at"),
    tables.key("id"),
    tables.unique("document_id", "document", "format", "status", "credited_cents", name="state"),
    tables.check("document", "document IN ('invoice', 'credit_note', 'void')"),
    tables.check("format", "format IN ('pdf', 'html')"),
    tables.check("status", "status IN ('issued', 'paid', 'void')"),
    tables.check("sha256", "sha256 = encode(sha256(content), 'hex')"),
    tables.index("invoice", "invoice_id"),
)
