"""Every table is watched by the audit log, or listed here with the reason why not."""

import uuid

import psycopg
import pytest
from alembic import command

from services.common.db import migrations
from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

THE_LOGS_OWN = {"alembic_version", "audit_entries", "audit_links", "idempotency_keys"}

UNWATCHED = {
    Service.CATALOG: {
        # Made with the rows that they tell of, which are watched.
        "backdated_changes", "deployment_events", "quote_counts", "token_revocation_list",
        # Written by workers alone, from what the provider tells.
        "list_price_changes", "list_prices", "plan_migration_subscriptions",
        # Secrets, which are deleted when the provision ends.
        "provision_user_data",
    },
    Service.INVENTORY: {
        # Made with the rows that they tell of, which are watched.
        "cloud_resource_events",
        # Written by workers alone: what is seen, and what is known of the rest.
        "cloud_deployment_names", "cloud_list_prices", "cloud_sweep_sightings",
        "cloud_sweep_unreadable", "cloud_sync_claims",
    },
    Service.BILLING: {
        # Written by workers alone, from what the provider bills.
        "cloud_balance_snapshots", "cloud_cost_lines", "cloud_daily_cost_days",
        "cloud_daily_costs", "cloud_history_entries", "cloud_history_walks", "cloud_ingests",
        "cloud_invoice_totals", "cloud_match_candidates", "cloud_match_names",
        "cloud_match_owners", "cloud_match_runs", "cloud_month_totals", "cloud_staged_items",
        "cloud_staged_lines",
    },
    Service.ANALYTICS: {
        # Computed by workers, and computed again when what they are made of changes.
        "accrual_failures", "accruals", "attributed_costs", "daily_usage", "known_lives",
        "margin_kinds", "margin_months", "margin_shares", "metering_months", "month_changes",
        "read_cursors", "rebilled_costs", "reconciliation_differences", "reconciliations",
        "resource_spans", "shared_splits", "unfolded_usage", "unmeasured_spans", "usage_levels",
        "usage_facts", "work_pass_pages", "work_passes",
        # Made with the rows that they are of, which are watched.
        "invoice_documents", "invoice_sequences", "tenant_invoice_proofs", "usage_event_keys",
    },
}  # fmt: skip  # a table

TABLES = """
SELECT c.relname, EXISTS (
    SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'audit_change')
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""

PLAN = "INSERT INTO plans (code, name, created_at) VALUES ('a', 'A', now())"
PROJECT = """
INSERT INTO cloud_projects
    (provider, provider_id, name, classification, first_seen_at, last_seen_at)
VALUES ('digitalocean', 'p', 'P', 'internal', now(), now())
"""
BILL = """
INSERT INTO cloud_invoices (invoice_uuid, history_usd, issued_at, discovered_at)
VALUES ('one', 1, now(), now())
"""
RATE = """
INSERT INTO exchange_rates (from_currency, to_currency, rate, effective_from, created_by,
                            created_at)
VALUES ('USD', 'AUD', 1.5, '2026-01-01', 'op', now())
"""
BEFORE = {
    Service.CATALOG: ("0009", PLAN, "UPDATE plans SET name = 'B'"),
    Service.INVENTORY: ("0012", PROJECT, "UPDATE cloud_projects SET name = 'Q'"),
    Service.BILLING: ("0009", BILL, "UPDATE cloud_invoices SET description = 'one'"),
    Service.ANALYTICS: ("0016", RATE, "UPDATE exchange_rates SET created_by = 'other'"),
}
"""Of each service: the release before, a row of it, and a change of that row."""


def test_a_migration_that_finds_a_table_locked_is_tried_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the audit log locks every table that it watches."""
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.CATALOG: name})
    provision(settings, Service.CATALOG)
    command.upgrade(migration_config(settings, Service.CATALOG), "0009")
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(postgres.url(name)) as holding:
        holding.execute("LOCK TABLE subscriptions IN ROW EXCLUSIVE MODE")
        monkeypatch.setattr("services.common.db.migrations.sleep", lambda _: holding.rollback())
        migrate(settings, Service.CATALOG)
        assert holding.execute("SELECT count(*) FROM audit_entries").fetchone() == (0,)
    postgres.drop(name)


@pytest.mark.parametrize("service", Service)
def test_every_table_is_watched_or_declared_not_to_be(
    postgres: PostgresServer, service: Service
) -> None:
    name = postgres.create(service)
    with psycopg.connect(postgres.url(name)) as connection:
        tables: dict[str, bool] = dict(connection.execute(TABLES).fetchall())
    postgres.drop(name)
    unwatched = {table for table, is_watched in tables.items() if not is_watched}
    assert unwatched == UNWATCHED[service] | THE_LOGS_OWN


@pytest.mark.parametrize("service", Service)
def test_a_database_of_the_release_before_gets_its_log_and_keeps_its_rows(
    postgres: PostgresServer, service: Service
) -> None:
    version, row, change = BEFORE[service]
    name = f"{service}_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({service: name})
    provision(settings, service)
    command.upgrade(migration_config(settings, service), version)
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(row.encode())
    migrate(settings, service)
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute("SELECT set_config('arcadia.audit', 'on', true)")
        connection.execute(change.encode())
        counted = connection.execute(
            "SELECT current_setting('arcadia.audit_rows', true)"
        ).fetchone()
    assert counted == ("1",)
    postgres.drop(name)
