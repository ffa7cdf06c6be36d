"""Errors: one format, whatever their source, with the specified status."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import grpc
import pytest
from arcadia.inventory.v1 import inventory_service_pb2

from services.common import errors
from services.common.errors import HTTP_STATUS_KEY
from services.common.settings import Service
from tests.gateway.harness import Backend, Gateway, refusal, run_gateway, serve
from tests.support.waiting import tries

INVENTORY = "/api/v1/inventory"
LIST_RESOURCES = "/arcadia.inventory.v1.InventoryService/ListResources"

ERRORS = [
    (errors.InvalidArgument("page_size", "must not be negative"), 400, 3),
    (errors.Unauthenticated("the token is not an access token", reason="TOKEN_TYPE"), 401, 16),
    (errors.PermissionDenied("only an operator may do this", reason="OPERATOR_ONLY"), 403, 7),
    (errors.NotFound("resource", "7"), 404, 5),
    (errors.AlreadyExists("taken", reason="SLUG_TAKEN"), 409, 6),
    (errors.Aborted("lost", reason="LOST_RACE"), 409, 10),
    (errors.FailedPrecondition("not open", reason="DRIFT_NOT_OPEN"), 422, 9),
    (errors.ResourceExhausted("too many", reason="TOO_MANY"), 429, 8),
    (errors.Internal(), 500, 13),
    (errors.Unimplemented(), 501, 12),
    (errors.Unavailable("down", reason="DATABASE_DOWN"), 503, 14),
]


def failing(error: errors.ArcadiaError) -> Any:
    """Fails as the interceptor of the services does."""

    async def answer(request: Any, context: Any) -> Any:
        status = errors.to_status(error)
        trailing = tuple(status.trailing_metadata or ())
        if error.http_status is not None:
            trailing = (*trailing, (HTTP_STATUS_KEY, str(error.http_status)))
        await context.abort(status.code, status.details, trailing)

    return answer


async def never(request: Any, context: Any) -> Any:
    await asyncio.sleep(60)


@pytest.mark.parametrize(("error", "status", "code"), ERRORS)
async def test_an_error_of_a_service_comes_as_json_with_its_reason(
    gateway: Gateway, backend: Backend, error: errors.ArcadiaError, status: int, code: int
) -> None:
    backend.answers["ListResources"] = failing(error)
    answer = await gateway.get(INVENTORY)
    assert refusal(answer) == (status, code, error.reason)
    assert answer.json()["message"] == error.message
    assert answer.json()["details"][0]["metadata"] == error.metadata


async def test_the_fields_to_blame_are_named(gateway: Gateway, backend: Backend) -> None:
    backend.answers["ListResources"] = failing(
        errors.InvalidArgument("page_size", "must not be negative")
    )
    details = (await gateway.get(INVENTORY)).json()["details"]
    assert details[1]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert details[1]["field_violations"][0]["field"] == "page_size"


async def test_grpc_callers_get_the_status_as_the_service_gave_it(
    gateway: Gateway, backend: Backend
) -> None:
    backend.answers["ListResources"] = failing(errors.FailedPrecondition("no", reason="NO"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.call(LIST_RESOURCES)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    trailing = dict(refused.value.trailing_metadata() or ())
    assert "grpc-status-details-bin" in trailing


async def test_a_service_may_choose_the_status_of_a_success(
    gateway: Gateway, backend: Backend
) -> None:
    async def created(request: Any, context: Any) -> Any:
        await context.send_initial_metadata(((HTTP_STATUS_KEY, "201"),))
        return inventory_service_pb2.AssignResourceResponse()

    backend.answers["AssignResource"] = created
    answer = await gateway.post("/api/v1/inventory/7/assign", {})
    assert answer.status_code == 201
    assert HTTP_STATUS_KEY not in answer.headers


async def test_an_unknown_query_parameter_is_400_and_named(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await gateway.get(f"{INVENTORY}?page_sise=3")
    assert refusal(answer) == (400, 3, "INVALID_ARGUMENT")
    assert "page_sise" in answer.json()["message"]


@pytest.mark.parametrize(("query", "named"), [("page_size=x", "page_size"), ("view=x", "view")])
async def test_a_query_parameter_of_the_wrong_type_is_400_and_named(
    gateway: Gateway, backend: Backend, query: str, named: str
) -> None:
    answer = await gateway.get(f"{INVENTORY}?{query}")
    assert refusal(answer) == (400, 3, "INVALID_ARGUMENT")
    assert named in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{", "Unexpected end"),
        ('{"reason": {"a": 1}}', "reason"),
        ('{"id": "8"}', "field id"),
        ("[]", ""),
    ],
)
async def test_a_body_with_wrong_types_is_400(
    gateway: Gateway, backend: Backend, body: str, named: str
) -> None:
    answer = await gateway.http.post(
        "/api/v1/inventory/7/assign", content=body, headers=gateway.bearer()
    )
    assert refusal(answer) == (400, 3, "INVALID_ARGUMENT")
    assert named in answer.json()["message"]
    assert backend.arrivals == []


async def test_an_unknown_path_is_404(gateway: Gateway, backend: Backend) -> None:
    assert refusal(await gateway.get("/api/v1/nothing")) == (404, 5, "ROUTE_NOT_FOUND")
    assert refusal(await gateway.get("/")) == (404, 5, "ROUTE_NOT_FOUND")


async def test_a_body_over_the_limit_is_413(narrow: Gateway, backend: Backend) -> None:
    headers = narrow.bearer("big")
    path = "/api/v1/inventory/7/assign"
    fits = await narrow.http.post(path, json={"reason": "x" * 1_900}, headers=headers)
    assert fits.status_code == 200
    large = await narrow.http.post(path, json={"reason": "x" * 2_100}, headers=headers)
    assert refusal(large) == (413, 8, "REQUEST_TOO_LARGE")


async def test_a_body_in_chunks_is_counted_too(narrow: Gateway, backend: Backend) -> None:
    async def chunks() -> Any:
        for _ in range(30):
            yield b" " * 100

    answer = await narrow.http.post(
        "/api/v1/inventory/7/assign", content=chunks(), headers=narrow.bearer("chunks")
    )
    assert refusal(answer) == (413, 8, "REQUEST_TOO_LARGE")


async def test_headers_over_the_limit_are_431(narrow: Gateway, backend: Backend) -> None:
    headers = narrow.bearer("wide") | {"x-wide": "x" * 5_000}
    answer = await narrow.http.get(INVENTORY, headers=headers)
    assert refusal(answer) == (431, 8, "HEADERS_TOO_LARGE")


async def test_a_caller_over_its_rate_limit_gets_429_and_others_do_not(
    narrow: Gateway, backend: Backend
) -> None:
    eager = [await narrow.http.get(INVENTORY, headers=narrow.bearer("eager")) for _ in range(8)]
    assert [answer.status_code for answer in eager[:3]] == [200] * 3
    refused = next(answer for answer in eager if answer.status_code != 200)
    assert refusal(refused) == (429, 8, "RATE_LIMITED")
    assert refused.headers["retry-after"] == "1"
    assert (await narrow.http.get(INVENTORY, headers=narrow.bearer("calm"))).status_code == 200


async def health_of(gateway: Gateway, address: str) -> int:
    """The status of the health route for a caller behind our proxy."""
    answer = await gateway.http.get("/api/health", headers={"x-forwarded-for": address})
    if answer.status_code == 429:
        assert refusal(answer) == (429, 8, "RATE_LIMITED")
    return answer.status_code


async def test_callers_without_a_token_are_limited_by_their_address(
    narrow: Gateway, backend: Backend
) -> None:
    eager = await asyncio.gather(*(health_of(narrow, "192.0.2.1") for _ in range(200)))
    # On a busy machine some of so many at once wait too long for the service: those are 504.
    assert {200, 429} <= set(eager) <= {200, 429, 504}
    assert await health_of(narrow, "192.0.2.2") == 200
    assert (await narrow.http.get(INVENTORY, headers=narrow.bearer("known"))).status_code == 200


async def test_callers_without_a_token_share_one_limit_and_use_up_no_others(
    narrow: Gateway, backend: Backend
) -> None:
    answers = await asyncio.gather(*(health_of(narrow, f"198.51.100.{n}") for n in range(250)))
    # On a busy machine some of so many at once wait too long for the service: those are 504.
    assert {200, 429} <= set(answers) <= {200, 429, 504}
    assert (await narrow.http.get(INVENTORY, headers=narrow.bearer("known"))).status_code == 200


async def test_a_service_that_is_too_slow_is_504(narrow: Gateway, backend: Backend) -> None:
    backend.answers["ListResources"] = never
    answer = await narrow.http.get(INVENTORY, headers=narrow.bearer("patient"))
    assert refusal(answer) == (504, 4, "DEADLINE_EXCEEDED")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await narrow.call(LIST_RESOURCES, token=narrow.token("patient"))
    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_service_is_always_given_a_deadline(gateway: Gateway, backend: Backend) -> None:
    await gateway.get(INVENTORY)
    assert backend.last.seconds_left is not None
    assert backend.last.seconds_left <= 16


async def test_a_caller_cannot_extend_the_timeout_of_a_call(
    narrow: Gateway, backend: Backend
) -> None:
    backend.answers["ListResources"] = never
    headers = narrow.bearer("stubborn") | {
        "grpc-timeout": "1H",
        "x-envoy-upstream-rq-timeout-ms": "60000",
    }
    answer = await narrow.http.get(INVENTORY, headers=headers)
    assert refusal(answer) == (504, 4, "DEADLINE_EXCEEDED")


@pytest.mark.parametrize(
    "header",
    [
        {"grpc-timeout": "soon"}, {"grpc-trace-bin": "!"}, {"x-any-bin": "!"},
        {"grpc-previous-rpc-attempts": "x"}, {"grpc-status": "x"}, {"grpc-encoding": "x0"},
        {"x&y": "x"}, {"^": "x"}, {"x'": "x"},
    ],
)  # fmt: skip  # a table
async def test_an_invalid_grpc_header_does_not_affect_other_calls(
    gateway: Gateway, backend: Backend, header: dict[str, str]
) -> None:
    """Services share a connection: a header that one cannot parse may break the calls after it."""
    for _ in range(2):
        odd = await gateway.http.get(INVENTORY, headers=gateway.bearer() | header)
        assert odd.status_code == 200
        assert await gateway.call(LIST_RESOURCES) == b""


@pytest.mark.parametrize("encoding", ["x0", "gzip", "deflate"])
async def test_a_compressed_grpc_call_ends_at_the_gateway_which_could_not_measure_it(
    gateway: Gateway, backend: Backend, encoding: str
) -> None:
    odd = await gateway.http.post(
        LIST_RESOURCES,
        content=b"\0\0\0\0\0",
        headers=gateway.bearer()
        | {"content-type": "application/grpc", "te": "trailers", "grpc-encoding": encoding},
    )
    assert odd.headers["grpc-status"] == "12"
    assert odd.headers["grpc-accept-encoding"] == "identity"
    assert backend.arrivals == []


async def test_a_long_value_does_not_affect_other_calls_on_the_connection(
    gateway: Gateway, backend: Backend
) -> None:
    backend.answers["ListResources"] = failing(errors.InvalidArgument("kind", "k" * 100_000))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.call(LIST_RESOURCES)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_service_that_fails_often_is_still_asked(
    gateway: Gateway, backend: Backend
) -> None:
    backend.answers["ListResources"] = failing(errors.Internal())
    for _ in range(12):
        assert (await gateway.get(INVENTORY)).status_code == 500
    assert (await gateway.get("/api/v1/inventory:count")).status_code == 200


async def test_a_call_to_a_briefly_unavailable_service_is_retried(
    gateway: Gateway, backend: Backend
) -> None:
    async def at_the_second_time(request: Any, context: Any) -> Any:
        if len(backend.arrivals) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "in a moment")
        return inventory_service_pb2.ListResourcesResponse()

    backend.answers["ListResources"] = at_the_second_time
    assert (await gateway.get(INVENTORY)).status_code == 200


async def test_a_service_that_is_down_is_503_until_it_is_back(tmp_path: Path) -> None:
    backend = Backend()
    async with contextlib.AsyncExitStack() as stack:
        async with serve(backend):
            gateway = await stack.enter_async_context(run_gateway(tmp_path, backend.port))
            assert (await gateway.get(INVENTORY)).status_code == 200
        down = await gateway.get(INVENTORY)
        assert refusal(down) == (503, 14, "SERVICE_UNAVAILABLE")
        assert "127.0.0.1" not in down.text
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await gateway.call(LIST_RESOURCES)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        async with serve(backend, backend.port):
            for _ in tries():
                if (await gateway.get(INVENTORY)).status_code == 200:
                    return
                await asyncio.sleep(0.1)
    raise AssertionError("it was not found again")


async def test_health_is_answered_by_whichever_service_is_up(tmp_path: Path) -> None:
    alive = Backend()
    gone = {
        f"{service}_address": Backend() for service in Service if service is not Service.BILLING
    }
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(serve(alive))
        async with contextlib.AsyncExitStack() as stopped:
            for backend in gone.values():
                await stopped.enter_async_context(serve(backend))
            addresses: dict[str, Any] = {
                name: f"127.0.0.1:{backend.port}" for name, backend in gone.items()
            }
            gateway = await stack.enter_async_context(
                run_gateway(tmp_path, alive.port, **addresses)
            )
            assert (await gateway.http.get("/api/health")).status_code == 200
        answers = [await gateway.http.get("/api/health") for _ in range(6)]
        assert {answer.status_code for answer in answers} == {200}
        assert refusal(await gateway.get(INVENTORY)) == (503, 14, "SERVICE_UNAVAILABLE")
