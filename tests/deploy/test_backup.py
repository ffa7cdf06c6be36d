"""A backup as in docs/operations.md, restored on another server."""

import dataclasses
import subprocess

import pytest

from services.common.settings import Service
from tests.deploy.compose import FOLDER, SERVICES
from tests.deploy.rehearsal import SQL_PROGRAMS, Rehearsal
from tests.support.ports import free_port

WALLS = (
    """
    SELECT tablename, tableowner, rowsecurity FROM pg_tables
    WHERE schemaname = 'public' ORDER BY 1
    """,
    "SELECT tablename, policyname, roles, cmd, qual FROM pg_policies ORDER BY 1, 2",
    """
    SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    """
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE grantee = current_user ORDER BY 1, 2
    """,
)
"""What has to be the same after a restore: owners, policies, triggers, rights."""


def _program(rehearsal: Rehearsal, *arguments: str, given: bytes = b"") -> bytes:
    result = subprocess.run(
        [str(SQL_PROGRAMS / arguments[0]), *arguments[1:]],
        env={
            "PGHOST": "127.0.0.1",
            "PGPORT": str(rehearsal.database_port),
            "PGUSER": "postgres",
            "PGPASSWORD": rehearsal.secrets["POSTGRES_PASSWORD"],
        },
        input=given,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout


@pytest.fixture(scope="module")
def backup(migrated: Rehearsal) -> dict[str, bytes]:
    dumps = {
        str(service): _program(migrated, "pg_dump", "--format=custom", service)
        for service in Service
    }
    return dumps | {
        "roles": _program(migrated, "pg_dumpall", "--roles-only", "--no-role-passwords")
    }


@pytest.fixture(scope="module")
def restored(migrated: Rehearsal, backup: dict[str, bytes]) -> Rehearsal:
    other = dataclasses.replace(migrated, database_port=free_port())
    other.start_databases()
    # The superuser is there already, which is an error that psql goes past.
    _program(other, "psql", "--quiet", "--dbname=postgres", given=backup["roles"])
    for service in Service:
        _program(
            other, "pg_restore", "--create", "--exit-on-error", "--dbname=postgres",
            given=backup[service],
        )  # fmt: skip  # a table
    other.job("migrate", SERVICES["migrate"]["command"])
    return other


@pytest.mark.parametrize("service", Service)
def test_a_restored_database_has_the_same_walls_and_lets_its_service_in(
    service: Service, migrated: Rehearsal, restored: Rehearsal
) -> None:
    url = f"ARCADIA_{service.upper()}_DATABASE_URL"
    with migrated.connect(url) as before, restored.connect(url) as after:
        for question in WALLS:
            assert after.execute(question).fetchall() == before.execute(question).fetchall()


def test_a_backup_has_no_passwords_in_it(backup: dict[str, bytes]) -> None:
    assert b"PASSWORD" not in backup["roles"]
    assert b"SCRAM" not in backup["roles"]


def test_the_page_for_operators_says_it_so() -> None:
    page = (FOLDER / "docs" / "operations.md").read_text()
    for command in (
        "pg_dumpall --roles-only --no-role-passwords",
        "pg_dump --format=custom",
        "pg_restore --create --exit-on-error --dbname=postgres",
    ):
        assert command in page
