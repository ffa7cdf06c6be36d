"""API keys and revoked tokens through the real gateway: over HTTP, over gRPC, and in the logs."""

from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1.deployment_service_pb2_grpc import DeploymentServiceStub

from services.common.identity.tokens import mint_user_token
from services.common.settings import Port
from stack.output.welcome import gateway_url
from tests.support.waiting import until
from tests.support.whole_stack import WholeStack

READS = (
    "/api/v1/inventory",
    "/api/v1/billing/balances",
    "/api/v1/deployments",
    "/api/v1/invoices",
)
"""A read of each service, for operators."""


@pytest.fixture
def nobody(stack: WholeStack) -> Iterator[httpx.Client]:
    """Who calls without a token of its own."""
    url = gateway_url(stack.settings)
    with httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
        yield client


def statuses(client: httpx.Client, token: str) -> set[int]:
    """What reads of all services are answered with."""
    headers = {"authorization": f"Bearer {token}"}
    return {client.get(path, headers=headers).status_code for path in READS}


def over_grpc(stack: WholeStack, token: str) -> str:
    """The status of a call by gRPC's own wire."""
    with grpc.insecure_channel(f"127.0.0.1:{stack.settings.port(Port.GATEWAY)}") as channel:
        deployments: Any = DeploymentServiceStub(channel)
        try:
            deployments.ListDeployments(
                pb.ListDeploymentsRequest(),
                metadata=[("authorization", f"Bearer {token}")],
                timeout=120,
            )
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def test_a_key_is_created_used_rotated_and_revoked(stack: WholeStack, nobody: httpx.Client) -> None:
    with stack.client() as operator:
        wanted = {"name": "a dashboard", "roles": ["platform-viewer"]}
        made = operator.post("/api/v1/api-keys", json=wanted).json()
        key, key_id = made["key"], made["api_key"]["id"]
        assert statuses(nobody, key) == {200}
        assert over_grpc(stack, key) == "OK"
        answer = operator.post(f"/api/v1/api-keys/{key_id}/rotate", json={"overlap_seconds": 60})
        rotated = answer.json()["key"]
        assert statuses(nobody, key) == statuses(nobody, rotated) == {200}
        refused = nobody.post(
            "/api/v1/api-keys", json=wanted, headers={"authorization": f"Bearer {rotated}"}
        )
        assert refused.status_code == 403
        operator.post(f"/api/v1/api-keys/{key_id}/revoke", json={"reason": "leaked"})
        for one in (key, rotated):
            until(lambda one=one: statuses(nobody, one) == {401})  # type: ignore[misc]
            assert over_grpc(stack, one) == "UNAUTHENTICATED"
        shown = operator.get(f"/api/v1/api-keys/{key_id}").json()["api_key"]
        assert (shown["status"], shown["revoked_reason"]) == ("revoked", "leaked")
        assert "last_used_at" in shown
    until(lambda: key_id.replace("-", "") in stack.layout.log("gateway").read_text())
    written = "".join(path.read_text(errors="replace") for path in stack.layout.logs.glob("*"))
    assert "KEY_INVALID" in written  # a service's
    for one in (key, rotated):
        assert one.split("_")[2][:32] not in written


def test_a_tenants_key_sees_its_tenant_alone(stack: WholeStack, nobody: httpx.Client) -> None:
    admin = mint_user_token(stack.settings, subject="a", roles=["admin"], tenant_id="acme")
    made = nobody.post(
        "/api/v1/api-keys",
        json={"name": "reads the inventory"},
        headers={"authorization": f"Bearer {admin}"},
    ).json()
    reads = {"authorization": f"Bearer {made['key']}"}
    listed = nobody.get("/api/v1/inventory", headers=reads).json()["resources"]
    assert {one["tenant_id"] for one in listed} == {"acme"}
    assert nobody.get("/api/v1/billing/balances", headers=reads).status_code == 403
    written = nobody.post("/api/v1/deployments", json={"slug": "of-a-key"}, headers=reads)
    assert written.status_code == 403
    nobody.post(
        f"/api/v1/api-keys/{made['api_key']['id']}/revoke",
        json={},
        headers={"authorization": f"Bearer {admin}"},
    )


def test_a_revoked_token_is_rejected(stack: WholeStack, nobody: httpx.Client) -> None:
    token = mint_user_token(stack.settings, subject="thief", roles=["platform-viewer"])
    assert statuses(nobody, token) == {200}
    with stack.client() as operator:
        made = operator.post("/api/v1/token-revocations", json={"subject": "thief"})
        assert made.status_code == 200, made.text
        everybody = operator.post("/api/v1/token-revocations", json={})
        assert everybody.status_code == 400
    until(lambda: statuses(nobody, token) == {401})
    assert over_grpc(stack, token) == "UNAUTHENTICATED"
