"""Documents of large invoices, from their lines to the PDF, in the rendering processes.

Each deployment has a plan, an addon and two lines of usage. With 200 deployments every line is
printed; with 2,000 one line each, with all lines attached. And a small invoice is rendered at the
same time as the largest, for another tenant, which must not wait.
"""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from decimal import Decimal
from time import perf_counter
from typing import Final
from uuid import UUID

from bench.ratios import Ratio, at_most
from services.analytics.invoicing.invoices.document.charges import charges_of
from services.analytics.invoicing.invoices.document.model import InvoiceDocument
from services.analytics.invoicing.invoices.document.rendering import Renderer
from services.analytics.invoicing.invoices.document.view import view_of
from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.invoices.rules.states import InvoiceStatus
from services.analytics.invoicing.profiles.rules.parties import Party

__all__ = ["measure"]

SMALL: Final = 1
MANY: Final = 200
MOST: Final = 2_000

SECONDS_OF_MANY: Final = 5.0
SECONDS_OF_MOST: Final = 15.0
BESIDE: Final = 4.0
"""On two cores a small document has at least a third of the speed next to the largest."""


def measure() -> list[Ratio]:
    """Seconds to render a large and the largest document, and a small one at the same time."""
    return asyncio.run(_measure())


async def _measure() -> list[Ratio]:
    renderer = Renderer()
    small = await _seconds(_rendered(renderer, SMALL))
    many = await _seconds(_rendered(renderer, MANY))
    most = await _seconds(_rendered(renderer, MOST))
    largest = asyncio.create_task(_rendered(renderer, MOST))
    await asyncio.sleep(0)
    beside = await _seconds(_rendered(renderer, SMALL))
    await largest
    return [
        at_most("document of 200 deployments, s", many, SECONDS_OF_MANY, f"{small:.2f} s of one"),
        at_most("document of 2,000 deployments, s", most, SECONDS_OF_MOST, "with its lines as CSV"),
        at_most(
            "small document beside the largest / alone",
            beside / small,
            BESIDE,
            f"{beside:.2f} s against {small:.2f} s",
        ),
    ]


async def _seconds(work: Awaitable[None]) -> float:
    started = perf_counter()
    await work
    return perf_counter() - started


async def _rendered(renderer: Renderer, deployments: int) -> None:
    document, lines = await asyncio.to_thread(_document, deployments)
    async with renderer.turn(f"tenant of {deployments}"):
        await renderer.render(document, "pdf", lines)


def _document(deployments: int) -> tuple[InvoiceDocument, bytes]:
    lines = [line for place in range(deployments) for line in _lines(f"deployment-{place}")]
    invoice = _invoice(sum(line.amount_cents for line in lines), len(lines))
    return view_of(invoice, lines, {}), charges_of(invoice, lines)


def _invoice(cents: int, count: int) -> Invoice:
    tax = cents // 10
    return Invoice(
        id=UUID(int=1), tenant_id="bench", period=date(2026, 4, 1), currency="AUD",
        subtotal_cents=cents, tax_cents=tax, total_cents=cents + tax, tax_rule_id=UUID(int=2),
        tax_label="GST", tax_rate_percent=Decimal(10), line_count=count, lines_hash="",
        proofs_hash="", created_at=datetime(2026, 5, 1, tzinfo=UTC), status=InvoiceStatus.ISSUED,
        number=1, issuer=Party("Issuer", "51 824 753 556"), recipient=Party("Bench Pty Ltd"),
        issued_on=date(2026, 5, 1), due_on=date(2026, 5, 15), chain_hash="ab" * 32,
        # Several fields are on one line.
    )  # fmt: skip  # a table


def _lines(deployment: str) -> list[Line]:
    used = {"used": "2160", "allowance": "1488"}
    return [
        _line(deployment, "plan_base", "", "Plan: studio", 1, "month", 5000, {}),
        _line(deployment, "addon", "spaces_gb_month", "Addon: storage_50gb", 1, "month", 750, {}),
        _line(
            deployment, "overage", "droplet_hours", "Overage: droplet_hours", 672, "hour", 1, used
        ),
        _line(deployment, "ad_hoc", "llm_tokens", "Usage: llm_tokens", 1000, "1k_tokens", 1, {}),
    ]


def _line(
    deployment: str, kind: str, meter: str, description: str, qty: int, unit: str, cents: int,
    meta: dict[str, str],
    # Several fields are on one line.
) -> Line:  # fmt: skip  # a table
    return Line(
        kind=kind, resource_kind=meter, description=description, qty=Decimal(qty), unit=unit,
        unit_price_cents=Decimal(cents), amount_cents=qty * cents, meta=meta,
        deployment_id=deployment, service_start=date(2026, 4, 1), service_end=date(2026, 5, 1),
        # Several fields are on one line.
    )  # fmt: skip  # a table
