"""The migrations create the declared tables, and keep existing data."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

INVOICE = "22222222-0000-7000-8000-000000000001"
OPEN, BILLED = "33333333-0000-7000-8000-000000000001", "33333333-0000-7000-8000-000000000002"

LATE_APART = f"""
SELECT prepare_month(ARRAY['daily_usage', 'usage_facts', 'usage_events'], '2026-04-10');
INSERT INTO metering_months VALUES ('2026-04-01', '2026-05-01 03:00+00');
INSERT INTO work_passes (work, subject, pass_key, state, started_at, completed_at)
VALUES ('metering', '2026-04-10', 'k', 'current', now(), now());
INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind, resource_id,
    inventory_kind, resource_name, fact_from, fact_to, qty)
VALUES ('2026-04-10', 1, '', 'acme', 'shop', 'droplet_hours', gen_random_uuid(), 'droplet', 'web',
    '2026-04-10', '2026-04-11', 24);
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, qty, fact_count,
    facts_hash, metered_at)
VALUES ('2026-04-10', 1, 'acme', 'shop', 'droplet_hours', 24, 1, 'before', '2026-04-11'),
       ('2026-04-10', 1, 'globex', 'blog', 'llm_tokens', 9, 1, 'untouched', '2026-04-11');
INSERT INTO usage_event_keys VALUES ('s', 'on time', 1), ('s', 'late', 2), ('s', 'billed', 3);
INSERT INTO usage_adjustments (id, tenant_id, deployment_id, resource_kind, period, qty, fact_count,
    facts_hash, invoice_id, created_at)
VALUES ('{OPEN}', 'acme', 'shop', 'droplet_hours', '2026-04-01', 3, 1, 'x', NULL, now()),
       ('{BILLED}', 'acme', 'shop', 'llm_tokens', '2026-04-01', 5, 1, 'x', '{INVOICE}', now());
INSERT INTO usage_events (day, source, idempotency_key, tenant_id, deployment_id, resource_kind,
    qty, occurred_at, received_at, adjustment_id)
VALUES ('2026-04-10', 's', 'on time', 'globex', 'blog', 'llm_tokens', 9, '2026-04-10', now(), NULL),
       ('2026-04-10', 's', 'late', 'acme', 'shop', 'droplet_hours', 3, '2026-04-10', now(),
        '{OPEN}'),
       ('2026-04-10', 's', 'billed', 'acme', 'shop', 'llm_tokens', 5, '2026-04-10', now(),
        '{BILLED}');
"""


def test_the_migrated_database_is_what_the_models_say(postgres: PostgresServer) -> None:
    name = postgres.create(Service.ANALYTICS)
    settings = postgres.settings({Service.ANALYTICS: name})
    command.check(migration_config(settings, Service.ANALYTICS))
    postgres.drop(name)


def test_usage_that_was_kept_apart_as_late_is_in_the_figures_of_its_days(
    postgres: PostgresServer,
) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0009")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(LATE_APART.encode())
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        figures = connection.execute(
            "SELECT tenant_id, resource_kind, qty, fact_count, facts_hash = 'untouched'"
            " FROM daily_usage ORDER BY 1, 2"
        ).fetchall()
        changes = connection.execute(
            "SELECT tenant_id, deployment_id, period::text, cause, invoice_id::text"
            " FROM month_changes ORDER BY invoice_id NULLS FIRST"
        ).fetchall()
        days = connection.execute("SELECT DISTINCT day::text FROM usage_event_keys").fetchall()
    assert figures == [
        ("acme", "droplet_hours", 27, 2, False),
        ("acme", "llm_tokens", 5, 1, False),
        ("globex", "llm_tokens", 9, 1, True),
    ]
    assert changes == [
        ("acme", "shop", "2026-04-01", "usage", None),
        ("acme", "shop", "2026-04-01", "usage", INVOICE),
    ]
    assert days == [("2026-04-10",)]
    postgres.drop(name)


BILLED_BEFORE = """
INSERT INTO rollups (id, period, key, force, approval_required, workflow_id, run_id, started_by,
    started_at)
VALUES ('44444444-0000-7000-8000-000000000001', '2026-04-01', 'k', false, false, 'w', 'r', 'me',
    now());
INSERT INTO tenant_invoices (id, tenant_id, period, rollup_id, currency, subtotal_cents, tax_cents,
    total_cents, tax_rule_id, tax_label, tax_rate_percent, line_count, lines_hash, proofs_hash,
    created_at)
VALUES ('55555555-0000-7000-8000-000000000001', 'acme', '2026-04-01',
    '44444444-0000-7000-8000-000000000001', 'AUD', 5000, 500, 5500, gen_random_uuid(), 'GST', 10,
    1, 'h', 'p', now());
INSERT INTO tenant_invoice_lines (invoice_id, tenant_id, position, kind, resource_kind,
    description, qty, unit, unit_price_cents, amount_cents, meta, deployment_id, service_start,
    service_end)
VALUES ('55555555-0000-7000-8000-000000000001', 'acme', 1, 'plan_base', '', 'Plan: studio', 1,
    'month', 5000, 5000, '{}', 'shop', '2026-04-01', '2026-05-01');
INSERT INTO tenant_invoice_proofs (invoice_id, tenant_id, position, deployment_id, subscription_id,
    inputs_json, inputs_hash, engine_version, result_hash)
VALUES ('55555555-0000-7000-8000-000000000001', 'acme', 1, 'shop', 'of shop', '{}', 'i', '1', 'r');
UPDATE tenant_invoices SET status = 'issued', number = 1, issuer = '{}', recipient = '{}',
    issued_on = '2026-05-01', due_on = '2026-05-15', issued_at = now(), chain_hash = 'c',
    previous_chain_hash = 'b';
"""


def test_lines_that_an_older_release_issued_say_nothing_new(postgres: PostgresServer) -> None:
    """So that their hash stays: `lines_hash` leaves out what says nothing."""
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0010")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BILLED_BEFORE.encode())
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        [line] = connection.execute(
            "SELECT dimensions, price_base_qty, service_days FROM tenant_invoice_lines"
        ).fetchall()
        [proof] = connection.execute(
            "SELECT service_month, covered_days, unsold_kinds, unsold_usage"
            " FROM tenant_invoice_proofs"
        ).fetchall()
    assert line == ({}, 1, None)
    assert proof == (None, None, [], {})
    postgres.drop(name)


WITHOUT_DIMENSIONS = """
SELECT prepare_month(ARRAY['daily_usage', 'usage_facts', 'usage_events'], '2026-04-10');
INSERT INTO usage_facts (day, pass_id, page, tenant_id, deployment_id, resource_kind, resource_id,
    inventory_kind, resource_name, fact_from, fact_to, qty)
VALUES ('2026-04-10', 1, '', 'acme', 'shop', 'droplet_hours', gen_random_uuid(), 'droplet', 'web',
    '2026-04-10', '2026-04-11', 24);
INSERT INTO usage_events (day, source, idempotency_key, tenant_id, deployment_id, resource_kind,
    qty, occurred_at, received_at)
VALUES ('2026-04-10', 's', 'k', 'acme', 'shop', 'llm_tokens', 9, '2026-04-10', now());
INSERT INTO usage_event_keys VALUES ('s', 'voided', 1, '2026-04-10');
INSERT INTO usage_voids (source, idempotency_key, day, tenant_id, deployment_id, resource_kind, qty,
    occurred_at, received_at, reason, voided_by, voided_at)
VALUES ('s', 'voided', '2026-04-10', 'acme', 'shop', 'llm_tokens', 1, now(), now(), 'r', 'me',
    now());
"""
# As the release before writes it, which goes on during an upgrade.
FIGURE = """
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, qty, fact_count,
    facts_hash, metered_at)
VALUES ('2026-04-10', 1, 'acme', %s, 'droplet_hours', 24, 1, 'as before', now())
"""
BY_SIZE = """
INSERT INTO daily_usage (day, pass_id, tenant_id, deployment_id, resource_kind, dimensions, qty,
    fact_count, facts_hash, metered_at)
VALUES ('2026-04-10', 1, 'acme', 'shop', 'droplet_hours', %s, 24, 1, 'x', now())
"""


def test_usage_that_was_metered_before_has_no_dimensions_and_keeps_its_facts(
    postgres: PostgresServer,
) -> None:
    name = f"analytics_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.ANALYTICS: name})
    provision(settings, Service.ANALYTICS)
    command.upgrade(migration_config(settings, Service.ANALYTICS), "0018")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(WITHOUT_DIMENSIONS.encode())
        connection.execute(FIGURE, ["shop"])
    migrate(settings, Service.ANALYTICS)
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(FIGURE, ["blog"])
        for table in ("usage_facts", "daily_usage", "usage_events", "usage_voids"):
            kept = connection.execute(f"SELECT DISTINCT dimensions FROM {table}").fetchall()
            assert kept == [({},)], table
        hashes = connection.execute("SELECT DISTINCT facts_hash FROM daily_usage").fetchall()
        assert hashes == [("as before",)]
        connection.execute(BY_SIZE, ['{"size": "s-1"}'])
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation, match="dimensions"):
            connection.execute(BY_SIZE, ["{}"])
    postgres.drop(name)
