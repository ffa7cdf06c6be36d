"""Shutdown of a service: running calls are completed, and new ones refused."""

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any, cast

import grpc
import psycopg
from arcadia.inventory.v1 import inventory_service_pb2, inventory_service_pb2_grpc
from grpc_health.v1 import health_pb2 as standard_health
from grpc_health.v1 import health_pb2_grpc as standard_health_grpc

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from tests.support.databases import PostgresServer
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.waiting import until


def test_a_call_that_runs_when_a_service_is_ended_is_still_answered(
    postgres: PostgresServer, fresh_settings: Callable[..., Settings]
) -> None:
    port = free_port()
    settings = fresh_settings(Service.INVENTORY, inventory_address=f"127.0.0.1:{port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "services.inventory"],
        env=environment_of(settings),
        stdout=subprocess.DEVNULL,
    )
    database = settings.database_url(Service.INVENTORY).rpartition("/")[2]
    token = mint_user_token(settings, subject="op", roles=[OPERATOR_ROLE])
    with (
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
        psycopg.connect(postgres.url(database)) as held,
        psycopg.connect(postgres.url(database), autocommit=True) as watching,
    ):
        listing = cast("Any", inventory_service_pb2_grpc.InventoryServiceStub(channel))
        held.execute("LOCK TABLE cloud_resources")
        running = listing.ListResources.future(
            inventory_service_pb2.ListResourcesRequest(),
            metadata=[("authorization", f"Bearer {token}")],
            wait_for_ready=True,
            timeout=120,
        )
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        until(lambda: watching.execute(waits).fetchone() == (1,))
        process.send_signal(signal.SIGTERM)
        until(lambda: refuses_new_calls(port))
        held.rollback()
        assert list(running.result().resources) == []
    assert process.wait(timeout=120) == 0


def refuses_new_calls(port: int) -> bool:
    """Whether a service, asked on a connection of its own, does not serve any more."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        health = cast("Any", standard_health_grpc.HealthStub)(channel)
        try:
            answer = health.Check(standard_health.HealthCheckRequest(), timeout=5)
        except grpc.RpcError:
            return True
    return bool(answer.status != standard_health.HealthCheckResponse.SERVING)
