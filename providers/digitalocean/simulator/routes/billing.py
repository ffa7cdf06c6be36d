"""Balance, billing history, invoices in their four forms, and daily insights."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from decimal import Decimal

import orjson
from starlette.requests import Request
from starlette.responses import StreamingResponse

from providers.digitalocean.simulator.billing.history import (
    Entry,
    balance_of,
    data_points,
    entries_until,
)
from providers.digitalocean.simulator.billing.invoices import Invoice
from providers.digitalocean.simulator.billing.lines import Charge, Line
from providers.digitalocean.simulator.billing.spellings import Spelling, spellings_of
from providers.digitalocean.simulator.clock import render_instant
from providers.digitalocean.simulator.simulation import Simulation, simulation_of
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.web.errors import BadRequest, NotFound, found
from providers.digitalocean.simulator.web.paging import cut, listing, requested_page
from providers.digitalocean.simulator.web.routing import Answer, Routes

__all__ = ["routes"]

routes = Routes()

_MAX_DAYS = 31


def _issued(simulation: Simulation) -> list[Invoice]:
    simulation.invoices.issue_due(simulation.clock.now())
    return simulation.invoices.issued()


def _history_entries(simulation: Simulation) -> list[Entry]:
    now, spellings = simulation.clock.now(), spellings_of(simulation.store)
    return entries_until(_issued(simulation), now, spellings)


def _money(simulation: Simulation) -> Callable[[Decimal | None], object]:
    """An amount in JSON: as text, or as a number with its digits."""
    if Spelling.JSON_NUMBERS not in spellings_of(simulation.store):
        return lambda amount: None if amount is None else f"{amount:f}"
    return lambda amount: None if amount is None else orjson.Fragment(f"{amount:f}")


@routes.at("/v2/customers/my/balance")
async def _balance(simulation: Simulation, _: Request) -> Answer:
    now = simulation.clock.now()
    owed = balance_of(_history_entries(simulation))
    money = _money(simulation)
    preview = simulation.invoices.preview(now)[0]
    return {
        "month_to_date_balance": money(preview.amount + owed),
        "account_balance": money(owed),
        "month_to_date_usage": money(preview.amount),
        "generated_at": render_instant(preview.issued_at),
    }


def _entry(entry: Entry, money: Callable[[Decimal | None], object]) -> bytes:
    document: Document = {
        "description": entry.description,
        "amount": money(entry.amount),
        "date": render_instant(entry.date),
        "type": entry.type,
    }
    if entry.invoice is not None:
        document |= {"invoice_id": entry.invoice.number, "invoice_uuid": entry.invoice.uuid}
    return orjson.dumps(document)


@routes.at("/v2/customers/my/billing_history")
async def _history(simulation: Simulation, request: Request) -> Answer:
    money = _money(simulation)
    entries = [_entry(entry, money) for entry in _history_entries(simulation)]
    return cut(request, "billing_history", entries)


def _head(invoice: Invoice, money: Callable[[Decimal | None], object]) -> Document:
    return {
        "invoice_uuid": invoice.uuid,
        "invoice_id": invoice.number,
        "amount": money(invoice.amount),
        "invoice_period": invoice.period,
        "updated_at": render_instant(invoice.issued_at),
    }


@routes.at("/v2/customers/my/invoices")
async def _invoices(simulation: Simulation, request: Request) -> Answer:
    page = requested_page(request)
    invoices = _issued(simulation)
    preview, _ = simulation.invoices.preview(simulation.clock.now())
    money = _money(simulation)
    extra = b'"invoice_preview":%s,' % orjson.dumps(_head(preview, money))
    shown = [orjson.dumps(_head(i, money)) for i in invoices[page.offset : page.offset + page.size]]
    return listing(request, "invoices", shown, page, len(invoices), extra=extra)


def _requested(request: Request) -> Invoice:
    simulation = simulation_of(request)
    now = simulation.clock.now()
    simulation.invoices.issue_due(now)
    return found(simulation.invoices.find(request.path_params["uuid"], now))


def _item(line: Line, money: Callable[[Decimal | None], object]) -> bytes:
    document: Document = {
        "product": line.product,
        "group_description": line.group_description,
        "description": line.description,
        "amount": money(line.amount),
        "start_time": render_instant(line.start),
        "end_time": render_instant(line.end),
        "category": line.category,
    }
    if line.hours is not None:
        document |= {"duration": f"{line.hours:f}", "duration_unit": "Hours"}
    if line.project_name:
        document["project_name"] = line.project_name
    if line.resource_id:
        document["resource_uuid"] = line.resource_uuid
        if line.resource_id != line.resource_uuid:
            document["resource_id"] = line.resource_id
    return orjson.dumps(document)


@routes.at("/v2/customers/my/invoices/{uuid}")
async def _items(simulation: Simulation, request: Request) -> Answer:
    page = requested_page(request)
    invoice = _requested(request)
    lines, total = simulation.invoices.lines(
        invoice.uuid, simulation.clock.now(), page.offset, page.size
    )
    money = _money(simulation)
    return listing(request, "invoice_items", [_item(line, money) for line in lines], page, total)


@routes.at("/v2/customers/my/invoices/{uuid}/csv")
async def _csv(simulation: Simulation, request: Request) -> Answer:
    invoice = _requested(request)
    pieces = simulation.invoices.csv(invoice.uuid, simulation.clock.now())
    disposition = f'attachment; filename="DigitalOcean Invoice {invoice.period}.csv"'
    is_octets = Spelling.OCTET_STREAM in spellings_of(simulation.store)
    kind = "application/octet-stream" if is_octets else "text/csv"
    headers = {"content-disposition": disposition, "content-type": kind}
    return StreamingResponse(_unhurried(pieces), headers=headers)


async def _unhurried(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, yielding to other requests between them."""
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


@routes.at("/v2/customers/my/invoices/{uuid}/summary")
async def _summary(simulation: Simulation, request: Request) -> Answer:
    invoice = _requested(request)
    totals = simulation.invoices.totals(invoice.uuid, simulation.clock.now())
    money = _money(simulation)
    return {
        "invoice_uuid": invoice.uuid,
        "invoice_id": invoice.number,
        "billing_period": invoice.period,
        "amount": money(invoice.amount),
        "user_name": "Sky AI operations",
        "user_billing_address": _ADDRESS,
        "user_company": "Sky AI",
        "user_email": "ops@sky-ai.example",
        "product_charges": {
            "name": "Product usage charges",
            "amount": money(totals.usage),
            "items": _products(simulation, invoice),
        },
        "overages": {"name": "Overages", "amount": money(totals.overages)},
        "taxes": {"name": "Taxes", "amount": money(totals.taxes)},
        "credits_and_adjustments": {
            "name": "Credits & adjustments",
            "amount": money(totals.credits),
        },
    }


def _products(simulation: Simulation, invoice: Invoice) -> list[Document]:
    """The totals by product; of a very long invoice only its first lines'."""
    products: dict[str, list[Decimal]] = {}
    lines, _ = simulation.invoices.lines(invoice.uuid, simulation.clock.now(), 0, _MAX_SUMMED)
    for line in lines:
        if line.charge is Charge.USAGE:
            products.setdefault(line.product, []).append(line.amount)
    return [
        {"name": product, "amount": f"{sum(amounts):f}", "count": str(len(amounts))}
        for product, amounts in sorted(products.items())
    ]


_MAX_SUMMED = 100_000
_ADDRESS = {
    "address_line1": "1 Harbour Street",
    "address_line2": "",
    "city": "Sydney",
    "region": "NSW",
    "postal_code": "2000",
    "country_iso2_code": "AU",
    "created_at": "2024-01-09T09:00:00.000+00:00",
    "updated_at": "2024-01-09T09:00:00.000+00:00",
}


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.path_params[name])
    except ValueError as error:
        raise BadRequest(f"{name} must be a date such as 2026-05-20") from error


@routes.at("/v2/billing/{urn}/insights/{start}/{end}")
async def _insights(simulation: Simulation, request: Request) -> Answer:
    team = simulation.store.documents("account")[0]["team"]["uuid"]
    urn = request.path_params["urn"]
    if urn != f"do:team:{team}":
        raise NotFound("There is no such account.")
    first, last = _day(request, "start"), _day(request, "end")
    if not 0 <= (last - first).days < _MAX_DAYS:
        raise BadRequest(f"The range must be of 1 to {_MAX_DAYS} days.")
    page = requested_page(request)
    now, spellings = simulation.clock.now(), spellings_of(simulation.store)
    points = list(data_points(simulation.ledger, first, last, now, spellings))
    money = _money(simulation)
    shown = [
        {
            "usage_team_urn": urn,
            "start_date": point.day.isoformat(),
            "total_amount": money(Decimal(point.amount)),
            "region": point.region,
            "sku": point.sku,
            "description": point.description,
            "group_description": point.group_description,
        }
        for point in points[page.offset : page.offset + page.size]
    ]
    return {
        "data_points": shown,
        "total_items": len(points),
        "total_pages": page.last(len(points)),
        "current_page": page.number,
    }


@routes.at("/_simulator/truth/invoices/{uuid}")
async def _truth(simulation: Simulation, request: Request) -> Answer:
    """For tests, without a token: the resource of each line of an invoice."""
    lines, _ = simulation.invoices.lines(_requested(request).uuid, simulation.clock.now())
    return {
        "lines": [
            {
                "charge": line.charge,
                "product": line.product,
                "description": line.description,
                "amount": str(line.amount),
                "kind": line.kind,
                "resource_id": line.resource_id,
                "resource_uuid": line.resource_uuid,
                "project_name": line.project_name,
            }
            for line in lines
        ]
    }
