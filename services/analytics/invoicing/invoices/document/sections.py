"""The lines of a document, printed so that quantity times unit price is the amount."""

from collections.abc import Mapping, Sequence
from typing import Final

from services.analytics.invoicing.invoices.document.formatting import (
    amount_in_words,
    days_text,
    grouped,
)
from services.analytics.invoicing.invoices.document.model import DocumentLine, DocumentSection
from services.analytics.invoicing.invoices.document.naming import line_name, unit_name
from services.analytics.invoicing.invoices.rules.invoices import CreditedLine
from services.analytics.invoicing.invoices.rules.lines import ADJUSTMENT, ONE_OFF, TAX, Line
from services.common.values.money import plain

__all__ = ["MAX_LINES", "folded_note", "sections_of"]

ACCOUNT: Final = "Account"
"""Heading of lines that belong to the tenant and no deployment."""

MAX_LINES: Final = 2_000
"""Maximum lines of a document.

Beyond it, the document shows the total per deployment, and the lines are in the attached file.
"""

MAX_DEPLOYMENTS: Final = 2_000
"""Maximum deployments shown individually."""


def sections_of(
    lines: Sequence[Line | CreditedLine], names: Mapping[str, str], currency: str
) -> tuple[DocumentSection, ...]:
    """The lines by deployment, without the tax; for a credit note, the credited amounts.

    With more than `MAX_LINES`, one section with a line per deployment.
    """
    by_deployment: dict[str | None, list[tuple[Line, int | None]]] = {}
    for one in lines:
        line, credited = (
            (one.line.line, one.credited_cents) if isinstance(one, CreditedLine) else (one, None)
        )
        if line.kind != TAX:
            by_deployment.setdefault(line.deployment_id, []).append((line, credited))
    sums = {
        deployment: sum(
            line.amount_cents if credited is None else -credited for line, credited in members
        )
        for deployment, members in by_deployment.items()
    }
    if len(lines) > MAX_LINES:
        counts = {deployment: len(members) for deployment, members in by_deployment.items()}
        return (_folded(sums, counts, names, currency),)
    return tuple(
        DocumentSection(
            title=_name(deployment, names),
            lines=tuple(
                _line(line, currency)
                if credited is None
                else _credited_line(line, credited, currency)
                for line, credited in members
            ),
            subtotal=amount_in_words(sums[deployment], currency),
        )
        for deployment, members in by_deployment.items()
    )


def _folded(
    sums: Mapping[str | None, int],
    counts: Mapping[str | None, int],
    names: Mapping[str, str],
    currency: str,
) -> DocumentSection:
    """A line per deployment instead of its lines; the last line sums those beyond the maximum."""
    shown = [
        DocumentLine(
            _name(deployment, names),
            "",
            f"{counts[deployment]:,} {'line' if counts[deployment] == 1 else 'lines'}",
            "",
            amount_in_words(amount, currency),
        )
        for deployment, amount in list(sums.items())[:MAX_DEPLOYMENTS]
    ]
    if rest := list(sums.values())[MAX_DEPLOYMENTS:]:
        left = amount_in_words(sum(rest), currency)
        shown.append(DocumentLine(f"{len(rest):,} further deployments", "", "", "", left))
    total = amount_in_words(sum(sums.values()), currency)
    return DocumentSection(f"{len(sums):,} deployments", tuple(shown), total)


def _name(deployment: str | None, names: Mapping[str, str]) -> str:
    return names.get(deployment or "") or deployment or ACCOUNT


def _described(line: Line) -> str:
    return line_name(line.kind, line.resource_kind, line.description, line.meta)


def _line(line: Line, currency: str) -> DocumentLine:
    """A line as printed: quantity times unit price is the amount, rounded half up."""
    is_part = line.unit == "day" and line.price_base_qty != 1
    qty = grouped(_exact_qty(line))
    price = amount_in_words(line.unit_price_cents, currency)
    if line.price_base_qty != 1:
        base = plain(line.price_base_qty)
        price = f"{price} / {grouped(base)} {unit_name(line.unit, base)}"
    unit = unit_name(line.unit, plain(line.price_base_qty) if is_part else qty)
    if is_part:
        qty = f"{qty} of {grouped(plain(line.price_base_qty))}"
    return DocumentLine(
        description=_described(line),
        note=_note(line),
        # The unit is a thousand tokens, so the quantity is not a number of tokens.
        qty=f"{qty} \N{MULTIPLICATION SIGN} {unit}" if unit[0].isdecimal() else f"{qty} {unit}",
        unit_price=price,
        amount=amount_in_words(line.amount_cents, currency),
    )


def _credited_line(line: Line, credited_cents: int, currency: str) -> DocumentLine:
    """A credited line: all of it, or a part of its amount."""
    return DocumentLine(
        description=_described(line),
        note=_note(line),
        qty="all" if credited_cents == line.amount_cents else "part",
        unit_price=amount_in_words(line.amount_cents, currency),
        amount=amount_in_words(-credited_cents, currency),
    )


def _exact_qty(line: Line) -> str:
    """The quantity, as a fraction if no finite decimal equals it."""
    exact: str = line.meta.get("exact_qty", "")
    return exact or plain(line.qty)


def _note(line: Line) -> str:
    told = []
    if line.kind == ADJUSTMENT:
        told.append(f"used {days_text(line.service_start, line.service_end)}")
    elif line.service_days is not None and line.price_base_qty != 1:
        told.append(days_text(line.service_start, line.service_end))
    if line.kind == ONE_OFF:
        told.append(line.meta.get("reason", ""))
    if line.dimensions:
        told.append(", ".join(f"{name} {value}" for name, value in sorted(line.dimensions.items())))
    proration = line.meta.get("proration", "")
    if proration and line.price_base_qty == 1:
        told.append(f"{proration} of the month")
    used, allowance = line.meta.get("used", ""), line.meta.get("allowance", "")
    if used:
        told.append(
            f"used {grouped(used)}" + (f", {grouped(allowance)} included" if allowance else "")
        )
    return "; ".join(told)


def folded_note(lines: Sequence[object], number: str) -> tuple[str, ...]:
    """A note about lines left out of a document with too many; empty otherwise."""
    if len(lines) <= MAX_LINES:
        return ()
    where = (
        f" All lines are in {number}.csv, which is attached to the PDF of this invoice."
        if number
        else ""
    )
    shown = f"Each deployment is shown with the total of its lines: {len(lines):,} lines in all."
    return (shown + where,)
