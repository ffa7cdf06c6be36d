"""Every write RPC of every service leaves an entry, done or refused.

The RPCs are read from the protos, so that a new one without an entry fails here.
"""

from typing import Any, cast

import grpc
import psycopg
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor

from services.common import durable
from services.common.audit.rpcs import VARIABLE, AuditedRpc, audited_rpcs
from services.common.settings import Service
from tests.audit.log import entries_of
from tests.audit.test_reading import Log, log
from tests.support.databases import PostgresServer
from tests.support.serving import DEFINITIONS
from tests.support.write_walks import WALKS, walking
from tests.walls.wall import NOWHERE

__all__ = ["log"]

WRITES = {
    service: audited_rpcs(definition.services()) for service, definition in DEFINITIONS.items()
}

OF_DURABLE_WORK = {
    "DeploymentService/ProvisionDeployment", "DriftService/RevertDrift",
    "InvoiceService/HandOverCreditNote", "InvoiceService/HandOverInvoice",
    "MigrationService/DecideMigration", "MigrationService/StartMigration",
    "ProviderInvoiceService/IngestProviderInvoice", "ProviderInvoiceService/RematchCostLines",
    "RollupService/ApproveRollup", "RollupService/RetryRollup", "RollupService/StartRollup",
    "RollupService/UndoRollup",
}  # fmt: skip  # a table
"""They ask Temporal for work: the tests of workflows do them, and one below does one of them."""

OF_FACTS = {
    "DriftService/AcceptDrift",
    "ProviderInvoiceService/UnwaiveProviderInvoice",
    "ProviderInvoiceService/WaiveProviderInvoice",
    "SpendService/DecideSpendBreach",
    "UsageService/SendUsageEvents",
    "UsageService/VoidUsageEvents",
}
"""They need what workers record first: the tests of drift, of usage events and of spend do them,
and one below those of bills."""

READS = {"SimulationService/SimulateCatalog"}
"""They change nothing; only their requests need a body."""

BILL = """
INSERT INTO cloud_invoices (invoice_uuid, history_usd, issued_at, discovered_at)
VALUES ('one', 1, now(), now()) RETURNING id::text
"""


def short(rpc: AuditedRpc) -> str:
    return rpc.path.rpartition(".")[2]


def test_every_rpc_bound_to_a_verb_other_than_get_is_a_write() -> None:
    names = {short(rpc) for writes in WRITES.values() for rpc in writes.values()}
    assert len(names) > 60
    assert "QuoteService/CreateQuote" in names
    assert not [name for name in names if name.partition("/")[2].startswith(("Get", "List"))]
    assert not names & {"CostService/ExportCostLines", "InventoryService/WatchResourceEvents"}


def filled(rpc: AuditedRpc) -> Any:
    """A request with a value for each variable of the path."""
    fields = rpc.request.fields_by_name
    said: dict[str, Any] = {
        name: NOWHERE if fields[name].type == FieldDescriptor.TYPE_STRING else 7
        for name in VARIABLE.findall(rpc.object_template)
    }
    return message_factory.GetMessageClass(cast("Any", rpc.request))(**said)


@pytest.mark.parametrize("service", Service)
async def test_every_refused_write_leaves_an_entry_that_names_its_object(
    log: Log, service: Service
) -> None:
    viewer = log.user("viewer", roles=["platform-viewer"])
    async with grpc.aio.insecure_channel(log.settings.address(service)) as channel:
        for rpc in WRITES[service].values():
            with pytest.raises(grpc.aio.AioRpcError):
                await cast("Any", channel.unary_unary(rpc.path))(
                    filled(rpc).SerializeToString(), metadata=viewer
                )
    entries = {entry.content["rpc"]: entry.content for entry in entries_of(log.admin_urls[service])}
    assert entries.keys() == WRITES[service].keys()
    for path, rpc in WRITES[service].items():
        entry = entries[path]
        assert (entry["outcome"], entry["actor"]) == ("refused", "viewer"), path
        assert entry["status"] in {"PERMISSION_DENIED", "INVALID_ARGUMENT"}, path
        assert entry["reason"], path
        assert entry["object"] == rpc.object_of(filled(rpc)), path
        assert bool(entry["object"]) == bool(rpc.object_template), path


@pytest.mark.parametrize("service", list(WALKS))
async def test_every_write_leaves_an_entry_with_its_object_and_the_fields_before_and_after(
    postgres: PostgresServer, service: Service
) -> None:
    async with walking(postgres, service, loses=False) as walk:
        await WALKS[service](walk)
        entries = [entry.content for entry in entries_of(walk.admin_url)]
    done = {short(rpc) for rpc in WRITES[service].values()} - OF_DURABLE_WORK - OF_FACTS - READS
    assert done == {name for name, _ in walk.effects}
    for name in done:
        entry = next(one for one in entries if one["rpc"].endswith(f".{name}"))
        assert (entry["outcome"], bool(entry["actor"])) == ("done", True), name
        assert entry["objects"], name
        change = entry["changes"][0]
        assert change["key"], name
        assert bool(change["before"]) == (change["operation"] != "insert"), name
        assert bool(change["after"]) == (change["operation"] != "delete"), name


async def test_a_bill_that_is_waived_and_due_again_leaves_entries(log: Log) -> None:
    with psycopg.connect(log.admin_urls[Service.BILLING]) as connection:
        row = connection.execute(BILL).fetchone()
    assert row is not None
    async with grpc.aio.insecure_channel(log.settings.billing_address) as channel:
        for name in ("Waive", "Unwaive"):
            rpc = WRITES[Service.BILLING][
                f"/arcadia.billing.v1.ProviderInvoiceService/{name}ProviderInvoice"
            ]
            request = message_factory.GetMessageClass(cast("Any", rpc.request))(id=row[0])
            if name == "Waive":
                cast("Any", request).reason = "never readable"
            await cast("Any", channel.unary_unary(rpc.path))(
                request.SerializeToString(), metadata=log.operator
            )
    waived, due = (entry.content for entry in entries_of(log.admin_urls[Service.BILLING]))
    assert waived["object"] == f"billing/provider-invoices/{row[0]}"
    assert waived["changes"][0]["after"] != waived["changes"][0]["before"]
    assert due["changes"][0]["table"] == "cloud_invoices"


class Work:
    """Stands for a run that Temporal began."""

    first_execution_run_id = "run"
    result_run_id = "run"


async def test_work_is_recorded_before_it_is_requested(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Temporal begins cannot be undone when the entry is not kept."""
    known: list[list[str]] = []
    url = log.admin_urls[Service.BILLING]

    async def connect(*_: Any, **__: Any) -> None:
        return None

    async def start_flow(*_: Any, **__: Any) -> Work:
        known.append([entry.content["outcome"] for entry in entries_of(url)])
        return Work()

    monkeypatch.setattr(durable, "connect", connect)
    monkeypatch.setattr(durable, "start_flow", start_flow)
    with psycopg.connect(url) as connection:
        row = connection.execute(BILL).fetchone()
    assert row is not None
    path = "/arcadia.billing.v1.ProviderInvoiceService/IngestProviderInvoice"
    request = message_factory.GetMessageClass(cast("Any", WRITES[Service.BILLING][path].request))(
        id=row[0]
    )
    async with grpc.aio.insecure_channel(log.settings.billing_address) as channel:
        await cast("Any", channel.unary_unary(path))(
            request.SerializeToString(), metadata=log.operator
        )
    assert known == [["requested"]]
    [entry] = entries_of(url)
    assert entry.content["object"] == f"billing/provider-invoices/{row[0]}"
