"""The gateway's logs and metrics, and what they must not contain."""

import base64
import re

from services.common.identity.gateway_proof import GatewayProof, gateway_proof
from tests.gateway.harness import Backend, Gateway


async def test_a_request_without_an_id_gets_one_that_the_service_sees(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await gateway.get("/api/v1/inventory")
    identifier = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", identifier)
    assert backend.last.metadata["x-request-id"] == identifier


async def test_the_callers_own_request_id_is_kept(gateway: Gateway, backend: Backend) -> None:
    mine = "0a1b2c3d-0000-4000-8000-00000000002a"
    answer = await gateway.get("/api/v1/inventory", x_request_id=mine)
    assert answer.headers["x-request-id"] == mine
    assert backend.last.metadata["x-request-id"] == mine


async def test_a_service_receives_the_callers_address_which_nobody_can_forge(
    gateway: Gateway, backend: Backend
) -> None:
    await gateway.get(
        "/api/v1/inventory",
        x_arcadia_address="6.6.6.6",
        x_forwarded_for="6.6.6.6",
        x_arcadia_gateway="forged",
    )
    assert backend.last.metadata["x-arcadia-address"] == "127.0.0.1"
    assert GatewayProof(gateway.settings).holds(backend.last.metadata["x-arcadia-gateway"])


async def test_a_refused_request_has_an_id_too(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.http.get("/api/v1/inventory")
    assert (answer.status_code, "x-request-id" in answer.headers) == (401, True)


async def test_a_request_is_logged_with_its_caller_and_rpc(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await gateway.http.get("/api/v1/inventory", headers=gateway.bearer("watched"))
    entry = await gateway.logged(answer.headers["x-request-id"])
    assert entry["program"] == "gateway"
    assert entry["subject"] == "watched"
    assert (entry["method"], entry["path"]) == ("GET", "/api/v1/inventory")
    assert entry["rpc"] == "/arcadia.inventory.v1.InventoryService/ListResources"
    assert (entry["status"], entry["grpc_status"], entry["service"]) == (200, "OK", "inventory")


async def test_the_log_has_no_token_and_no_query(gateway: Gateway, backend: Backend) -> None:
    token = gateway.token("careless")
    answer = await gateway.http.get(
        f"/api/v1/inventory?access_token={token}",
        headers={"authorization": f"Bearer {token}", "referer": f"http://x/?t={token}"},
    )
    entry = await gateway.logged(answer.headers["x-request-id"])
    assert entry["path"] == "/api/v1/inventory"
    written = (gateway.directory / "log").read_text()
    assert token not in written
    assert "access_token" not in written


async def test_the_secret_is_not_shown_by_the_admin_interface(deployed: Gateway) -> None:
    secret = deployed.settings.jwt_secret.get_secret_value()
    encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    shown = await deployed.http.get(f"{deployed.admin}/config_dump?include_eds")
    assert "envoy.filters.http.jwt_authn" in shown.text
    proof = gateway_proof(deployed.settings.internal_secret)
    for form in (secret, encoded, base64.b64encode(encoded.encode()).decode(), proof):
        assert form not in shown.text
    for form in (secret, proof):
        assert form not in (deployed.directory / "envoy.yaml").read_text()


async def test_envoy_has_nothing_to_complain_about(gateway: Gateway, deployed: Gateway) -> None:
    """No deprecated field, no option that does nothing."""
    for running in (gateway, deployed):
        lines = (running.directory / "log").read_text().splitlines()
        # Other tests load the gateway, and its allocator says so.
        assert not [line for line in lines if not line.startswith("{") and "tcmalloc" not in line]
