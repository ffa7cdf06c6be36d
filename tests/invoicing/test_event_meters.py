"""Event meters of the operator from the catalog file to the invoice, in the real services."""

from arcadia.analytics.v1.invoice_service_pb2 import VerifyInvoiceRequest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import meter_service_pb2 as meter_pb

from services.common.values.periods import Period
from tests.analytics.account import event
from tests.invoicing.test_with_the_catalog import Month, ids, month, subscribed

__all__ = ["month"]

SOLD = """
meters:
  - code: gpu_seconds
    name: GPU seconds
    units: [{unit: second, factor: 1}, {unit: hour, factor: 3600}]
resource_prices:
  - {resource_kind: gpu_seconds, unit: hour, unit_price_cents: 100, currency: AUD,
     effective_from: 2026-04-01}
"""


async def selling(month: Month) -> str:
    """Seconds of GPUs are sold, and a shop subscribed to Studio; the id of its deployment."""
    request = catalog_pb.ApplyCatalogRequest(document=SOLD)
    await month.shop.catalog.ApplyCatalog(request, metadata=month.shop.operator)
    await subscribed(month, "acme", "shop")
    return (await ids(month))["shop"]


async def used(month: Month, shop: str, key: str, qty: str, kind: str = "gpu_seconds") -> None:
    sent = event(key, kind=kind, qty=qty, day="2026-04-15", deployment=shop)
    receipt = await month.metering.record(sent)
    assert not receipt.refused


async def may_bills(month: Month) -> dict[str, int]:
    """The adjustments on the invoice of May, by meter."""
    await month.metering.meter_month(Period.month(2026, 5))
    await month.metering.close("2026-05-01")
    await month.books.rolled_up("2026-05-01")
    lines = await month.books.lines_of("acme", "2026-05-01")
    return {line.resource_kind: line.amount_cents for line in lines if line.kind == "adjustment"}


async def test_events_of_an_event_meter_are_billed_and_the_invoice_is_verified(
    month: Month,
) -> None:
    shop = await selling(month)
    await used(month, shop, "one", "1200")
    await used(month, shop, "two", "3600")
    await month.closed()
    await month.books.rolled_up()
    [line] = [one for one in await month.books.lines_of("acme") if one.kind == "ad_hoc"]
    # 4,800 seconds are 4/3 hours, at a dollar.
    assert (line.unit, line.amount_cents, line.meta["exact_qty"]) == ("hour", 133, "4/3")
    assert line.meta["meter_name"] == "GPU seconds"
    invoice = await month.books.invoice_of("acme")
    request = VerifyInvoiceRequest(id=invoice.id)
    answer = await month.books.invoices.VerifyInvoice(request, metadata=month.books.operator)
    assert answer.verified


async def test_a_renamed_meter_changes_nothing_that_was_billed(month: Month) -> None:
    shop = await selling(month)
    await used(month, shop, "one", "7200")
    await month.closed()
    await month.books.rolled_up()
    before = await month.books.invoice_of("acme")
    renaming = meter_pb.UpdateMeterRequest(code="gpu_seconds", name="GPU time")
    await month.shop.meters.UpdateMeter(renaming, metadata=month.shop.operator)
    # April is priced again, by the new name, because other usage of it turns up.
    await used(month, shop, "late", "3000000", "llm_tokens")
    assert await may_bills(month) == {"llm_tokens": 2000}
    assert await month.books.invoice_of("acme") == before


async def test_late_events_of_an_event_meter_are_an_adjustment(month: Month) -> None:
    shop = await selling(month)
    await used(month, shop, "one", "7200")
    await month.closed()
    await month.books.rolled_up()
    await used(month, shop, "late", "1800")
    assert await may_bills(month) == {"gpu_seconds": 50}
