"""A read of the whole history of an account that bills in all seen spellings."""

from decimal import Decimal

import grpc
import pytest
from arcadia.billing.v1 import provider_invoice_service_pb2 as pb
from arcadia.billing.v1.provider_invoice_service_pb2_grpc import ProviderInvoiceServiceStub
from temporalio.client import WorkflowFailureError

from contracts.costs import billing_history, daily_costs
from contracts.flows import BY_HAND, start_flow
from providers.digitalocean.billing import HistoryEntry
from providers.digitalocean.simulator.billing.spellings import Spelling
from services.common.identity.tokens import mint_user_token
from tests.workflows.billing_system import Bills
from tests.workflows.test_costs_command import arcadia
from workflows.costs.activities.bills import _ordinals
from workflows.costs.billing_history import BillingHistory
from workflows.costs.readings import DailyCosts

SPRING = "2025-03-10T10:00:00Z"


async def test_no_spelling_of_a_bill_refuses_it_and_an_unreadable_one_can_be_waived(
    bills: Bills,
) -> None:
    bills.system.simulator.reset(now=SPRING)
    bills.system.simulator.spell(*Spelling)
    bills.system.start_worker()
    issued = bills.issued()
    with pytest.raises(WorkflowFailureError) as failed:
        await (
            await start_flow(bills.system.client, billing_history(BY_HAND), BillingHistory.run)
        ).result()
    assert str(failed.value.cause).startswith("InvoicesFailed: 1 failed")
    assert bills.status(issued[-1])[0] == "failed"
    [(unreadable,)] = bills.rows(
        "SELECT id::text FROM cloud_invoices WHERE ingest_status = 'failed'"
    )
    token = mint_user_token(bills.system.settings, subject="op", roles=["platform-admin"])
    async with grpc.aio.insecure_channel(bills.system.settings.billing_address) as channel:
        request = pb.WaiveProviderInvoiceRequest(id=unreadable, reason="it was archived")
        metadata = (("authorization", f"Bearer {token}"),)
        await ProviderInvoiceServiceStub(channel).WaiveProviderInvoice(request, metadata=metadata)

    again = await (
        await start_flow(bills.system.client, billing_history(BY_HAND), BillingHistory.run)
    ).result()
    assert (again.failed, again.ingested) == ((), ())
    assert again.walk.unchanged_count == len(issued)
    [odd] = again.walk.unreadable
    assert "`amount` is missing" in odd
    assert bills.rows(
        "SELECT DISTINCT ingest_status, balanced, round(residual_usd, 2)::text"
        " FROM cloud_invoices WHERE waived_at IS NULL"
    ) == [("ingested", True, "0.00")]
    for uuid in issued[:-1]:
        assert bills.kept(uuid) == bills.truth(uuid)
    lines = "FROM cloud_cost_lines WHERE"
    assert bills.rows(f"SELECT DISTINCT classification {lines} product = 'GST'") == [("tax",)]
    vaults = f"SELECT DISTINCT classification {lines} product = 'Storage Vault'"
    assert bills.rows(vaults) == [("unknown",)]
    refunds = f"SELECT DISTINCT provider_resource_uuid <> '' {lines} amount_usd = -0.75"
    assert bills.rows(refunds) == [(True,)]
    told = bills.rows(
        "SELECT type, count(*) FROM cloud_history_entries WHERE unreadable = ''"
        " AND type IN ('Chargeback', 'Refund') GROUP BY type ORDER BY type"
    )
    assert told == [("Chargeback", 1), ("Refund", 2)]
    history = bills.told("/v2/customers/my/billing_history", per_page=200)["billing_history"]
    [(owed,)] = bills.rows("SELECT sum(amount_usd) FROM cloud_history_entries")
    assert owed == sum(Decimal(str(entry["amount"])) for entry in history if entry["amount"])
    await (await start_flow(bills.system.client, daily_costs(BY_HAND), DailyCosts.run)).result()


async def test_fetch_says_what_it_waits_for_while_the_provider_has_no_answer(
    bills: Bills,
) -> None:
    bills.system.simulator.reset(now="2024-05-10T10:00:00Z")
    bills.system.start_worker()
    path = "/v2/customers/my/billing_history"
    bills.system.simulator.fault("gateway_timeout", path=path, times=9)
    ran = await arcadia(bills, "fetch")
    assert ran.returncode == 0, ran.stdout
    assert "waits for attempt 2 at " in ran.stdout
    assert f"{path}: 504" in ran.stdout, ran.stdout


def entry(amount: str) -> HistoryEntry:
    return HistoryEntry("Refund", "", "", amount, None, "back")


def test_entries_that_say_the_same_are_numbered_also_across_pages() -> None:
    first, met = _ordinals([entry("1"), entry("2"), entry("1")], {})
    assert first == [1, 1, 2]
    second, met = _ordinals([entry("1"), entry("3")], met)
    assert second == [3, 1]
    assert _ordinals([], met) == ([], {})
