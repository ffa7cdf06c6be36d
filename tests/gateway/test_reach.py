"""What is reachable through the gateway, and what is not."""

import json
from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2

from gateway.routes import read_rpcs
from services.common.settings import Port
from tests.gateway.harness import Backend, Gateway, refusal

RPCS = read_rpcs()
INTERNAL = [rpc.path for rpc in RPCS if not rpc.shown]
STANDARD = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
]
BEGIN_SWEEP = "/arcadia.inventory.v1.SyncService/BeginSweep"


def test_there_are_internal_rpcs_to_hide() -> None:
    assert BEGIN_SWEEP in INTERNAL


@pytest.mark.parametrize("path", [*INTERNAL, *STANDARD])
async def test_an_internal_rpc_does_not_exist_for_grpc_callers(
    gateway: Gateway, backend: Backend, path: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.call(path)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert backend.arrivals == []


@pytest.mark.parametrize("path", [*INTERNAL, *STANDARD])
async def test_an_internal_rpc_does_not_exist_for_http_callers(
    gateway: Gateway, backend: Backend, path: str
) -> None:
    answers = [await gateway.post(path, {}), await gateway.get(path)]
    assert [refusal(answer) for answer in answers] == [(404, 5, "ROUTE_NOT_FOUND")] * 2
    assert backend.arrivals == []


@pytest.mark.parametrize(
    "content_type",
    [
        "application/grpc", "application/grpc+proto", "Application/GRPC", "application/grpc;x=1",
        "application/grpc-web", "application/grpc-web-text", "application/grpcx",
        "application/connect+proto", "application/proto", "application/json",
    ],
)  # fmt: skip  # a table
@pytest.mark.parametrize("path", [BEGIN_SWEEP, f"/{BEGIN_SWEEP}", f"{BEGIN_SWEEP}?x=1"])
async def test_no_content_type_brings_a_call_to_an_internal_rpc(
    gateway: Gateway, backend: Backend, content_type: str, path: str
) -> None:
    answer = await gateway.http.post(
        path,
        content=b"\0\0\0\0\0",
        headers=gateway.bearer() | {"content-type": content_type, "te": "trailers"},
    )
    assert answer.status_code == 404 or answer.headers["grpc-status"] == "12"
    assert backend.arrivals == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
async def test_only_a_post_is_a_grpc_call(gateway: Gateway, backend: Backend, method: str) -> None:
    odd = await gateway.http.request(
        method,
        "/arcadia.inventory.v1.InventoryService/ListResources",
        headers=gateway.bearer() | {"content-type": "application/grpc", "te": "trailers"},
    )
    assert odd.headers["grpc-status"] == "12"
    assert backend.arrivals == []


async def test_headers_of_envoy_lead_to_no_other_rpc(gateway: Gateway, backend: Backend) -> None:
    for header in ("x-envoy-original-path", "x-original-url", "x-rewrite-url", "x-forwarded-path"):
        answer = await gateway.get("/api/v1/inventory", **{header: BEGIN_SWEEP})
        assert answer.status_code == 200
    assert {arrival.rpc for arrival in backend.arrivals} == {"ListResources"}


async def test_an_rpc_with_a_route_is_reachable_over_grpc_as_well(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await gateway.call("/arcadia.inventory.v1.InventoryService/CountResources")
    assert inventory_service_pb2.CountResourcesResponse.FromString(answer).total == 2**53 + 1


async def test_a_stream_passes_for_grpc_callers(gateway: Gateway, backend: Backend) -> None:
    watch: Any = gateway.channel.unary_stream(
        "/arcadia.inventory.v1.InventoryService/WatchResourceEvents"
    )
    metadata = [("authorization", gateway.bearer()["authorization"])]
    assert [chunk async for chunk in watch(b"", metadata=metadata)] == [b"", b"", b""]


@pytest.mark.parametrize(
    "path",
    [
        "/api/health/../v1/inventory",
        "/api/health/%2e%2e/v1/inventory",
        "/api/health/%2E./v1/inventory",
        "//api/v1//inventory",
        "/./api/v1/inventory",
    ],
)
async def test_a_path_is_normalised_before_it_is_checked(
    gateway: Gateway, backend: Backend, path: str
) -> None:
    status, body = await gateway.raw_get(path)
    assert (status, json.loads(body)["message"]) == (401, "a token is required")
    token = gateway.bearer()["authorization"]
    assert (await gateway.raw_get(path, f"authorization: {token}"))[0] == 200
    assert backend.last.rpc == "ListResources"


@pytest.mark.parametrize(
    "path",
    [
        "/api%2Fhealth",
        "/api/health%2f..%2fv1%2finventory",
        "/api%5chealth",
        "/api/health#/api/v1/inventory",
    ],
)
async def test_an_escaped_slash_or_a_fragment_is_400(
    gateway: Gateway, backend: Backend, path: str
) -> None:
    status, body = await gateway.raw_get(path)
    answer = json.loads(body)
    assert (status, answer["code"], answer["details"][0]["reason"]) == (400, 3, "PATH_REFUSED")
    assert backend.arrivals == []


async def test_an_id_in_the_path_is_unescaped_for_the_service(
    gateway: Gateway, backend: Backend
) -> None:
    assert (await gateway.get("/api/v1/inventory/a%20b%3Ac")).status_code == 200
    assert backend.last.request.id == "a b:c"


async def test_a_header_with_an_underscore_is_400(gateway: Gateway, backend: Backend) -> None:
    status, body = await gateway.raw_get("/api/health", "x_request_id: 1")
    assert (status, json.loads(body)["details"][0]["reason"]) == (400, "REQUEST_MALFORMED")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example"])
async def test_the_admin_interface_is_there_by_its_own_name_only(
    gateway: Gateway, host: str
) -> None:
    """A page may have any name lead to this machine: its requests still carry that name."""
    port = gateway.settings.port(Port.GATEWAY_ADMIN)
    own = await gateway.http.get(f"{gateway.admin}/ready")
    assert own.status_code == 200
    other = {"host": host.format(port=port)}
    assert (await gateway.http.get(f"{gateway.admin}/ready", headers=other)).status_code == 404


@pytest.mark.parametrize("path", ["/quitquitquit", "/healthcheck/fail", "/logging?level=trace"])
async def test_the_admin_interface_takes_no_orders(gateway: Gateway, path: str) -> None:
    refused = await gateway.http.post(f"{gateway.admin}{path}")
    assert refused.status_code == 404
    assert (await gateway.http.get("/api/v1/inventory")).status_code == 401
