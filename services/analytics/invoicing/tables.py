"""The tables of invoices, roll-ups, credit notes and hand-overs."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATEMULTIRANGE, JSONB

from services.analytics.tables import metadata
from services.common.db.columns import identifier, instant, names, number

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


def _cents(*names: str) -> list[Column[int]]:
    """Whole cents."""
    return [Column(name, BigInteger, nullable=False) for name in names]


def _words(*names: str) -> list[Column[str]]:
    """Text columns that are empty by default."""
    return [Column(name, Text, nullable=False, server_default="") for name in names]


rollups = Table(
    "rollups",
    metadata,
    identifier(),
    Column("period", Date, nullable=False),
    *names("key"),
    Column("status", Text, nullable=False, server_default="running"),
    Column("force", Boolean, nullable=False),
    Column("approval_required", Boolean, nullable=False),
    Column("is_planned", Boolean, nullable=False, server_default=text("false")),
    *_words("decision", "decided_by"),
    instant("decided_at", nullable=True),
    *_words("reason"),
    *names("workflow_id", "run_id", "started_by"),
    instant("started_at"),
    instant("finished_at", nullable=True),
    Column("unbilled_deployments", BigInteger),
    Column("unbilled_usages", BigInteger),
    Column("unbilled_cents", Numeric),
    Column("unbilled_unpriced", BigInteger),
    Column("freshness_notes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("id", name="rollups_pkey"),
    UniqueConstraint("key", name="rollups_key_key"),
    CheckConstraint("extract(day FROM period) = 1", name="rollups_period_check"),
    CheckConstraint(
        "status IN ('running', 'awaiting_approval', 'issuing', 'completed', 'failed', 'undone')",
        name="rollups_status_check",
    ),
    CheckConstraint("decision IN ('', 'approve', 'undo')", name="rollups_decision_check"),
    Index("rollups_period_idx", "period", "id"),
)

rollup_tenants = Table(
    "rollup_tenants",
    metadata,
    Column("rollup_id", Uuid, nullable=False),
    *names("tenant_id"),
    Column("page", Integer, nullable=False),
    Column("outcome", Text, nullable=False, server_default="planned"),
    *_words("deployment_id", "reason", "message"),
    Column("attempt_count", Integer, nullable=False, server_default=text("0")),
    instant("attempted_at", nullable=True),
    PrimaryKeyConstraint("rollup_id", "tenant_id", name="rollup_tenants_pkey"),
    ForeignKeyConstraint(["rollup_id"], ["rollups.id"], name="rollup_tenants_rollup_fkey"),
    CheckConstraint(
        "outcome IN ('planned', 'drafted', 'skipped', 'failed')",
        name="rollup_tenants_outcome_check",
    ),
    Index("rollup_tenants_page_idx", "rollup_id", "page"),
)

tenant_invoices = Table(
    "tenant_invoices",
    metadata,
    identifier(),
    *names("tenant_id"),
    Column("period", Date, nullable=False),
    Column("rollup_id", Uuid),
    Column("kind", Text, nullable=False, server_default="month"),
    Column("status", Text, nullable=False, server_default="draft"),
    Column("number", BigInteger),
    *names("currency"),
    *_cents("subtotal_cents", "tax_cents", "total_cents"),
    Column("tax_rule_id", Uuid, nullable=False),
    *names("tax_label"),
    number("tax_rate_percent"),
    Column("line_count", Integer, nullable=False),
    *names("lines_hash", "proofs_hash"),
    Column("issuer", JSONB),
    Column("recipient", JSONB),
    Column("issued_on", Date),
    Column("due_on", Date),
    Column("chain_hash", Text),
    Column("previous_chain_hash", Text),
    instant("created_at"),
    instant("issued_at", nullable=True),
    Column("paid_on", Date),
    instant("paid_at", nullable=True),
    *_words("payment_reference"),
    instant("voided_at", nullable=True),
    *_words("voided_by", "void_reason"),
    instant("credited_in_full_at", nullable=True),
    *_words("purchase_order"),
    PrimaryKeyConstraint("id", name="tenant_invoices_pkey"),
    UniqueConstraint("number", name="tenant_invoices_number_key"),
    ForeignKeyConstraint(["rollup_id"], ["rollups.id"], name="tenant_invoices_rollup_fkey"),
    CheckConstraint(
        "status IN ('draft', 'issued', 'paid', 'void')", name="tenant_invoices_status_check"
    ),
    CheckConstraint("extract(day FROM period) = 1", name="tenant_invoices_period_check"),
    CheckConstraint("total_cents = subtotal_cents + tax_cents", name="tenant_invoices_total_check"),
    CheckConstraint(
        "CASE WHEN number IS NULL THEN status IN ('draft', 'void')"
        " ELSE status <> 'draft' AND issuer IS NOT NULL AND recipient IS NOT NULL"
        " AND issued_on IS NOT NULL AND due_on IS NOT NULL AND issued_at IS NOT NULL"
        " AND chain_hash IS NOT NULL AND previous_chain_hash IS NOT NULL END",
        name="tenant_invoices_issued_check",
    ),
    CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name="tenant_invoices_paid_check"),
    CheckConstraint(
        "(status = 'void') = (voided_at IS NOT NULL)", name="tenant_invoices_void_check"
    ),
    CheckConstraint("kind IN ('month', 'one_off')", name="tenant_invoices_kind_check"),
    CheckConstraint(
        "(kind = 'month') = (rollup_id IS NOT NULL)", name="tenant_invoices_made_check"
    ),
    CheckConstraint(
        "credited_in_full_at IS NULL OR status IN ('issued', 'paid')",
        name="tenant_invoices_credited_check",
    ),
    Index(
        "tenant_invoices_once_idx",
        "tenant_id",
        "period",
        "currency",
        unique=True,
        postgresql_where=text(
            "status <> 'void' AND kind = 'month' AND credited_in_full_at IS NULL"
        ),
    ),
    Index("tenant_invoices_newest_idx", "period", "id"),
    Index("tenant_invoices_tenant_idx", "tenant_id", "period", "id"),
    Index("tenant_invoices_rollup_idx", "rollup_id", "status", "tenant_id"),
    Index("tenant_invoices_due_idx", "due_on", "id", postgresql_where=text("status = 'issued'")),
)

tenant_invoice_lines = Table(
    "tenant_invoice_lines",
    metadata,
    identifier(),
    Column("invoice_id", Uuid, nullable=False),
    *names("tenant_id"),
    Column("position", Integer, nullable=False),
    *names("kind", "resource_kind", "description"),
    Column("qty", Numeric, nullable=False),
    *names("unit"),
    Column("unit_price_cents", Numeric, nullable=False),
    *_cents("amount_cents"),
    Column("meta", JSONB, nullable=False),
    Column("deployment_id", Text),
    Column("service_start", Date, nullable=False),
    Column("service_end", Date, nullable=False),
    Column("dimensions", JSONB, nullable=False, server_default=text("'{}'")),
    Column("price_base_qty", Numeric, nullable=False, server_default=text("1")),
    Column("service_days", Integer),
    PrimaryKeyConstraint("id", name="tenant_invoice_lines_pkey"),
    UniqueConstraint("invoice_id", "position", name="tenant_invoice_lines_position_key"),
    ForeignKeyConstraint(
        ["invoice_id"], ["tenant_invoices.id"], name="tenant_invoice_lines_invoice_fkey"
    ),
    CheckConstraint(
        "kind IN ('plan_base', 'addon', 'overage', 'ad_hoc', 'rebilled', 'one_off',"
        " 'adjustment', 'tax')",
        name="tenant_invoice_lines_kind_check",
    ),
    CheckConstraint(
        "kind = 'one_off' OR (kind = 'tax') = (deployment_id IS NULL)",
        name="tenant_invoice_lines_deployment_check",
    ),
    CheckConstraint("service_end > service_start", name="tenant_invoice_lines_service_check"),
    CheckConstraint("price_base_qty > 0", name="tenant_invoice_lines_base_check"),
)

tenant_invoice_proofs = Table(
    "tenant_invoice_proofs",
    metadata,
    Column("invoice_id", Uuid, nullable=False),
    *names("tenant_id"),
    Column("position", Integer, nullable=False),
    *names(
        "deployment_id",
        "subscription_id",
        "inputs_json",
        "inputs_hash",
        "engine_version",
        "result_hash",
    ),
    *_words("deployment_name"),
    Column("service_month", Date),
    Column("covered_days", DATEMULTIRANGE),
    Column("unsold_kinds", ARRAY(Text), nullable=False, server_default="{}"),
    PrimaryKeyConstraint("invoice_id", "position", name="tenant_invoice_proofs_pkey"),
    ForeignKeyConstraint(
        ["invoice_id"], ["tenant_invoices.id"], name="tenant_invoice_proofs_invoice_fkey"
    ),
)

read_cursors = Table(
    "read_cursors",
    metadata,
    *names("name"),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", name="read_cursors_pkey"),
)

invoice_sequences = Table(
    "invoice_sequences",
    metadata,
    *names("name"),
    Column("next", BigInteger, nullable=False),
    *names("chain_hash"),
    PrimaryKeyConstraint("name", name="invoice_sequences_pkey"),
)

credit_notes = Table(
    "credit_notes",
    metadata,
    identifier(),
    Column("invoice_id", Uuid, nullable=False),
    *names("tenant_id"),
    Column("number", BigInteger, nullable=False),
    *_cents("subtotal_cents", "tax_cents", "total_cents"),
    *names("currency", "reason", "issued_by"),
    instant("issued_at"),
    PrimaryKeyConstraint("id", name="credit_notes_pkey"),
    UniqueConstraint("number", name="credit_notes_number_key"),
    ForeignKeyConstraint(["invoice_id"], ["tenant_invoices.id"], name="credit_notes_invoice_fkey"),
    CheckConstraint("total_cents = subtotal_cents + tax_cents", name="credit_notes_total_check"),
    Index("credit_notes_invoice_idx", "invoice_id"),
    Index("credit_notes_tenant_idx", "tenant_id", "id"),
)

credit_note_lines = Table(
    "credit_note_lines",
    metadata,
    identifier(),
    Column("credit_note_id", Uuid, nullable=False),
    *names("tenant_id"),
    Column("line_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    *_cents("amount_cents"),
    PrimaryKeyConstraint("id", name="credit_note_lines_pkey"),
    UniqueConstraint("credit_note_id", "position", name="credit_note_lines_position_key"),
    ForeignKeyConstraint(
        ["credit_note_id"], ["credit_notes.id"], name="credit_note_lines_note_fkey"
    ),
    ForeignKeyConstraint(
        ["line_id"], ["tenant_invoice_lines.id"], name="credit_note_lines_line_fkey"
    ),
    Index("credit_note_lines_line_idx", "line_id"),
)

one_off_lines = Table(
    "one_off_lines",
    metadata,
    identifier(),
    *names("tenant_id"),
    Column("deployment_id", Text),
    *_words("deployment_name"),
    *names("description"),
    *_cents("amount_cents"),
    *names("currency", "reason", "added_by"),
    instant("added_at"),
    *_words("removed_by"),
    instant("removed_at", nullable=True),
    Column("invoice_id", Uuid),
    PrimaryKeyConstraint("id", name="one_off_lines_pkey"),
    ForeignKeyConstraint(
        ["invoice_id"],
        ["tenant_invoices.id"],
        name="one_off_lines_invoice_fkey",
        ondelete="SET NULL",
    ),
    CheckConstraint("amount_cents <> 0", name="one_off_lines_amount_check"),
    CheckConstraint("removed_at IS NULL OR invoice_id IS NULL", name="one_off_lines_removed_check"),
    Index(
        "one_off_lines_open_idx",
        "tenant_id",
        "id",
        postgresql_where=text("invoice_id IS NULL AND removed_at IS NULL"),
    ),
    Index(
        "one_off_lines_invoice_idx", "invoice_id", postgresql_where=text("invoice_id IS NOT NULL")
    ),
    Index("one_off_lines_tenant_idx", "tenant_id", "id"),
)

invoice_hand_overs = Table(
    "invoice_hand_overs",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("document", Text, nullable=False, server_default="invoice"),
    Column("invoice_id", Uuid, nullable=False),
    Column("credit_note_id", Uuid),
    *names("tenant_id"),
    Column("number", BigInteger, nullable=False),
    Column("rollup_id", Uuid),
    *names("status"),
    *_words("reference"),
    Column("attempt_count", Integer, nullable=False, server_default=text("0")),
    *_words("reason"),
    instant("delivered_at", nullable=True),
    *_words("workflow_id", "run_id"),
    instant("started_at", nullable=True),
    instant("updated_at"),
    PrimaryKeyConstraint("id", name="invoice_hand_overs_pkey"),
    UniqueConstraint("credit_note_id", name="invoice_hand_overs_note_key"),
    ForeignKeyConstraint(
        ["invoice_id"], ["tenant_invoices.id"], name="invoice_hand_overs_invoice_fkey"
    ),
    ForeignKeyConstraint(
        ["credit_note_id"], ["credit_notes.id"], name="invoice_hand_overs_note_fkey"
    ),
    CheckConstraint(
        "document IN ('invoice', 'credit_note', 'void')", name="invoice_hand_overs_document_check"
    ),
    CheckConstraint(
        "(document = 'credit_note') = (credit_note_id IS NOT NULL)",
        name="invoice_hand_overs_note_check",
    ),
    CheckConstraint(
        "status IN ('pending', 'delivered', 'failed', 'not_configured')",
        name="invoice_hand_overs_status_check",
    ),
    CheckConstraint(
        "(status = 'delivered') = (delivered_at IS NOT NULL)",
        name="invoice_hand_overs_delivered_check",
    ),
    Index(
        "invoice_hand_overs_document_idx",
        "invoice_id",
        "document",
        unique=True,
        postgresql_where=text("document <> 'credit_note'"),
    ),
    Index("invoice_hand_overs_invoice_idx", "invoice_id"),
    Index("invoice_hand_overs_pending_idx", "id", postgresql_where=text("status = 'pending'")),
    Index("invoice_hand_overs_rollup_idx", "rollup_id", "status", "id"),
)

invoice_documents = Table(
    "invoice_documents",
    metadata,
    identifier(),
    *names("tenant_id"),
    Column("invoice_id", Uuid, nullable=False),
    *names("document"),
    Column("document_id", Uuid, nullable=False),
    *names("format", "status"),
    *_cents("credited_cents"),
    Column("content", LargeBinary, nullable=False),
    *names("sha256", "renderer"),
    instant("created_at"),
    PrimaryKeyConstraint("id", name="invoice_documents_pkey"),
    UniqueConstraint(
        "document_id",
        "document",
        "format",
        "status",
        "credited_cents",
        name="invoice_documents_state_key",
    ),
    ForeignKeyConstraint(
        ["invoice_id"], ["tenant_invoices.id"], name="invoice_documents_invoice_fkey"
    ),
    CheckConstraint(
        "document IN ('invoice', 'credit_note', 'void')", name="invoice_documents_document_check"
    ),
    CheckConstraint("format IN ('pdf', 'html')", name="invoice_documents_format_check"),
    CheckConstraint("status IN ('issued', 'paid', 'void')", name="invoice_documents_status_check"),
    CheckConstraint(
        "sha256 = encode(sha256(content), 'hex')", name="invoice_documents_sha256_check"
    ),
    Index("invoice_documents_invoice_idx", "invoice_id"),
)
