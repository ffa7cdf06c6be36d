"""Lines of an invoice, the proofs of their computation, and the hashes of both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.common.values.canonical import canonical, digest
from services.common.values.money import plain
from services.common.values.periods import Period

__all__ = ["ADJUSTMENT", "ONE_OFF", "TAX", "InvoiceLine", "InvoiceProof", "Line", "Proof",
           "canonical", "digest", "lines_hash", "price_of", "proofs_hash"]  # fmt: skip  # a table

ADJUSTMENT: Final = "adjustment"
"""The kind of a line that corrects an earlier month."""

ONE_OFF: Final = "one_off"
"""The kind of a line that an operator added."""

TAX: Final = "tax"
"""The kind of the tax line, which has no deployment."""


@dataclass(frozen=True, slots=True)
class Line:
    """A quote line with its deployment and its service period."""

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
    """End of the service period, exclusive."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """The dimensions of the usage."""
    price_base_qty: Decimal = Decimal(1)
    """The number of units that the unit price buys."""
    service_days: int | None = None
    """The number of days covered; None on drafts of releases that did not record it."""

    @property
    def service(self) -> Period:
        """The service period."""
        return Period(self.service_start, self.service_end)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line at its position on an invoice."""

    invoice_id: UUID
    tenant_id: str
    position: int
    line: Line
    id: UUID | None = None
    """None before it is stored."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The inputs and the engine of a computed part of an invoice; the tax has no deployment."""

    deployment_id: str
    subscription_id: str
    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str
    deployment_name: str = ""
    """The deployment's name when it was billed."""
    service_month: date | None = None
    """The priced month, if it differs from the invoice's."""
    covered_days: tuple[Period, ...] | None = None
    """The days that are billed or covered by a trial; None if the catalog did not return them."""
    unsold_kinds: tuple[str, ...] = ()
    """The kinds of usage that were not sold then; no line bills them."""
    unsold_usage: Mapping[str, Any] = field(default_factory=dict)
    """The usage of other kinds that nothing priced: see `unsold_content`."""
    rebills_costs: bool = False
    """Whether a rebilling rule prices the provider's cost lines of the subscription."""


@dataclass(frozen=True, slots=True)
class InvoiceProof:
    """A proof at its position on an invoice."""

    invoice_id: UUID
    tenant_id: str
    position: int
    proof: Proof


def lines_hash(lines: Iterable[Line]) -> str:
    """The hash of an invoice's lines in order, with all amounts and texts."""
    return digest(canonical([_content(line) for line in lines]))


def proofs_hash(proofs: Iterable[Proof]) -> str:
    """The hash of an invoice's proofs in order, over the hashes they contain."""
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
    # Omit unset fields, so that lines of older releases keep their hash.
    more: dict[str, Any] = {}
    if line.dimensions:
        more["dimensions"] = dict(line.dimensions)
    if line.price_base_qty != 1:
        more["price_base_qty"] = plain(line.price_base_qty)
    if line.service_days is not None:
        more["service_days"] = line.service_days
    return [*content, more] if more else content


SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "plan_base": ("plan_version", "plan_version_id"),
    "addon": ("addon", "addon_id"),
    "overage": ("plan_item", "plan_item_id"),
    "ad_hoc": ("resource_price", "resource_price_id"),
    "rebilled": ("rebilling_rule", "rebilling_rule_id"),
    ONE_OFF: ("one_off_line", "one_off_line_id"),
    TAX: ("tax_rule", "tax_rule_id"),
}
"""By line kind: the type of the price, and the metadata key of its id."""


def price_of(kind: str, meta: Mapping[str, str]) -> tuple[str, str]:
    """The type and id of the price; an adjustment has those of the line that it corrects."""
    price_type, key = SOURCES[meta.get("adjusts_kind", "overage") if kind == ADJUSTMENT else kind]
    return price_type, meta.get(key, "")
