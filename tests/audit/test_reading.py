"""Reading the audit log over the API: of all services, and by each tenant its own."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
import psycopg
import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as deployments
from arcadia.catalog.v1 import deployment_service_pb2_grpc
from arcadia.common.v1 import audit_pb2 as pb
from arcadia.common.v1 import audit_pb2_grpc
from arcadia.inventory.v1 import drift_service_pb2 as drift
from arcadia.inventory.v1 import drift_service_pb2_grpc

from services.common.audit import messages, servicer
from services.common.audit.chain import chain_hash
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service, Settings
from services.common.values.canonical import canonical
from services.common.values.clock import utc_now
from tests.inventory.account import reason_of, violated_field
from tests.support.databases import PostgresServer
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.serving import served

SECOND = "id = (SELECT entry_id FROM audit_links WHERE seq = 2)"

SWITCH = """
ALTER TABLE audit_entries {0} TRIGGER USER; ALTER TABLE audit_links {0} TRIGGER USER
"""

Token = tuple[tuple[str, str], ...]


@dataclass
class Log:
    """All services, each with writes in its log, and those who read it."""

    settings: Settings
    admin_urls: dict[Service, str]
    catalog: grpc.aio.Channel
    inventory: grpc.aio.Channel

    def user(self, subject: str, **claims: Any) -> Token:
        token = mint_user_token(self.settings, subject=subject, **claims)
        return (("authorization", f"Bearer {token}"),)

    @property
    def operator(self) -> Token:
        return self.user("op", roles=["platform-admin"])

    def member(self, tenant_id: str) -> Token:
        return self.user(f"member of {tenant_id}", roles=["admin"], tenant_id=tenant_id)

    async def deploy(self, slug: str, tenant_id: str) -> str:
        stub = deployment_service_pb2_grpc.DeploymentServiceStub(self.catalog)
        request = deployments.CreateDeploymentRequest(slug=slug)
        answer = await stub.CreateDeployment(request, metadata=self.member(tenant_id))
        return answer.deployment.id

    async def rename(self, identifier: str) -> None:
        stub = deployment_service_pb2_grpc.DeploymentServiceStub(self.catalog)
        request = deployments.UpdateDeploymentRequest(id=identifier, display_name="Web")
        await stub.UpdateDeployment(request, metadata=self.operator)

    async def ignore(self, field: str) -> None:
        stub = drift_service_pb2_grpc.DriftServiceStub(self.inventory)
        request = drift.CreateIgnoreRuleRequest(kind="droplet", field=field, reason="theirs")
        await stub.CreateIgnoreRule(request, metadata=self.operator)

    async def page(self, token: Token | None = None, **said: Any) -> pb.ListAuditEntriesResponse:
        stub = audit_pb2_grpc.AuditServiceStub(self.catalog)
        request = pb.ListAuditEntriesRequest(**said)
        return await stub.ListAuditEntries(request, metadata=token or self.operator)

    async def listed(self, token: Token | None = None, **said: Any) -> list[pb.AuditEntry]:
        return list((await self.page(token, **said)).entries)

    async def verified(self, **said: Any) -> pb.VerifyAuditLogResponse:
        stub = audit_pb2_grpc.AuditServiceStub(self.inventory)
        request = pb.VerifyAuditLogRequest(**{"service": "catalog", **said})
        return await stub.VerifyAuditLog(request, metadata=self.operator)

    def forge(self, *statements: str) -> None:
        """Rewrites the catalog's log as only a superuser can, who switches its triggers off."""
        with psycopg.connect(self.admin_urls[Service.CATALOG]) as connection:
            connection.execute(SWITCH.format("DISABLE").encode())
            for statement in statements:
                connection.execute(statement.encode())
            connection.execute(SWITCH.format("ENABLE").encode())


@pytest.fixture
async def log(postgres: PostgresServer) -> AsyncIterator[Log]:
    names = {service: postgres.create(service) for service in Service}
    addresses = {f"{service}_address": f"127.0.0.1:{free_port()}" for service in Service}
    settings = postgres.settings(names, log_level="warning", **addresses)
    urls = {service: postgres.url(name) for service, name in names.items()}
    async with AsyncExitStack() as stack:
        for service in Service:
            await stack.enter_async_context(served(service, settings))
        catalog, inventory = [
            await stack.enter_async_context(grpc.aio.insecure_channel(settings.address(service)))
            for service in (Service.CATALOG, Service.INVENTORY)
        ]
        yield Log(settings, urls, catalog, inventory)
    for name in names.values():
        postgres.drop(name)


async def test_entries_of_all_services_come_together_newest_first_page_by_page(log: Log) -> None:
    for field in ("tags", "size", "region"):
        await log.deploy(field, "acme")
        await log.ignore(field)
    services, token = [], ""
    while True:
        answer = await log.page(page_size=4, page_token=token)
        services += [entry.service for entry in answer.entries]
        token = answer.next_page_token
        if not token:
            break
    assert services == ["inventory", "catalog"] * 3
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await log.page(page_size=4, page_token="forged")
    assert violated_field(refused.value) == "page_token"


async def test_a_page_that_ends_with_its_bytes_leaves_no_entry_out(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (messages, servicer):
        monkeypatch.setattr(module, "PAGE_BYTES", 1)
    for field in ("tags", "size"):
        await log.deploy(field, "acme")
        await log.ignore(field)
    services, token = [], ""
    while True:
        answer = await log.page(page_token=token)
        services.append([entry.service for entry in answer.entries])
        token = answer.next_page_token
        if not token:
            break
    assert services == [["inventory"], ["catalog"]] * 2


async def test_a_list_without_a_span_goes_back_ninety_days(log: Log) -> None:
    now = utc_now()
    await log.deploy("web", "acme")
    log.forge(
        "SELECT prepare_audit_month('2000-01-01')", "UPDATE audit_entries SET at = '2000-01-31'"
    )
    assert await log.listed() == []
    assert await log.listed(before=now.isoformat()) == []
    assert len(await log.listed(before="2000-04-30T00:00:00Z")) == 1
    assert await log.listed(before="2000-04-30T00:00:01Z") == []
    assert len(await log.listed(after="2000-01-01T00:00:00Z")) == 1


async def test_entries_are_found_by_object_actor_tenant_rpc_outcome_request_and_time(
    log: Log,
) -> None:
    web = await log.deploy("web", "acme")
    await log.deploy("web", "globex")
    with pytest.raises(grpc.aio.AioRpcError):
        await log.deploy("web", "acme")
    [made] = await log.listed(object=web)
    rpc = "/arcadia.catalog.v1.DeploymentService/CreateDeployment"
    assert [made] == await log.listed(object=f"deployments/{web}")
    assert [made] == await log.listed(by_request_id=made.request_id)
    assert len(await log.listed(actor="member of acme", rpc=rpc)) == 2
    assert len(await log.listed(tenant_id="globex")) == 1
    assert [one.reason for one in await log.listed(outcome="refused")] == ["SLUG_TAKEN"]
    assert made in await log.listed(after=made.at.ToJsonString())
    assert made not in await log.listed(before=made.at.ToJsonString())
    for field in ("outcome", "service", "after", "before"):
        said: dict[str, Any] = {field: "odd"}
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await log.listed(**said)
        assert violated_field(refused.value) == field


async def test_a_tenant_sees_what_concerns_it_alone_and_of_operators_only_that_they_wrote(
    log: Log,
) -> None:
    web = await log.deploy("web", "acme")
    await log.rename(web)
    await log.deploy("web", "globex")
    await log.ignore("tags")
    seen = await log.listed(log.member("acme"))
    assert [(one.actor, one.operator, one.tenant_id) for one in seen] == [
        ("op", True, "acme"),
        ("member of acme", False, "acme"),
    ]
    operators, own = seen
    assert (operators.address, operators.content) == ("", "")
    assert not operators.request.fields
    assert [(change.table, change.key) for change in operators.changes] == [("deployments", web)]
    assert not operators.changes[0].before.fields
    assert own.address == "127.0.0.1"
    assert own.changes[0].after["slug"] == "web"
    assert (own.seq, own.hash, own.content) == (0, "", "")
    assert await log.listed(log.member("acme"), tenant_id="globex") == []
    assert await log.listed(log.member("initech")) == []


async def test_a_service_that_does_not_answer_is_named_and_the_others_can_be_read_alone(
    log: Log,
) -> None:
    await log.deploy("web", "acme")
    settings = log.settings.model_copy(
        update={"catalog_address": f"127.0.0.1:{free_port()}", "billing_address": "127.0.0.1:1"}
    )
    async with (
        served(Service.CATALOG, settings),
        grpc.aio.insecure_channel(settings.catalog_address) as channel,
    ):
        log.catalog = channel
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await log.listed()
        assert reason_of(refused.value) == "PEER_UNAVAILABLE"
        assert len(await log.listed(service="catalog")) == 1


async def test_who_keeps_an_entry_can_verify_it_without_the_database(log: Log) -> None:
    await log.deploy("web", "acme")
    [entry] = await log.listed()
    assert entry.hash == chain_hash(entry.previous_hash, entry.content)


async def test_a_whole_chain_is_verified_in_parts(log: Log) -> None:
    for n in range(3):
        await log.deploy(f"web-{n}", "acme")
    part = await log.verified(page_size=2)
    assert (part.seq, part.checked, part.complete, list(part.faults)) == (2, 2, False, [])
    rest = await log.verified(after_seq=part.seq, page_size=2)
    assert (rest.seq, rest.checked, rest.complete, list(rest.faults)) == (3, 1, True, [])
    beyond = await log.verified(after_seq=9)
    assert (beyond.complete, list(beyond.faults)) == (True, ["9: the link is missing"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await log.verified(after_seq=-1)
    assert violated_field(refused.value) == "after_seq"


async def test_a_part_that_is_verified_ends_with_its_bytes(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand entries may have a hundred megabytes."""
    for n in range(3):
        await log.deploy(f"web-{n}", "acme")
    monkeypatch.setattr(servicer, "LINK_BYTES", 1)
    parts: list[tuple[int, bool, list[str]]] = []
    seq = 0
    while not parts or not parts[-1][1]:
        part = await log.verified(after_seq=seq)
        seq = part.seq
        parts.append((part.checked, part.complete, list(part.faults)))
    assert parts == [(1, False, []), (1, False, []), (1, True, [])]


@pytest.mark.parametrize(
    ("forgery", "fault"),
    [
        ("UPDATE audit_entries SET content = replace(content, 'web-1', 'web-x')",
         "2: the entry is not what was written"),
        (f"UPDATE audit_entries SET actor = 'nobody' WHERE {SECOND}",
         "2: the column actor is not what was written"),
        (f"DELETE FROM audit_entries WHERE {SECOND}", "2: the entry is missing"),
        ("DELETE FROM audit_links WHERE seq = 2", "2: the link is missing"),
        ("UPDATE audit_links SET hash = repeat('1', 64) WHERE seq = 2",
         "3: does not follow the entry before it"),
        ("DELETE FROM audit_links WHERE seq = 3", "is not in the chain"),
    ],
)  # fmt: skip  # a table
async def test_an_entry_forged_by_a_superuser_is_detected(
    log: Log, forgery: str, fault: str
) -> None:
    for n in range(3):
        await log.deploy(f"web-{n}", "acme")
    log.forge(forgery)
    assert any(each.endswith(fault) for each in (await log.verified()).faults)


async def test_a_truncated_chain_is_detected_by_a_stored_hash(
    log: Log,
) -> None:
    for n in range(3):
        await log.deploy(f"web-{n}", "acme")
    kept = await log.verified()
    log.forge(
        "DELETE FROM audit_entries WHERE id = (SELECT entry_id FROM audit_links WHERE seq = 3)",
        "DELETE FROM audit_links WHERE seq = 3",
    )
    cut = await log.verified()
    assert list(cut.faults) == []
    assert (kept.seq, cut.seq) == (3, 2)
    await log.deploy("other", "acme")
    grown = await log.verified()
    assert (grown.seq, list(grown.faults)) == (3, [])
    assert grown.hash != kept.hash


async def arcadia(log: Log, *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.app", "audit", *arguments),
        env=environment_of(log.settings) | {"COLUMNS": "300"},
        stdout=PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 240)
    return process.returncode or 0, out.decode()


async def test_the_command_line_lists_exports_and_verifies(log: Log) -> None:
    web = await log.deploy("web", "acme")
    await log.ignore("tags")
    code, listed = await arcadia(log, "list", "--actor", "member of acme")
    assert (code, "CreateDeployment" in listed) == (0, True), listed
    code, exported = await arcadia(log, "export", "--object", web)
    [line] = map(orjson.loads, exported.splitlines())
    assert (code, line["service"], line["seq"]) == (0, "catalog", 1)
    assert line["hash"] == chain_hash(line["previous_hash"], canonical(line["entry"]))
    code, verified = await arcadia(log, "verify")
    heads = [each for each in verified.splitlines() if each.count(":") == 2]
    assert (code, [head.split(":")[:2] for head in heads]) == (
        0, [["inventory", "1"], ["billing", "0"], ["catalog", "1"], ["analytics", "0"]],
    )  # fmt: skip  # a table
    log.forge("DELETE FROM audit_entries", "DELETE FROM audit_links")
    assert (await arcadia(log, "verify"))[0] == 0
    kept = ("--kept", f"catalog:1:{line['hash']}")
    code, verified = await arcadia(log, "verify", "--service", "catalog", *kept)
    assert (code, "does not match the stored hash" in verified) == (1, True)


async def test_a_dropped_month_leaves_its_links_and_a_valid_chain(log: Log) -> None:
    await log.deploy("web", "acme")
    log.forge(
        "SELECT prepare_audit_month('2000-01-01')",
        "UPDATE audit_links SET entry_at = '2000-01-05'",
        "UPDATE audit_entries SET at = '2000-01-05'",
        "DROP TABLE partitions.audit_entries_2000_01",
    )
    await log.deploy("other", "acme")
    found = await log.verified()
    assert (found.seq, found.checked, found.dropped, list(found.faults)) == (2, 1, 1, [])
