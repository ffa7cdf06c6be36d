"""Invoices and credit notes of the previous release, under this one."""

import uuid
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from alembic import command

from services.analytics.invoicing.invoices.rules.chain import BEGINNING, chain_hash
from services.analytics.invoicing.invoices.rules.states import InvoiceKind
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.invoicing.invoices import invoice
from tests.support.databases import PostgresServer

WHOLE, PART, DRAFT, ROLLUP = (f"00000000-0000-7000-8000-00000000000{one}" for one in range(4))

GOLDEN = "2a9dc3c38e181c2ceebd05692e06e67464604d0998ddedf21b6a936a18cf6e43"
"""Of the invoice below, as the release before sealed it."""

BEFORE = f"""
INSERT INTO rollups (id, period, key, force, approval_required, workflow_id, run_id, started_by,
    started_at) VALUES ('{ROLLUP}', '2026-04-01', 'k', false, false, 'w', 'r', 'op', now());
INSERT INTO tenant_invoices (id, tenant_id, period, rollup_id, status, number, currency,
    subtotal_cents, tax_cents, total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count,
    lines_hash, proofs_hash, issuer, recipient, issued_on, due_on, chain_hash,
    previous_chain_hash, created_at, issued_at)
SELECT id::uuid, tenant, '2026-04-01', '{ROLLUP}', 'issued', number, 'AUD', 100, 10, 110,
    '{ROLLUP}', 'GST', 10, 0, 'l', 'p', '{{}}', '{{}}', '2026-05-01', '2026-05-15', 'h', 'h',
    now(), now()
FROM (VALUES ('{WHOLE}', 'acme', 1), ('{PART}', 'globex', 2)) AS old (id, tenant, number);
INSERT INTO tenant_invoices (id, tenant_id, period, rollup_id, currency, subtotal_cents, tax_cents,
    total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count, lines_hash, proofs_hash,
    created_at)
VALUES ('{DRAFT}', 'initech', '2026-04-01', '{ROLLUP}', 'AUD', 1, 0, 1, '{ROLLUP}', 'GST', 10, 0,
    'l', 'p', now());
INSERT INTO credit_notes (invoice_id, tenant_id, number, subtotal_cents, tax_cents, total_cents,
    currency, reason, issued_by, issued_at)
VALUES ('{WHOLE}', 'acme', 1, 60, 6, 66, 'AUD', 'x', 'op', '2026-05-02'),
       ('{WHOLE}', 'acme', 2, 40, 4, 44, 'AUD', 'x', 'op', '2026-05-03'),
       ('{PART}', 'globex', 3, 40, 4, 44, 'AUD', 'x', 'op', '2026-05-03');
INSERT INTO invoice_hand_overs (invoice_id, tenant_id, number, rollup_id, status, updated_at)
VALUES ('{WHOLE}', 'acme', 1, '{ROLLUP}', 'pending', now()),
       ('{PART}', 'globex', 2, '{ROLLUP}', 'pending', now());
"""


def test_an_invoice_that_was_credited_in_full_before_frees_its_month_and_is_handed_over_as_it_was(
    postgres: PostgresServer,
) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0011")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE.encode())
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute(
            "SELECT tenant_id, kind, status, credited_in_full_at::date FROM tenant_invoices"
            " WHERE purchase_order = '' ORDER BY tenant_id"
        ).fetchall()
        assert kept == [
            ("acme", "month", "issued", date(2026, 5, 3)),
            ("globex", "month", "issued", None),
            ("initech", "month", "draft", None),
        ]
        waiting = "SELECT number, document, status FROM invoice_hand_overs ORDER BY id"
        assert connection.execute(waiting).fetchall() == [
            (1, "invoice", "pending"),
            (2, "invoice", "pending"),
        ]
        again = (
            "INSERT INTO tenant_invoices (tenant_id, period, rollup_id, currency, subtotal_cents,"
            " tax_cents, total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count,"
            " lines_hash, proofs_hash, created_at) SELECT tenant_id, period, rollup_id, currency,"
            " 1, 0, 1, tax_rule_id, 'GST', 10, 0, '', '', now() FROM tenant_invoices WHERE id = %s"
        )
        connection.execute(again, [WHOLE])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(again, [PART])
    postgres.drop(name)


def test_an_older_releases_chain_hash_is_reproduced_and_a_one_off_invoice_has_another() -> None:
    sealed = invoice(
        number=42, subtotal_cents=6422, tax_cents=642, total_cents=7064, issuer=Party("Issuer"),
        recipient=Party("Acme"),
    )  # fmt: skip  # a table
    assert chain_hash(BEGINNING, sealed) == GOLDEN
    assert chain_hash(BEGINNING, replace(sealed, purchase_order="PO 42")) != GOLDEN
    assert chain_hash(BEGINNING, replace(sealed, kind=InvoiceKind.ONE_OFF)) != GOLDEN
