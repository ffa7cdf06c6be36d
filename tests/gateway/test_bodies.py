"""JSON bodies: only known fields, each once, in standard JSON."""

import json

import pytest
from arcadia.analytics.v1 import usage_service_pb2
from arcadia.inventory.v1 import drift_service_pb2
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.harness import Backend, Gateway, refusal

ASSIGN = "/api/v1/inventory/7/assign"
EVENTS = "/api/v1/usage-events"
SPEC = "/api/v1/inventory/7/spec"


async def sent(gateway: Gateway, path: str, body: str) -> tuple[int, str, str]:
    """The status, reason and field for a body that is sent as it is written."""
    method = "PUT" if path == SPEC else "POST"
    answer = await gateway.http.request(method, path, content=body, headers=gateway.bearer())
    if answer.status_code == 200:
        return 200, "", ""
    status, _, reason = refusal(answer)
    return status, reason, answer.json()["details"][0]["metadata"].get("field", "")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (ASSIGN, '{"reasn": "x", "reason": "y"}', "reasn"),
        (ASSIGN, '{"Reason": "y"}', "Reason"),
        (ASSIGN, '{"re\\u0061son": "y"}', "re\\u0061son"),
        (EVENTS, '{"events": [{"qty": "1"}, {"quantity": "1"}]}', "events[1].quantity"),
        (EVENTS, '{"event": []}', "event"),
    ],
)
async def test_a_field_that_does_not_exist_is_400_and_named(
    gateway: Gateway, backend: Backend, path: str, body: str, field: str
) -> None:
    assert await sent(gateway, path, body) == (400, "UNKNOWN_FIELD", field)
    assert backend.arrivals == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (ASSIGN, '{"reason": "x", "reason": "y"}', "reason"),
        (ASSIGN, '{"tenant_id": "x", "tenantId": "y"}', "tenantId"),
        (EVENTS, '{"events": [{"qty": "1", "qty": "2"}]}', "events[0].qty"),
        (SPEC, '{"spec": {"a": {"b": 1, "b": 2}}}', "spec.a.b"),
    ],
)
async def test_a_field_that_is_there_twice_is_400_and_named(
    gateway: Gateway, backend: Backend, path: str, body: str, field: str
) -> None:
    assert await sent(gateway, path, body) == (400, "DUPLICATE_FIELD", field)
    assert backend.arrivals == []


@pytest.mark.parametrize(
    "body",
    [
        "{'reason': 'x'}", '{reason: "x"}', '{"reason": "x",}', '{"reason": "x"} {}', '{"reason"}',
        '{"reason": "a\tb"}', '{"reason": "\\x41"}', '{"reason": NaN}', '{"reason": 01}',
        '{"reason": .5}', '{"reason": +1}', '{"reason": 1.}', '{"reason": truex}', '{"reason": "x"',
        '{"by_rules": [1 2]}', "nul", '{"by_rules": ' + "[" * 100 + "]" * 100 + "}",
    ],
)  # fmt: skip  # a table
async def test_almost_valid_json_is_400(gateway: Gateway, backend: Backend, body: str) -> None:
    status, reason, _ = await sent(gateway, ASSIGN, body)
    assert (status, reason) == (400, "INVALID_ARGUMENT")
    assert backend.arrivals == []


@pytest.mark.parametrize("body", ["", "{}", '{ "tenantId" : "x" , "nobody" : false }'])
async def test_an_empty_body_and_the_other_spelling_of_a_name_pass(
    gateway: Gateway, backend: Backend, body: str
) -> None:
    assert await sent(gateway, ASSIGN, body) == (200, "", "")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (SPEC, '{"spec": {"a": [0, {"b": [[], [1, {"c": 1, "c": 2}]]}]}}', "spec.a[1].b[1][1].c"),
        (SPEC, '{"spec": {"a": {"b": [1, 2]}, "d": {"e": 1, "e": 2}}}', "spec.d.e"),
        (EVENTS, '{"events": [{"qty": "1"}, {"qty": "2"}], "events": []}', "events"),
    ],
)  # fmt: skip  # a table
async def test_a_deep_field_is_named_by_its_path(
    gateway: Gateway, backend: Backend, path: str, body: str, field: str
) -> None:
    assert await sent(gateway, path, body) == (400, "DUPLICATE_FIELD", field)


async def test_a_value_is_in_at_most_31_others_which_the_services_can_read(
    gateway: Gateway, backend: Backend
) -> None:
    for depth, status in ((31, 200), (32, 400)):
        for opened, closed in (("[", "]"), ('{"a":', "}")):
            inner = opened * (depth - 2) + "1" + closed * (depth - 2)
            answer = await sent(gateway, SPEC, f'{{"spec": {{"a": {inner}}}}}')
            assert answer[0] == status, (depth, opened)


async def test_a_field_name_has_at_most_400_bytes(gateway: Gateway, backend: Backend) -> None:
    for name in ("k" * 400, "\u00e9" * 200):
        assert await sent(gateway, SPEC, f'{{"spec": {{"a": {{"{name}": [1]}}}}}}') == (200, "", "")
    backend.forget()
    for name in ("k" * 401, "\u00e9" * 201, "k" * 420_000):
        status, reason, field = await sent(
            gateway, SPEC, f'{{"spec": {{"a": [1, {{"{name}": [1]}}]}}}}'
        )
        assert (status, reason) == (400, "INVALID_ARGUMENT")
        assert field.startswith("spec.a[1].")
        assert len(field) == 200
    assert backend.arrivals == []


async def test_a_refusal_says_why_however_long_the_name_is(
    gateway: Gateway, backend: Backend
) -> None:
    body = {"k" * 400: 1}
    answer = await gateway.http.post(ASSIGN, json=body, headers=gateway.bearer())
    assert answer.json()["message"] == f"{'k' * 200}: unknown field"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXTS, FREE, max_size=3), st.booleans())
async def test_every_struct_passes_as_it_is(
    gateway: Gateway, backend: Backend, spec: dict[str, object], escaped: bool
) -> None:
    backend.forget()
    body = json.dumps({"spec": spec}, ensure_ascii=escaped)
    assert await sent(gateway, SPEC, body) == (200, "", "")
    expected = json_format.ParseDict({"spec": spec}, drift_service_pb2.RecordSpecRequest())
    assert backend.last.request.spec == expected.spec


EVENT = st.fixed_dictionaries(
    {},
    optional={
        "idempotency_key": TEXTS,
        "source": TEXTS,
        "qty": TEXTS,
        "deployment_id": TEXTS,
        "occurred_at": st.just("2026-04-10T01:02:03.5Z"),
    },
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENT, max_size=4), st.booleans())
async def test_every_body_that_json_writes_of_a_request_passes(
    gateway: Gateway, backend: Backend, events: list[dict[str, str]], camel: bool
) -> None:
    backend.forget()
    request = json_format.ParseDict({"events": events}, usage_service_pb2.SendUsageEventsRequest())
    body = json_format.MessageToJson(request, preserving_proto_field_name=not camel)
    assert await sent(gateway, EVENTS, body) == (200, "", "")
    assert backend.last.request == request


async def test_another_method_on_a_path_is_405_and_says_which_it_takes(
    gateway: Gateway, backend: Backend
) -> None:
    for method, path, allowed in (
        ("DELETE", "/api/v1/inventory", "GET"),
        ("PUT", ASSIGN, "POST"),
        ("PATCH", "/api/v1/deployments", "GET, POST"),
    ):
        answer = await gateway.http.request(method, path, headers=gateway.bearer())
        assert refusal(answer) == (405, 12, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == allowed
    assert backend.arrivals == []


async def test_a_request_that_names_two_hosts_is_400(gateway: Gateway, backend: Backend) -> None:
    status, body = await gateway.raw(
        "GET /api/health HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n"
    )
    assert (status, json.loads(body)["details"][0]["reason"]) == (400, "REQUEST_MALFORMED")
    assert backend.arrivals == []


NOT_JSON = [
    "application/grpc", "application/grpc+json", "application/grpc-web", "application/grpcx",
    "application/grpc;x=1", "application/grpc ;x=1", "Application/GRPC-Web", "application/grpc,x",
]  # fmt: skip  # a table


@pytest.mark.parametrize("kind", NOT_JSON)
@pytest.mark.parametrize("body", ['{"reason": "x", "reason": "y"}', '{"reason": "x"}'])
async def test_a_body_with_a_grpc_content_type_is_not_json(
    gateway: Gateway, backend: Backend, kind: str, body: str
) -> None:
    answer = await gateway.http.post(
        ASSIGN, content=body, headers=gateway.bearer() | {"content-type": kind}
    )
    if kind in ("application/grpc", "application/grpc+json"):
        assert answer.headers["grpc-status"] == "12"
    else:
        assert "grpc-status" not in answer.headers
        assert refusal(answer) == (415, 3, "UNSUPPORTED_MEDIA_TYPE")
    assert backend.arrivals == []


@pytest.mark.parametrize("kind", ["application/grpc;x=1", "application/grpc-web"])
async def test_a_caller_with_an_almost_grpc_content_type_is_refused_in_json(
    gateway: Gateway, backend: Backend, kind: str
) -> None:
    answer = await gateway.http.post(ASSIGN, content="{}", headers={"content-type": kind})
    assert refusal(answer) == (401, 16, "TOKEN_MISSING")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_is_checked_whatever_its_type_is_called(
    gateway: Gateway, backend: Backend, kind: str
) -> None:
    answer = await gateway.http.post(
        ASSIGN,
        content='{"reason": "x", "reason": "y"}',
        headers=gateway.bearer() | {"content-type": kind},
    )
    assert refusal(answer) == (400, 3, "DUPLICATE_FIELD")
    assert backend.arrivals == []


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc-web", "application/json"])
async def test_no_content_type_lets_a_second_host_pass(
    gateway: Gateway, backend: Backend, kind: str
) -> None:
    status, _ = await gateway.raw(
        f"GET /api/health HTTP/1.1\r\nhost: a\r\nhost: b\r\ncontent-type: {kind}\r\n"
        "connection: close\r\n\r\n"
    )
    assert (status, backend.arrivals) == (200 if kind == "application/grpc" else 400, [])


async def test_a_variable_may_have_the_name_of_another_path(
    gateway: Gateway, backend: Backend
) -> None:
    answer = await gateway.http.put("/api/v1/usage/unmetered/facts", headers=gateway.bearer())
    assert refusal(answer) == (405, 12, "METHOD_NOT_ALLOWED")
