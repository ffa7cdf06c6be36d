"""One-off lines that an operator adds, as invoice lines with their proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.analytics.invoicing.invoices.rules.lines import (
    ONE_OFF,
    Line,
    Proof,
    lines_hash,
)
from services.analytics.invoicing.invoices.rules.states import OneOffStatus
from services.analytics.invoicing.rollups.rules.drafting import Part
from services.common.values.canonical import canonical, digest
from services.common.values.periods import Period

__all__ = ["ONE_OFF_ENGINE", "OneOff", "one_off_parts", "recomputed_lines"]

ONE_OFF_ENGINE: Final = "one_off/1"
"""The version of the rule that makes one-off lines; part of their proof."""


@dataclass(frozen=True, slots=True)
class OneOff:
    """A one-off line. The amount is in whole cents without tax, and not 0."""

    tenant_id: str
    deployment_id: str
    """The deployment that it belongs to; empty for the tenant as a whole."""
    description: str
    amount_cents: int
    currency: str
    reason: str
    added_by: str
    added_at: datetime
    id: UUID | None = None
    """Its id; None on an invoice that was drafted from it immediately."""
    deployment_name: str = ""
    status: OneOffStatus = OneOffStatus.PENDING
    invoice_id: UUID | None = None
    """The invoice that bills it."""
    removed_by: str = ""
    removed_at: datetime | None = None


def one_off_parts(lines: Sequence[OneOff], period: Period) -> list[Part]:
    """The invoice parts of one-off lines: one per currency and deployment."""
    grouped: dict[tuple[str, str], list[OneOff]] = {}
    for line in lines:
        grouped.setdefault((line.currency, line.deployment_id), []).append(line)
    return [
        _part(deployment, currency, members, period)
        for (currency, deployment), members in sorted(grouped.items())
    ]


def recomputed_lines(inputs_json: str) -> list[Line]:
    """Recomputes the lines from the inputs in a proof."""
    inputs = orjson.loads(inputs_json)
    period = Period(
        date.fromisoformat(inputs["period_start"]), date.fromisoformat(inputs["period_end"])
    )
    return [_line(one, inputs["deployment_id"], period) for one in inputs["lines"]]


def _part(deployment: str, currency: str, members: Sequence[OneOff], period: Period) -> Part:
    inputs = canonical(
        {
            "currency": currency,
            "deployment_id": deployment,
            "lines": [
                {
                    "added_by": one.added_by,
                    "amount_cents": one.amount_cents,
                    "description": one.description,
                    "id": str(one.id or ""),
                    "reason": one.reason,
                }
                for one in members
            ],
            "period_end": period.end.isoformat(),
            "period_start": period.start.isoformat(),
        }
    )
    lines = tuple(recomputed_lines(inputs))
    proof = Proof(
        deployment, "", inputs, digest(inputs), ONE_OFF_ENGINE, lines_hash(lines),
        members[-1].deployment_name,
    )  # fmt: skip  # a table
    return Part(deployment, currency, lines, proof)


def _line(one: dict[str, Any], deployment: str, period: Period) -> Line:
    meta = {"reason": one["reason"]}
    if one["id"]:
        meta["one_off_line_id"] = one["id"]
    return Line(
        kind=ONE_OFF,
        resource_kind="",
        description=one["description"],
        qty=Decimal(1),
        unit="item",
        unit_price_cents=Decimal(one["amount_cents"]),
        amount_cents=one["amount_cents"],
        meta=meta,
        deployment_id=deployment or None,
        service_start=period.start,
        service_end=period.end,
    )
