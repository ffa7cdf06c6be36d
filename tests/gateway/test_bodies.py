"""What a JSON body may hold: only fields that exist, each once, in JSON as the standard has it."""

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
async def test_what_is_not_quite_json_is_400(gateway: Gateway, backend: Backend, body: str) -> None:
    status, reason, _ = await sent(gateway, ASSIGN, body)
    assert (status, reason) == (400, "INVALID_ARGUMENT")
    assert backend.arrivals == []


@pytest.mark.parametrize("body", ["", "{}", '{ "tenantId" : "x" , "nobody" : false }'])
async def test_an_empty_body_and_the_other_spelling_of_a_name_pass(
    gateway: Gateway, backend: Backend, body: str
) -> None:
    assert await sent(gateway, ASSIGN, body) == (200, "", "")


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
