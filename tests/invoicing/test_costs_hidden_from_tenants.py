"""A tenant sees quantity, price and amount of what is priced from cost, and not its cost side."""

from collections.abc import Iterator
from typing import Any

import grpc
import orjson
import pytest
from arcadia.analytics.v1 import invoice_service_pb2 as invoices_pb
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import list_price_service_pb2 as list_pb
from arcadia.catalog.v1 import quote_service_pb2 as quotes_pb
from arcadia.common.v1 import access_pb2
from google.protobuf import message_factory
from google.protobuf.message import Message

from services.common.settings import Service
from tests.analytics.peers import Span, at
from tests.invoicing.test_simulation import METAL
from tests.invoicing.test_with_the_catalog import Month
from tests.invoicing.test_with_the_catalog import month as month
from tests.walls.test_foreign_tenants import METHODS

RULE = """
rebilling:
  - {code: plus_23_7, basis: list, percent: 23.7, currency: USD, effective_from: 2026-04-01}
"""
SECRET = ("7.13", "23.7", "23_7", "exchange_rate", "rate_on", "list_price_usd")
"""The list price, the percentage, the rule's code, and what would name a cost."""

CLOSED = {access_pb2.ACCESS_OPERATOR, access_pb2.ACCESS_INTERNAL}
"""What a tenant may not call."""

MUST_ANSWER = {
    "CreateQuote", "GetQuote", "VerifyQuote", "CompareQuotes", "ListInvoices", "GetInvoice",
    "ListInvoiceLines", "TraceInvoiceLine", "DownloadInvoice", "VerifyInvoice", "ListCreditNotes",
    "GetCreditNote", "DownloadCreditNote", "ListUnbilledUsage", "ListDailyUsage",
    "GetDeployment", "GetSubscription", "ListSubscriptions", "ListAuditEntries",
}  # fmt: skip  # a table
"""The RPCs that answer with something; others change or refuse something."""


@pytest.fixture
async def ids(month: Month) -> dict[str, Any]:
    """A month of acme with a rebilled line, a credit of it, and two quotes."""
    shop, books = month.shop, month.books
    for document in (METAL, RULE):
        request = catalog_pb.ApplyCatalogRequest(document=document)
        await shop.catalog.ApplyCatalog(request, metadata=shop.operator)
    size = {"size": "s-1vcpu-1gb"}
    listed = list_pb.ListedPrice(meter="droplet_hours", dimensions=size, usd="7.13", per_qty="672")
    told = list_pb.RecordListPricesRequest(
        provider="digitalocean", on="2026-04-01", recorded_by="sync", prices=[listed]
    )
    await shop.list_prices.RecordListPrices(told, metadata=shop.worker)
    deployment = await shop.deploy("shop", shop.acme)
    subscription = await shop.subscribe(deployment.id, "metal", token=shop.acme)
    month.inventory.spans.append(Span(1, at("2026-04-01"), at("2026-05-01"), size="s-1vcpu-1gb"))
    await month.closed()
    await books.rolled_up()
    [invoice] = await books.listed()
    [line] = [one for one in await books.lines_of("acme") if one.kind == "rebilled"]
    credit = invoices_pb.CreateCreditNoteRequest(invoice_id=invoice.id, reason="goodwill")
    credit.lines.add(line_id=line.id, amount_cents=100)
    note = await books.invoices.CreateCreditNote(credit, metadata=books.operator)
    quotes = []
    for qty in (720, 100):
        asked = quotes_pb.CreateQuoteRequest(plan_code="metal", starts_on="2026-04-01")
        used = asked.projected_usage["droplet_hours"].list_value.values.add().struct_value
        used.update({**size, "qty": qty})
        quotes.append(await shop.quotes.CreateQuote(asked, metadata=shop.acme))
    return {
        "InvoiceService.id": invoice.id,
        "CreditNote.id": note.credit_note.id,
        "QuoteService.id": quotes[0].id,
        "other_id": quotes[1].id,
        "DeploymentService.id": deployment.id,
        "SubscriptionService.id": subscription.id,
        "invoice_id": invoice.id,
        "line_id": line.id,
        "tenant_id": "acme",
        "period": "2026-04",
        "plan_code": "metal",
        "starts_on": "2026-04-01",
        "quotes": quotes,
        "line": line,
    }


def request_of(method: Any, ids: dict[str, Any]) -> Message:
    request: Any = message_factory.GetMessageClass(method.input_type)()
    service = method.containing_service.name
    for field in method.input_type.fields_by_name:
        kind = "CreditNote" if "CreditNote" in method.name else service
        value = ids.get(f"{kind}.{field}", ids.get(field))
        if isinstance(value, str):
            setattr(request, field, value)
    if method.name == "CreateQuote":
        request.projected_usage["droplet_hours"].list_value.values.add().struct_value.update(
            {"size": "s-1vcpu-1gb", "qty": 720}
        )
    assert isinstance(request, Message)
    return request


def requests(method: Any, ids: dict[str, Any]) -> Iterator[Message]:
    request: Any = request_of(method, ids)
    if "format" in method.input_type.fields_by_name:
        formats = ("html", "focus") if method.name == "DownloadInvoice" else ("html",)
        for form in formats:
            request.format = form
            yield request
    else:
        yield request


async def test_no_answer_to_a_tenant_has_the_cost_side_of_a_rebilled_line(
    month: Month, ids: dict[str, Any]
) -> None:
    channels = {
        Service.ANALYTICS: month.metering.channel,
        Service.CATALOG: month.shop.channel,
    }
    answered = set()
    for of, method, access in METHODS.values():
        if of not in channels or access in CLOSED:
            continue
        service, channel = method.containing_service.full_name, channels[of]
        answer_class = message_factory.GetMessageClass(method.output_type)
        for request in requests(method, ids | {"service": of.value}):
            call = channel.unary_unary(
                f"/{service}/{method.name}",
                request_serializer=type(request).SerializeToString,
                response_deserializer=answer_class.FromString,
            )
            try:
                answer = await call(request, metadata=month.shop.acme)
            except grpc.aio.AioRpcError as error:
                said = f"{error.details()}{error.trailing_metadata()}"
            else:
                said = str(answer)
                answered.add(method.name)
            found = [secret for secret in SECRET if secret in said.replace('\\"', '"')]
            assert not found, (method.full_name, said)
    assert answered >= MUST_ANSWER, MUST_ANSWER - answered


async def test_the_operator_sees_the_cost_side_and_the_tenant_the_verdict(
    month: Month, ids: dict[str, Any]
) -> None:
    line, [quote, _] = ids["line"], ids["quotes"]
    assert line.description == "Rebilled: droplet_hours s-1vcpu-1gb"
    assert (line.meta["list_price_usd"], line.meta["rebilling_rule"]) == ("7.13", "plus_23_7")
    # 720 h at 7.13 USD for 672 and 23.7 percent more.
    assert line.amount_cents == quote.rebilled[0].amount_cents == 945
    assert set(quote.rebilled[0].meta) == {"list_price_id", "rebilling_rule_id"}
    assert list(quote.inputs_left_out) == ["rebilling"]
    assert "rebilling" not in orjson.loads(quote.proof.inputs_json)

    shop = month.shop
    read = await shop.quotes.GetQuote(
        quotes_pb.GetQuoteRequest(id=quote.id), metadata=shop.operator
    )
    inputs = orjson.loads(read.quote.proof.inputs_json)
    assert inputs["rebilling"]["rules"][0]["percent"] == "23.7"
    assert list(read.quote.inputs_left_out) == []
    assert read.quote.proof.inputs_hash == quote.proof.inputs_hash
    for token in (shop.acme, shop.operator):
        verify = quotes_pb.VerifyQuoteRequest(id=quote.id)
        assert (await shop.quotes.VerifyQuote(verify, metadata=token)).verification.verified
        check = invoices_pb.VerifyInvoiceRequest(id=ids["invoice_id"])
        assert (await month.books.invoices.VerifyInvoice(check, metadata=token)).verified
