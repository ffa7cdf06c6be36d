"""Certificates stored by id by an earlier release become one per name."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command

from services.common.db.migrations import migrate, migration_config, provision
from services.common.settings import Service
from tests.support.databases import PostgresServer

ALONE, OLD, NEW, GONE, WENT, UPLOADED, BALANCER, ENDPOINT = (uuid.UUID(int=n) for n in range(1, 9))

BEFORE = f"""
SELECT prepare_event_months(0);
INSERT INTO cloud_resources (id, provider, kind, provider_id, name, sighting_digest, first_seen_at,
    last_seen_at, stale_strike_count, deleted_at, attrs)
VALUES
    ('{ALONE}', 'digitalocean', 'certificate', 'id-alone', 'alone', 7,
     '2026-01-01Z', '2026-03-01Z', 2, NULL, '{{"type": "custom"}}'),
    ('{OLD}', 'digitalocean', 'certificate', 'id-old', 'renewed', 7,
     '2026-01-01Z', '2026-03-01Z', 2, NULL, '{{}}'),
    ('{NEW}', 'digitalocean', 'certificate', 'id-new', 'renewed', 7,
     '2026-03-01Z', '2026-03-02Z', 0, NULL, '{{}}'),
    ('{GONE}', 'digitalocean', 'certificate', 'id-gone', 'followed', 7,
     '2026-01-01Z', '2026-02-01Z', 3, '2026-02-02Z', '{{}}'),
    ('{UPLOADED}', 'digitalocean', 'certificate', 'id-follower', 'followed', 7,
     '2026-02-01Z', '2026-03-01Z', 0, NULL, '{{}}'),
    ('{WENT}', 'digitalocean', 'certificate', 'id-went', 'went', 7,
     '2026-01-01Z', '2026-02-01Z', 3, '2026-02-02Z', '{{}}'),
    ('{BALANCER}', 'digitalocean', 'load_balancer', 'lb', 'lb', 7,
     '2026-01-01Z', '2026-03-01Z', 0, NULL, '{{}}'),
    ('{ENDPOINT}', 'digitalocean', 'cdn_endpoint', 'cdn', 'cdn', 7,
     '2026-01-01Z', '2026-03-01Z', 0, NULL, '{{}}');
INSERT INTO cloud_resource_assignments (resource_id, source, valid_from)
SELECT id, '', first_seen_at FROM cloud_resources WHERE deleted_at IS NULL;
INSERT INTO cloud_provisioned (resource_id, provider, kind, spec, recorded_at) VALUES
    ('{OLD}', 'digitalocean', 'certificate', '{{"name": "renewed"}}', '2026-01-02Z'),
    ('{NEW}', 'digitalocean', 'certificate', '{{"dns_names": []}}', '2026-03-02Z'),
    ('{GONE}', 'digitalocean', 'certificate', '{{"name": "followed"}}', '2026-01-02Z'),
    ('{WENT}', 'digitalocean', 'certificate', '{{"name": "went"}}', '2026-01-02Z'),
    ('{BALANCER}', 'digitalocean', 'load_balancer',
     '{{"algorithm": "x", "domains": [], "forwarding_rules": [
         {{"entry_port": 443, "certificate_id": "id-gone"}},
         {{"entry_port": 444, "certificate_id": "id-nobody"}},
         {{"entry_port": 445, "certificate_id": "id-old", "certificate_name": "kept"}},
         {{"entry_port": 80}}]}}', '2026-01-02Z'),
    ('{ENDPOINT}', 'digitalocean', 'cdn_endpoint', '{{"certificate_id": "id-old"}}', '2026-01-02Z');
INSERT INTO cloud_drift (resource_id, kind, field, expected, actual, spec_version, detected_at,
    last_seen_at)
SELECT id, kind, 'presence', '"present"', '"gone"', 1, now(), now()
FROM cloud_resources WHERE deleted_at IS NOT NULL;
INSERT INTO cloud_drift_ignore_rules (kind, field, resource_id, reason, created_by, created_at)
VALUES ('certificate', 'dns_names', '{GONE}', 'known', 'op', now());
"""


@pytest.fixture
def upgraded(postgres: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """The database of the release before, after it was migrated."""
    name = f"inventory_{uuid.uuid4().hex[:12]}"
    settings = postgres.settings({Service.INVENTORY: name})
    provision(settings, Service.INVENTORY)
    command.upgrade(migration_config(settings, Service.INVENTORY), "0011")
    with psycopg.connect(postgres.url(name)) as connection:
        connection.execute(BEFORE)
    migrate(settings, Service.INVENTORY)
    with psycopg.connect(postgres.url(name)) as connection:
        yield connection
    postgres.drop(name)


def rows(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_each_name_has_one_certificate_which_knows_its_id_and_has_no_strikes(
    upgraded: psycopg.Connection[Any],
) -> None:
    found = rows(
        upgraded,
        "SELECT id, provider_id, attrs ->> 'id', deleted_at IS NULL, stale_strike_count"
        " FROM cloud_resources WHERE kind = 'certificate' ORDER BY id",
    )
    assert found == [
        (ALONE, "alone", "id-alone", True, 0),
        # The first one that lives goes on, with its history; the other one ends.
        (OLD, "renewed", "id-old", True, 0),
        (NEW, "id-new", None, False, 0),
        (GONE, "id-gone", None, False, 3),
        (WENT, "went", "id-went", False, 0),
        (UPLOADED, "followed", "id-follower", True, 0),
    ]


def test_nothing_counts_as_deleted_by_it(upgraded: psycopg.Connection[Any]) -> None:
    assert rows(upgraded, "SELECT 1 FROM cloud_resource_events WHERE type = 'deleted'") == []
    merged = "SELECT resource_id, changes FROM cloud_resource_events WHERE type = 'updated'"
    assert rows(upgraded, merged) == [(NEW, {"merged_into": {"old": None, "new": str(OLD)}})]
    ends = "SELECT resource_id FROM cloud_resource_assignments WHERE valid_to IS NOT NULL"
    assert rows(upgraded, ends) == [(NEW,)]


def test_the_newest_spec_of_a_name_goes_to_its_certificate(
    upgraded: psycopg.Connection[Any],
) -> None:
    specs = rows(
        upgraded,
        "SELECT resource_id, spec, spec_version FROM cloud_provisioned"
        " WHERE kind = 'certificate' ORDER BY resource_id",
    )
    assert specs == [
        (OLD, {"dns_names": []}, 2),
        (WENT, {"name": "went"}, 1),
        (UPLOADED, {"name": "followed"}, 1),
    ]
    muted = rows(upgraded, "SELECT resource_id FROM cloud_drift_ignore_rules")
    assert muted == [(UPLOADED,)]


def test_a_drift_on_the_presence_of_what_was_renewed_is_closed_as_stale(
    upgraded: psycopg.Connection[Any],
) -> None:
    drifts = rows(upgraded, "SELECT resource_id, status FROM cloud_drift ORDER BY resource_id")
    assert drifts == [(GONE, "stale"), (WENT, "open")]
    told = "SELECT resource_id, changes FROM cloud_resource_events WHERE type = 'drift_resolved'"
    [(resource_id, changes)] = rows(upgraded, told)
    assert resource_id == GONE
    assert changes["drift"] == {"old": "open", "new": "stale"}


def test_specs_that_name_certificates_by_ids_alone_are_given_their_names(
    upgraded: psycopg.Connection[Any],
) -> None:
    of_kind = "SELECT spec FROM cloud_provisioned WHERE kind = '{}'"
    [(balancer,)] = rows(upgraded, of_kind.format("load_balancer"))
    assert balancer == {
        "algorithm": "x",
        "domains": [],
        "forwarding_rules": [
            {"entry_port": 443, "certificate_id": "id-gone", "certificate_name": "followed"},
            {"entry_port": 444, "certificate_id": "id-nobody"},
            {"entry_port": 445, "certificate_id": "id-old", "certificate_name": "kept"},
            {"entry_port": 80},
        ],
    }
    [(endpoint,)] = rows(upgraded, of_kind.format("cdn_endpoint"))
    assert endpoint == {"certificate_id": "id-old", "certificate_name": "renewed"}
