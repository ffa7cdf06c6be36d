"""The contents of audit entries, which are written with the change."""

import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import grpc
import orjson
import psycopg
import pytest
import structlog
from arcadia.catalog.v1 import catalog_service_pb2 as catalog
from arcadia.catalog.v1 import deployment_service_pb2 as deployments
from arcadia.catalog.v1 import lifecycle_service_pb2 as lifecycle
from arcadia.catalog.v1 import quote_service_pb2 as quotes
from arcadia.inventory.v1 import drift_service_pb2 as drift
from google.protobuf import json_format, struct_pb2
from google.protobuf.struct_pb2 import Value

from services.common.audit import auditor, refusals
from services.common.audit.entries import inserted, read_changes
from services.common.audit.refusals import REFUSALS_A_MINUTE, RefusalBudget
from services.common.audit.rpcs import MAX_VALUES, NOT_KEPT, audited_rpcs, described
from services.common.identity.api_keys import new_secret, written_key
from tests.audit.log import entries_of
from tests.catalog.shop import Shop, Token
from tests.catalog.test_api_keys import bearer, create, revoke
from tests.support.serving import DEFINITIONS


async def deployed(shop: Shop, slug: str = "web", *more: tuple[str, str]) -> str:
    answer = await shop.deployments.CreateDeployment(
        deployments.CreateDeploymentRequest(slug=slug), metadata=[*shop.acme, *more]
    )
    return answer.deployment.id


async def renamed(shop: Shop, identifier: str, token: Token, *more: tuple[str, str]) -> None:
    await shop.deployments.UpdateDeployment(
        deployments.UpdateDeploymentRequest(id=identifier, display_name="Web"),
        metadata=[*token, *more],
    )


async def test_a_write_is_kept_with_who_what_and_the_fields_before_and_after(shop: Shop) -> None:
    web = await deployed(shop)
    await renamed(shop, web, shop.operator, ("idempotency-key", "k1"), ("x-request-id", "r1"))
    made, changed = entries_of(shop.admin_url)
    assert made.content["changes"][0]["operation"] == "insert"
    assert made.content["changes"][0]["after"]["slug"] == "web"
    assert changed.content | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "service": "catalog",
        "rpc": "/arcadia.catalog.v1.DeploymentService/UpdateDeployment",
        "actor": "op",
        "key_id": "",
        "operator": True,
        "roles": ["platform-admin"],
        "tenant_id": "acme",
        "object": f"deployments/{web}",
        "objects": [web, f"deployments/{web}"],
        "outcome": "done",
        "status": "",
        "reason": "",
        "request_id": "r1",
        "idempotency_key": "k1",
        "address": "127.0.0.1",
        "peer": "127.0.0.1",
        "request": {"id": web, "display_name": "Web"},
        "changed_rows": "1",
        "changes": [
            {
                "table": "deployments",
                "operation": "update",
                "key": web,
                "before": {"display_name": "web"},
                "after": {"display_name": "Web"},
            }
        ],
        "refusals_without_entry": "0",
    }


async def test_a_refused_write_of_a_proven_caller_is_kept_with_its_reason(shop: Shop) -> None:
    web = await deployed(shop)
    with pytest.raises(grpc.aio.AioRpcError):
        await renamed(shop, web, shop.tenant("globex"))
    with pytest.raises(grpc.aio.AioRpcError):
        await shop.catalog.CreatePlan(
            catalog.CreatePlanRequest(code="mine", name="Mine"), metadata=shop.acme
        )
    _, foreign, forbidden = (entry.content for entry in entries_of(shop.admin_url))
    assert (foreign["outcome"], foreign["status"], foreign["reason"], foreign["object"]) == (
        "refused", "NOT_FOUND", "DEPLOYMENT_NOT_FOUND", f"deployments/{web}",
    )  # fmt: skip  # a table
    assert (foreign["actor"], foreign["tenant_id"]) == ("member of globex", "globex")
    assert (forbidden["reason"], forbidden["request"]) == (
        "OPERATOR_ONLY", {"code": "mine", "name": "Mine"},
    )  # fmt: skip  # a table


async def test_a_long_request_of_a_caller_who_may_not_call_is_not_read(shop: Shop) -> None:
    request = catalog.CreatePlanRequest(code="mine", name="x" * 5_000)
    with pytest.raises(grpc.aio.AioRpcError):
        await shop.catalog.CreatePlan(request, metadata=shop.acme)
    [entry] = (entry.content for entry in entries_of(shop.admin_url))
    assert (entry["reason"], entry["object"], entry["request"]) == (
        "OPERATOR_ONLY", "", {"…": f"[{request.ByteSize()} bytes, not read]"},
    )  # fmt: skip  # a table


async def test_a_refusal_is_answered_and_logged_when_its_entry_cannot_be_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(shop.admin_url, autocommit=True) as owner:
        owner.execute("ALTER FUNCTION audit_record RENAME TO audit_record_gone")
    log = structlog.testing.CapturingLogger()
    bound = structlog.wrap_logger(log, processors=[])
    monkeypatch.setattr(auditor, "log", bound)
    request = catalog.CreatePlanRequest(code="mine", name="Mine")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await shop.catalog.CreatePlan(request, metadata=shop.acme)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    [logged] = log.calls
    assert (logged.method_name, logged.kwargs["event"]) == (
        "error", "a refused write was not recorded",
    )  # fmt: skip  # a table
    assert orjson.loads(logged.kwargs["entry"])["request"] == {"code": "mine", "name": "Mine"}


async def test_a_refusal_is_answered_when_its_entry_cannot_be_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "entry_of", None)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await shop.catalog.CreatePlan(catalog.CreatePlanRequest(code="a"), metadata=shop.acme)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_a_write_with_a_revoked_or_expired_key_is_kept_as_refused(shop: Shop) -> None:
    revoked, expired = await create(shop), await create(shop)
    await revoke(shop, revoked.api_key.id)
    with psycopg.connect(shop.admin_url) as owner:
        owner.execute(
            "UPDATE api_keys SET created_at = '2020-01-01', ends_at = '2020-02-01' WHERE id = %s",
            [expired.api_key.id],
        )
    invented = written_key(UUID(revoked.api_key.id), new_secret())
    before = len(entries_of(shop.admin_url))
    for key in (revoked.key, expired.key, invented):
        with pytest.raises(grpc.aio.AioRpcError):
            await shop.deployments.CreateDeployment(
                deployments.CreateDeploymentRequest(slug="web"), metadata=bearer(key)
            )
    kept = [entry.content for entry in entries_of(shop.admin_url)[before:]]
    assert [(one["actor"], one["tenant_id"], one["reason"]) for one in kept] == [
        (f"api-key:{revoked.api_key.id}", "acme", "KEY_INVALID"),
        (f"api-key:{expired.api_key.id}", "acme", "KEY_EXPIRED"),
    ]
    assert {(one["outcome"], one["status"]) for one in kept} == {("refused", "UNAUTHENTICATED")}


async def test_writes_with_a_revoked_key_fill_no_log(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "REFUSALS_A_MINUTE", 0)
    made = await create(shop)
    await revoke(shop, made.api_key.id)
    before = len(entries_of(shop.admin_url))
    with pytest.raises(grpc.aio.AioRpcError):
        await shop.deployments.CreateDeployment(
            deployments.CreateDeploymentRequest(slug="web"), metadata=bearer(made.key)
        )
    assert len(entries_of(shop.admin_url)) == before


async def test_reads_workers_and_callers_without_a_proof_leave_no_entry(shop: Shop) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await renamed(shop, "x", [("authorization", "Bearer nobody")])
    await shop.deployments.ListDeployments(deployments.ListDeploymentsRequest(), metadata=shop.acme)
    await shop.lifecycle.EndTrials(lifecycle.EndTrialsRequest(), metadata=shop.worker)
    assert entries_of(shop.admin_url) == []


async def test_a_write_that_is_sent_again_is_kept_again_and_changes_nothing(shop: Shop) -> None:
    for _ in range(2):
        await deployed(shop, "web", ("idempotency-key", "same"))
    first, again = (entry.content for entry in entries_of(shop.admin_url))
    assert (first["changed_rows"], again["changed_rows"]) == ("1", "0")
    assert (first["outcome"], again["outcome"]) == ("done", "done")


async def test_a_quote_is_kept_alike_with_and_without_a_key(shop: Shop) -> None:
    request = quotes.CreateQuoteRequest(plan_code="studio")
    for more in ([], [("idempotency-key", "k")]):
        await shop.quotes.CreateQuote(request, metadata=[*shop.acme, *more])
    alone, keyed = (entry.content["changes"][0] for entry in entries_of(shop.admin_url))
    assert alone.keys() == keyed.keys()
    assert alone["after"].keys() == keyed["after"].keys()
    assert alone["after"]["requested_by"] == "member of acme"


async def test_a_tenant_reads_only_audit_entries_about_itself(shop: Shop) -> None:
    await deployed(shop)
    await shop.catalog.CreatePlan(
        catalog.CreatePlanRequest(code="one", name="One"), metadata=shop.operator
    )
    assert [entry.tenant_id for entry in entries_of(shop.admin_url)] == ["acme", None]


def test_a_flood_of_refusals_is_counted_and_not_stored() -> None:
    budget = RefusalBudget()
    kept = [budget.take(("acme", "m"), 1.0) for _ in range(REFUSALS_A_MINUTE + 40)]
    assert kept == [True] * REFUSALS_A_MINUTE + [False] * 40
    budget.count(("acme", "m"), 1.0, 40)
    assert budget.take(("globex", "m"), 1.0)
    assert budget.take(("acme", "m"), 61.0)
    assert [budget.take_uncounted((tenant, "m")) for tenant in ("globex", "acme", "acme")] == [
        0, 40, 0,
    ]  # fmt: skip  # a table


@pytest.fixture
def two_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writes that change nothing get an entry, and the minute does not end."""
    monkeypatch.setattr(refusals, "REFUSALS_A_MINUTE", 2)
    monkeypatch.setattr(auditor, "time", SimpleNamespace(monotonic=lambda: 1.0))


@pytest.mark.usefixtures("two_a_minute")
async def test_repetitions_are_kept_without_their_request_and_so_many_a_minute(shop: Shop) -> None:
    for _ in range(5):
        await deployed(shop, "web", ("idempotency-key", "same"))
    first, *again = (entry.content for entry in entries_of(shop.admin_url))
    assert first["request"] == {"slug": "web"}
    assert [(entry["outcome"], entry["request"]) for entry in again] == [("done", {})] * 2
    await deployed(shop, "other")
    assert entries_of(shop.admin_url)[-1].content["refusals_without_entry"] == "2"


@pytest.mark.usefixtures("two_a_minute")
async def test_any_next_entry_tells_once_what_has_none(shop: Shop) -> None:
    async def refused() -> None:
        for _ in range(3):
            with pytest.raises(grpc.aio.AioRpcError):
                await deployed(shop, "")

    quote = quotes.CreateQuoteRequest(plan_code="studio")
    await refused()
    await deployed(shop)
    await refused()
    await shop.quotes.CreateQuote(quote, metadata=shop.acme)
    await shop.quotes.CreateQuote(quote, metadata=[*shop.acme, ("idempotency-key", "k")])
    told = [entry.content["refusals_without_entry"] for entry in entries_of(shop.admin_url)]
    assert told == ["0", "0", "1", "3", "0"]


NUMBERS: dict[str, Any] = {"user_data": Value(string_value="hush"), "n": Value(number_value=5)}


def test_no_secret_of_a_request_or_a_row_is_kept() -> None:
    request = quotes.CreateQuoteRequest(
        plan_code="pro",
        projected_usage=NUMBERS
        | {
            "in": Value(struct_value=struct_pb2.Struct(fields={"api_key": Value(string_value="x")}))
        },
    )
    assert described(request) == {
        "plan_code": "pro",
        "projected_usage": {
            "user_data": "[redacted]", "n": "5", "in": {"api_key": "[redacted]"},
        },
    }  # fmt: skip  # a table
    told = '{"before": {}, "after": {"attrs": {"password": "hush", "vcpus": 2.50}}}'
    assert read_changes(1, told, "").told == [
        {"before": {}, "after": {"attrs": {"password": "[redacted]", "vcpus": "2.50"}}}
    ]


KEY = f"arc_{'0f' * 16}_{'0e' * 36}"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmVk"


def test_the_spec_of_a_resource_is_not_kept_in_the_request() -> None:
    request = drift.RecordSpecRequest(resource_id="app")
    request.spec.update({"envs": [{"key": "DB", "value": "hush"}], "alerts": {"url": "hush"}})
    assert described(request) == {"resource_id": "app", "spec": "[not kept]"}


def test_every_free_structure_of_a_write_is_declared_as_not_kept() -> None:
    for definition in DEFINITIONS.values():
        for rpc in audited_rpcs(definition.services()).values():
            for field in rpc.request.fields:
                if field.message_type is not None and field.message_type.name == "Struct":
                    assert field.name in NOT_KEPT.get(rpc.request.full_name, ()), rpc.path


@pytest.mark.parametrize("secret", [KEY, KEY[:60], JWT, JWT[:40], "https://me:hush@host/"])
def test_a_key_a_token_and_a_password_are_taken_out_of_every_text(secret: str) -> None:
    for text in (secret, f"see {secret} there", "x" * 250 + " " + secret, secret + "x" * 999):
        request = catalog.CreatePlanRequest(code="one", name=text)
        assert secret[:45] not in str(described(request)), text
    [change] = inserted("quotes", "1", {"note": f"see {secret}"}, "").told
    assert secret not in str(change)
    told = read_changes(1, f'{{"before": {{}}, "after": {{"a": ["{secret}"]}}}}', "").told
    assert secret not in str(told)


@pytest.mark.parametrize(
    "member",
    [
        {"key": "DB", "value": "hush", "type": "SECRET"},
        {"key": "DB_PASSWORD", "value": "hush"},
        {"name": "api_token", "value": "hush"},
    ],
)
def test_a_member_marked_as_secret_is_redacted(member: dict[str, str]) -> None:
    told = {"before": {}, "after": {"envs": [member]}}
    assert read_changes(1, json.dumps(told), "").told == [
        {"before": {}, "after": {"envs": [member | {"value": "[redacted]"}]}}
    ]


def leaves(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(leaves, value.values() if isinstance(value, dict) else value))
    return 1


def test_so_many_values_of_a_request_are_kept_and_the_others_counted() -> None:
    nested: Any = 1
    for _ in range(3):
        nested = [nested] * 20
    request = quotes.CreateQuoteRequest()
    for name in ("a", "b"):
        json_format.ParseDict(nested, request.projected_usage[name])
    told = described(request)
    assert leaves(told) < 1.5 * MAX_VALUES
    assert "more]" in str(told)


def test_a_long_request_is_cut_and_says_so() -> None:
    request = catalog.ApplyCatalogRequest(document="x" * 5_000)
    assert described(request) == {"document": "x" * 300 + "… [5000 characters]"}
    values = {f"meter {n:03}": Value(number_value=n) for n in range(25)}
    usage = described(quotes.CreateQuoteRequest(projected_usage=values))["projected_usage"]
    assert (len(usage), usage["…"]) == (21, "[5 more]")
