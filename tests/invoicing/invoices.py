"""An issued invoice and a line, for tests of rules without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.analytics.invoicing.invoices.rules.invoices import Invoice
from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.profiles.rules.parties import Party
from services.common.values.periods import Period

__all__ = ["APRIL", "days", "invoice", "line"]

APRIL = Period.month(2026, 4)


def days(period: Period) -> dict[str, Any]:
    """The days of a line."""
    return {"service_start": period.start, "service_end": period.end}


def invoice(**changes: Any) -> Invoice:
    """An issued invoice of April."""
    made = Invoice(
        id=UUID(int=7), tenant_id="acme", period=APRIL.start, currency="AUD",
        subtotal_cents=100, tax_cents=10, total_cents=110, tax_rule_id=UUID(int=1),
        tax_label="GST", tax_rate_percent=Decimal(10), line_count=2, lines_hash="l",
        proofs_hash="p", created_at=datetime(2026, 5, 1, tzinfo=UTC), number=1,
        issuer=Party("us"), recipient=Party("them"), issued_on=date(2026, 5, 1),
        due_on=date(2026, 5, 15),
    )  # fmt: skip  # a table
    return replace(made, **changes)


def line(amount: int = 5000, kind: str = "plan_base", **changes: Any) -> Line:
    """A line of the whole of April."""
    made = Line(
        kind, "", "Plan: studio", Decimal(1), "month", Decimal(amount), amount, {}, "shop",
        APRIL.start, APRIL.end,
    )  # fmt: skip  # a table
    return replace(made, **changes)
