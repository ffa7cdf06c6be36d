"""Lines of an invoice, and the frozen proofs of what they come from; their hashes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.common.values.money import plain
from services.common.values.periods import Period

__all__ = ["ADJUSTMENT", "ONE_OFF", "TAX", "InvoiceLine", "InvoiceProof", "Line", "Proof",
           "canonical", "digest", "lines_hash", "proofs_hash"]  # fmt: skip  # a table

ADJUSTMENT: Final = "adjustment"
"""The kind of a line that corrects an earlier month."""

ONE_OFF: Final = "one_off"
"""The kind of a line that an operator added by hand."""

TAX: Final = "tax"
"""The kind of the line of tax, which bills no deployment."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the quote gave it, tagged with its deployment and its own service period."""

    kind: str
    resource_kind: str
    description: str
    qty: Decimal
    unit: str
    unit_price_cents: Decimal
    amount_cents: int
    meta: Mapping[str, str]
    deployment_id: str | None
    service_start: date
    service_end: date
    """The days that it covers, without this one."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """What was used, by the dimensions of its meter."""
    price_base_qty: Decimal = Decimal(1)
    """How many units the unit price buys."""
    service_days: int | None = None
    """How many days it covers; None on what older releases drafted, which did not tell."""

    @property
    def service(self) -> Period:
        """From the first of its days to the last."""
        return Period(self.service_start, self.service_end)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line where it stands on an invoice."""

    invoice_id: UUID
    tenant_id: str
    position: int
    line: Line
    id: UUID | None = None
    """None before it is kept."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a part of an invoice was computed from and by what; the tax has no deployment."""

    deployment_id: str
    subscription_id: str
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str
    deployment_name: str = ""
    """What it was called when it was billed."""
    service_month: date | None = None
    """The month that was priced, where it is another one than the invoice's."""
    covered_days: tuple[Period, ...] | None = None
    """The days that are billed or free by a trial; None where the catalog did not tell."""


@dataclass(frozen=True, slots=True)
class InvoiceProof:
    """A proof where it stands on an invoice."""

    invoice_id: UUID
    tenant_id: str
    position: int
    proof: Proof


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values have equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(text: str) -> str:
    """SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def lines_hash(lines: Iterable[Line]) -> str:
    """Names the lines of an invoice, in their order, to the last cent and word."""
    return digest(canonical([_content(line) for line in lines]))


def proofs_hash(proofs: Iterable[Proof]) -> str:
    """Names the proofs of an invoice, in their order, by the hashes that they keep."""
    return digest(
        canonical(
            [
                [
                    proof.deployment_id,
                    proof.subscription_id,
                    proof.inputs_hash,
                    proof.engine_version,
                    proof.result_hash,
                    proof.deployment_name,
                ]
                for proof in proofs
            ]
        )
    )


def _content(line: Line) -> list[Any]:
    content = [
        line.kind,
        line.resource_kind,
        line.description,
        plain(line.qty),
        line.unit,
        plain(line.unit_price_cents),
        line.amount_cents,
        dict(line.meta),
        line.deployment_id,
        line.service_start.isoformat(),
        line.service_end.isoformat(),
    ]
    # Only what says something: lines of older releases had none of it, and keep their hash.
    more: dict[str, Any] = {}
    if line.dimensions:
        more["dimensions"] = dict(line.dimensions)
    if line.price_base_qty != 1:
        more["price_base_qty"] = plain(line.price_base_qty)
    if line.service_days is not None:
        more["service_days"] = line.service_days
    return [*content, more] if more else content
