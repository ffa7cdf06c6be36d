"""The migrations create the declared tables in an empty database."""

import uuid
from datetime import timedelta

import psycopg
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer


def test_the_migrated_database_is_what_the_models_say(postgres: PostgresServer) -> None:
    name = postgres.create(Service.INVENTORY)
    settings = postgres.settings({Service.INVENTORY: name})
    command.check(migration_config(settings, Service.INVENTORY))
    postgres.drop(name)


def test_migrating_again_changes_nothing(postgres: PostgresServer) -> None:
    name = postgres.create(Service.INVENTORY)
    settings = postgres.settings({Service.INVENTORY: name})
    migrate(settings, Service.INVENTORY)
    command.check(migration_config(settings, Service.INVENTORY))
    postgres.drop(name)


BEFORE = """
INSERT INTO cloud_resources (provider, kind, provider_id, tenant_id, deployment_id,
    ownership_source, sighting_digest, first_seen_at, last_seen_at, deleted_at)
VALUES
    ('digitalocean', 'droplet', 'alive', 'acme', 'shop', 'tag', 0,
     '2026-01-01 10:00+00', '2026-03-01 10:00+00', NULL),
    ('digitalocean', 'droplet', 'nobodys', NULL, NULL, '', 0,
     '2026-01-02 10:00+00', '2026-03-01 10:00+00', NULL),
    ('digitalocean', 'droplet', 'gone', 'globex', NULL, 'project', 0,
     '2026-01-03 10:00+00', '2026-02-01 10:00+00', '2026-02-01 13:00+00'),
    ('digitalocean', 'droplet', 'seen once', 'globex', NULL, 'project', 0,
     '2026-01-04 10:00+00', '2026-01-04 10:00+00', '2026-01-04 13:00+00')
"""

AFTER = """
SELECT r.provider_id, a.tenant_id, a.deployment_id, a.source,
       a.valid_from = r.first_seen_at, a.valid_to - r.last_seen_at
FROM cloud_resource_assignments AS a JOIN cloud_resources AS r ON r.id = a.resource_id
ORDER BY r.first_seen_at
"""


def test_existing_resources_belong_to_their_owner_since_they_were_first_seen(
    postgres: PostgresServer,
) -> None:
    name = f"inventory_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.INVENTORY: name})
    provision(settings, Service.INVENTORY)
    command.upgrade(migration_config(settings, Service.INVENTORY), "0003")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.INVENTORY)
    with psycopg.connect(postgres.url(name)) as connection:
        kept = connection.execute(AFTER).fetchall()
    assert kept == [
        ("alive", "acme", "shop", "tag", True, None),
        ("nobodys", None, None, "", True, None),
        ("gone", "globex", None, "project", True, timedelta()),
        ("seen once", "globex", None, "project", True, timedelta(microseconds=1)),
    ]
    postgres.drop(name)


SWEPT_BEFORE = """
INSERT INTO cloud_sweeps
    (provider, kind, key, outcome, reported_total, seen_count, started_at, finished_at)
VALUES
    ('digitalocean', 'droplet', 'short', 'incomplete', 8, 7, now(), now()),
    ('digitalocean', 'droplet', 'whole', 'completed', 7, 7, now(), now()),
    ('digitalocean', 'database', 'no total', 'completed', NULL, 7, now(), now()),
    ('digitalocean', 'droplet', 'broken', 'failed', NULL, 7, now(), now())
"""


def test_of_sweeps_of_before_it_is_known_how_far_totals_were_off(postgres: PostgresServer) -> None:
    name = f"inventory_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.INVENTORY: name})
    provision(settings, Service.INVENTORY)
    command.upgrade(migration_config(settings, Service.INVENTORY), "0010")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(SWEPT_BEFORE)
    migrate(settings, Service.INVENTORY)
    with psycopg.connect(postgres.url(name)) as connection:
        rows = connection.execute(
            "SELECT key, total_difference, unreadable_count FROM cloud_sweeps"
        ).fetchall()
    assert set(rows) == {("short", 1, 0), ("whole", 0, 0), ("no total", None, 0),
                         ("broken", None, 0)}  # fmt: skip  # a table
    postgres.drop(name)
