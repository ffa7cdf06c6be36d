"""A service that is killed while it writes leaves the change with its entry, or neither."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final, cast

import grpc
import psycopg
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployment_service_pb2_grpc

from services.common.audit.tables import CHAIN_LOCK
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from tests.audit.log import entries_of
from tests.support.databases import PostgresServer
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.waiting import until

WAITING: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
SESSIONS: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'catalog'
"""


@pytest.mark.parametrize(
    ("hold", "left"),
    [
        ("LOCK TABLE audit_entries", 0),
        (f"SELECT pg_advisory_lock({CHAIN_LOCK})", 1),
    ],
    ids=["between the change and its entry", "within COMMIT"],
)
def test_a_killed_service_leaves_a_change_with_its_entry_or_neither(
    hold: str,
    left: int,
    postgres: PostgresServer,
    fresh_settings: Callable[..., Settings],
) -> None:
    port = free_port()
    settings = fresh_settings(Service.CATALOG, catalog_address=f"127.0.0.1:{port}")
    url = postgres.url(settings.database_url(Service.CATALOG).rpartition("/")[2])
    token = mint_user_token(settings, subject="m", tenant_id="acme", roles=["admin"])
    process = subprocess.Popen(
        [sys.executable, "-m", "services.catalog"],
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
    )
    try:
        with (
            grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
            psycopg.connect(url) as holding,
            psycopg.connect(url, autocommit=True) as watching,
        ):
            stub = cast("Any", deployment_service_pb2_grpc.DeploymentServiceStub(channel))
            metadata = [("authorization", f"Bearer {token}")]
            stub.ListDeployments(
                pb.ListDeploymentsRequest(), metadata=metadata, wait_for_ready=True, timeout=120
            )
            holding.execute(hold.encode())
            running = stub.CreateDeployment.future(
                pb.CreateDeploymentRequest(slug="web"), metadata=metadata, timeout=120
            )
            until(lambda: watching.execute(WAITING).fetchone() == (1,))
            process.kill()
            process.wait()
            holding.close()
            until(lambda: watching.execute(SESSIONS).fetchone() == (0,))
            running.cancel()
            made = watching.execute("SELECT count(*) FROM deployments").fetchone()
    finally:
        process.kill()
        process.wait()
    entries = [entry.content["rpc"].rpartition("/")[2] for entry in entries_of(url)]
    assert (made, entries) == ((left,), ["CreateDeployment"] * left)
