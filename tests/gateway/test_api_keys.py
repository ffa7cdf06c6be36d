"""API keys at the gateway: passed by format, limited by id, never shown."""

import asyncio
import uuid

import pytest

from services.common.identity.api_keys import new_secret, read_key, written_key
from tests.gateway.harness import Backend, Gateway, refusal

INVENTORY = "/api/v1/inventory"
LIST = "/arcadia.inventory.v1.InventoryService/ListResources"
INTERNAL = "/arcadia.inventory.v1.SyncService/BeginSweep"


def made_up() -> str:
    return written_key(uuid.uuid4(), new_secret())


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_a_key_passes_to_the_service_which_verifies_it(
    gateway: Gateway, backend: Backend, scheme: str
) -> None:
    key = made_up()
    answer = await gateway.http.get(INVENTORY, headers={"authorization": f"{scheme} {key}"})
    assert answer.status_code == 200
    assert backend.last.metadata["authorization"] == f"{scheme} {key}"
    await gateway.call(LIST, token=key)
    assert backend.last.metadata["authorization"] == f"Bearer {key}"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key.upper(),
        lambda key: key.replace("arc_", "arx_"),
        lambda key: f"{key},{key}",
        lambda key: f"x{key}",
        lambda key: "arc_",
    ],
)
async def test_a_value_without_the_form_of_a_key_is_refused_as_a_token(
    gateway: Gateway, backend: Backend, wrong: "object"
) -> None:
    headers = {"authorization": f"Bearer {wrong(made_up())}"}  # type: ignore[operator]
    answer = await gateway.http.get(INVENTORY, headers=headers)
    assert refusal(answer)[0] == 401
    assert backend.arrivals == []


async def test_two_headers_of_which_one_is_a_key_are_refused(
    gateway: Gateway, backend: Backend
) -> None:
    for second in (f"Bearer {made_up()}", "Bearer x"):
        status, _ = await gateway.raw_get(
            INVENTORY, f"authorization: Bearer {made_up()}", f"authorization: {second}"
        )
        assert status == 401
    assert backend.arrivals == []


async def test_a_key_in_the_query_is_not_a_token(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.http.get(INVENTORY, params={"access_token": made_up()})
    assert refusal(answer) == (401, 16, "TOKEN_MISSING")
    assert backend.arrivals == []


async def test_a_key_cannot_call_internal_rpcs(gateway: Gateway, backend: Backend) -> None:
    answer = await gateway.http.post(
        INTERNAL,
        headers={
            "authorization": f"Bearer {made_up()}",
            "content-type": "application/grpc",
            "te": "trailers",
        },
    )
    assert answer.headers.get("grpc-status") != "0"
    assert backend.arrivals == []


async def test_the_log_and_the_admin_interface_name_the_id_and_never_the_secret(
    gateway: Gateway, backend: Backend
) -> None:
    key, request_id = made_up(), uuid.uuid4().hex
    secret = key.split("_")[2]
    headers = {"authorization": f"Bearer {key}", "x-request-id": request_id}
    assert (await gateway.http.get(INVENTORY, headers=headers)).status_code == 200
    entry = await gateway.logged(request_id)
    assert entry["api_key"] == read_key(key).id.hex
    assert entry["subject"] is None
    token_id = uuid.uuid4().hex
    token = gateway.bearer() | {"x-request-id": token_id}
    assert (await gateway.http.get(INVENTORY, headers=token)).status_code == 200
    entry = await gateway.logged(token_id)
    assert (entry["api_key"], entry["subject"]) == (None, "somebody")
    assert secret not in (gateway.directory / "log").read_text()
    for page in ("config_dump", "stats", "clusters", "stats/prometheus"):
        shown = await gateway.http.get(f"{gateway.admin}/{page}")
        assert secret not in shown.text, page


async def test_a_key_has_a_limit_of_its_own(narrow: Gateway, backend: Backend) -> None:
    async def statuses(key: str, address: str, calls: int) -> list[int]:
        headers = {"authorization": f"Bearer {key}", "x-forwarded-for": address}
        answers = await asyncio.gather(
            *(narrow.http.get(INVENTORY, headers=headers) for _ in range(calls))
        )
        return sorted(answer.status_code for answer in answers)

    busy = made_up()
    assert (await statuses(busy, "198.51.100.1", 10)).count(429) >= 5
    # Another secret of the same key is the same caller, from wherever it calls.
    same = written_key(read_key(busy).id, new_secret())
    assert 429 in await statuses(same, "198.51.100.2", 3)
    assert await statuses(made_up(), "198.51.100.3", 3) == [200] * 3


async def test_made_up_keys_from_one_address_are_limited_together(
    narrow: Gateway, backend: Backend
) -> None:
    async def status(address: str) -> int:
        headers = {"authorization": f"Bearer {made_up()}", "x-forwarded-for": address}
        return (await narrow.http.get(INVENTORY, headers=headers)).status_code

    one = await asyncio.gather(*(status("198.51.100.10") for _ in range(20)))
    assert one.count(429) >= 10
    assert await status("198.51.100.11") == 200
