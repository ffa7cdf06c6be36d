"""The OpenAPI document says what the protos and the services declare."""

import json
import re
from typing import Any

import pytest

from gateway.documents import OPENAPI
from gateway.openapi.__main__ import EXAMPLES as RECORDED
from gateway.openapi.reasons import Reason, reasons_of_methods
from gateway.openapi.texts import text_schema, vocabulary
from gateway.routes import Binding, Rpc, read_rpcs
from tests.openapi.contract import OPERATIONS, schema_problems

DOCUMENT: Any = json.loads(OPENAPI.read_text())
EXAMPLES: Any = json.loads(RECORDED.read_text())
SCHEMAS: Any = DOCUMENT["components"]["schemas"]
ROUTES = [(rpc, binding) for rpc in read_rpcs() if rpc.shown for binding in rpc.bindings]
EVERY_ROUTE = pytest.mark.parametrize(
    ("rpc", "binding"), ROUTES, ids=[f"{b.http_method} {b.template}" for _, b in ROUTES]
)


def operation(method: str, path: str) -> Any:
    return DOCUMENT["paths"][path][method]


def test_the_document_has_the_exposed_routes_and_no_others() -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    assert described == {f"{binding.http_method} {binding.template}" for _, binding in ROUTES}
    assert "Internal" not in " ".join(SCHEMAS)


@EVERY_ROUTE
def test_an_operation_has_a_name_a_noun_and_sentences(rpc: Rpc, binding: Binding) -> None:
    described = operation(binding.http_method.lower(), binding.template)
    assert described["operationId"] == rpc.name[0].lower() + rpc.name[1:]
    assert described["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    assert len(described["summary"]) > 10
    assert described["description"].startswith(described["summary"])
    assert "buf:" not in described["description"]


@EVERY_ROUTE
def test_an_operation_says_who_may_call_it(rpc: Rpc, binding: Binding) -> None:
    described = operation(binding.http_method.lower(), binding.template)
    assert (described["security"] == []) == rpc.public
    assert ("401" in described["responses"]) != rpc.public
    for role in rpc.rule.platform_roles | rpc.rule.tenant_roles:
        if "Any valid token" not in described["description"]:
            assert f"`{role}`" in described["description"]


@EVERY_ROUTE
def test_a_write_takes_an_idempotency_key(rpc: Rpc, binding: Binding) -> None:
    described = operation(binding.http_method.lower(), binding.template)
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    assert (key in described.get("parameters", [])) == rpc.keyed


@EVERY_ROUTE
def test_every_field_of_a_request_is_explained(rpc: Rpc, binding: Binding) -> None:
    described = operation(binding.http_method.lower(), binding.template)
    for parameter in described.get("parameters", []):
        assert parameter.get("description") or "$ref" in parameter
    variables = re.findall(r"{(\w+)}", binding.template)
    assert variables == [
        one["name"] for one in described.get("parameters", []) if one.get("in") == "path"
    ]
    if binding.body:
        schema = SCHEMAS[rpc.request.rpartition(".")[2]]
        assert schema["additionalProperties"] is False
        assert not schema["properties"].keys() & set(variables)
        assert all(one.get("description") for one in schema["properties"].values())


def test_a_response_has_every_field_that_is_not_optional() -> None:
    deployment = SCHEMAS["Deployment"]
    assert {"id", "tenant_id", "slug", "state"} <= set(deployment["required"])
    assert "created_at" not in deployment["required"]
    assert "cost_cents" not in SCHEMAS["MarginGuard"]["required"]


def test_a_request_has_the_required_fields_that_its_path_does_not_have() -> None:
    assert SCHEMAS["TransitionDeploymentRequest"]["required"] == ["to_state"]


def test_amounts_days_and_vocabularies_have_their_form() -> None:
    line = SCHEMAS["QuoteLine"]["properties"]
    assert line["amount_cents"]["format"] == "int64"
    assert line["amount_cents"]["type"] == "string"
    assert re.fullmatch(line["qty"]["pattern"], "744.5")
    assert not re.fullmatch(line["qty"]["pattern"], "7e2")
    assert SCHEMAS["Quote"]["properties"]["starts_on"]["format"] == "date"
    assert SCHEMAS["Quote"]["properties"]["created_at"]["format"] == "date-time"
    assert SCHEMAS["Invoice"]["properties"]["status"]["enum"] == [
        "draft", "issued", "paid", "void",
    ]  # fmt: skip  # a table


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("`up` or `down`.", ["up", "down"]),
        ("The scope: `plan`, `meter` (the default, not `x`) or `sku`.", ["plan", "meter", "sku"]),
        ("`ok`, `degraded` when it is slow, or `down`.", ["ok", "degraded", "down"]),
        ("`pdf` or `focus`: its lines as CSV, `a` or `b`.", ["pdf", "focus"]),
        ("Such as `up` or `down`.", []),
        ("`deployments`, `quotes_per_day` and others.", []),
        ("Filters by status; empty means `open` or `any`.", []),
        ("`true` suspends it.", []),
    ],
)
def test_a_complete_list_of_words_is_a_vocabulary(comment: str, words: list[str]) -> None:
    assert list(vocabulary(comment)) == words


def test_a_text_may_be_empty_in_a_response_only_where_its_comment_says_so() -> None:
    assert text_schema("ends_on", "The last day, an ISO date.", given=False)["format"] == "date"
    open_ended = text_schema("ends_on", "The last day; empty when it has none.", given=False)
    assert re.fullmatch(open_ended["pattern"], "")
    assert text_schema("rule", "`a` or `b`; empty without one.", given=False)["enum"][-1] == ""
    assert text_schema("rule", "`a` or `b`; empty means both.", given=True)["enum"] == ["a", "b"]


def test_an_operation_lists_the_reasons_that_its_code_raises() -> None:
    made = operation("post", "/api/v1/deployments")["responses"]
    assert {"IDEMPOTENCY_KEY_REUSED", "SLUG_TAKEN"} == set(made["409"]["x-reasons"])
    assert "`TRIAL_USED`" in made["422"]["description"]
    read = operation("get", "/api/v1/deployments/{id}")["responses"]
    assert read["404"]["x-reasons"] == ["DEPLOYMENT_NOT_FOUND"]
    assert "409" not in read
    assert "422" not in read


def test_a_reason_is_found_where_it_is_passed_to_another_function() -> None:
    reasons = reasons_of_methods()
    assert Reason("NotFound", "INVOICE_NOT_FOUND") in reasons["InvoiceServicer/PayInvoice"]
    assert Reason("InvalidArgument", "FIELD_REQUIRED") in reasons["LimitServicer/SetTenantLimit"]
    assert Reason("QuotaExceeded", "QUOTA_<NAME>") in reasons["DeploymentServicer/CreateDeployment"]


def test_most_operations_have_a_recorded_answer() -> None:
    operations = {one.name for one in OPERATIONS}
    assert EXAMPLES.keys() <= operations
    assert len(EXAMPLES) > 0.75 * len(operations)


RECORD = "record again: RECORD_EXAMPLES=1 pytest tests/scenarios/test_april.py -k every_answer"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_recorded_answer_is_as_the_document_describes_it(name: str) -> None:
    [described] = [one.described for one in OPERATIONS if one.name == name]
    [answered] = described["responses"]["200"]["content"].values()
    assert answered["example"] == EXAMPLES[name]["response"]
    assert schema_problems(answered["schema"], answered["example"]) == [], RECORD
    if "request" in EXAMPLES[name]:
        [sent] = described["requestBody"]["content"].values()
        assert schema_problems(sent["schema"], sent["example"]) == []
