"""Converts the catalog's quotes to the parts of an invoice, with their lines unchanged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from arcadia.catalog.v1 import pricing_service_pb2, quotes_pb2

from services.analytics.invoicing.invoices.rules.lines import Line, Proof
from services.analytics.invoicing.rollups.rules.drafting import Part
from services.analytics.invoicing.rollups.rules.rebilling import DeploymentCost, claims_of
from services.analytics.invoicing.unbilled.rules import unsold_content
from services.analytics.usage.rules.figures import UsageSeries
from services.common.values.periods import Period

__all__ = ["Subscribed", "days_of", "part_of"]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription to price in a month, with its owner."""

    subscription_id: str
    tenant_id: str
    deployment_id: str
    deployment_name: str
    sold_kinds: frozenset[str] | None = None
    """The kinds of usage that may be sold to it; None where the catalog does not tell."""
    partly_sold_kinds: frozenset[str] = frozenset()
    """Those of them of which some usage may not be sold, by its dimensions or its day."""

    @property
    def deployment(self) -> tuple[str, str]:
        """Its tenant and its deployment."""
        return self.tenant_id, self.deployment_id

    @classmethod
    def of(cls, one: pricing_service_pb2.BillableSubscription) -> "Subscribed":
        """From the catalog's message."""
        return cls(
            one.subscription.id,
            one.subscription.tenant_id,
            one.subscription.deployment_id,
            one.deployment.display_name or one.deployment.slug,
            frozenset(one.sold_kinds) if one.tells_sold_kinds or one.sold_kinds else None,
            frozenset(one.partly_sold_kinds),
        )

    def unsold(self, used: Iterable[UsageSeries]) -> tuple[str, ...]:
        """The kinds of usage that are not sold to it: no invoice bills them."""
        if self.sold_kinds is None:
            return ()
        return tuple(sorted({one.resource_kind for one in used} - self.sold_kinds))


def part_of(
    subscribed: Subscribed,
    quote: quotes_pb2.Quote,
    month: Period,
    *,
    is_own: bool = True,
    unsold_kinds: tuple[str, ...] = (),
    unsold_usage: Iterable[UsageSeries] = (),
    costs: Sequence[DeploymentCost] = (),
    was_rebilled: bool = False,
) -> Part:
    """The charges of a subscription for a month: prorated recurring lines and usage.

    `is_own` says whether the month is the invoice's own; no line bills `unsold_kinds` and
    `unsold_usage`. `costs` are those that the quote was given; `was_rebilled` says that other
    invoices bill costs of the month, which count as taken back if the quote has none.
    """
    quoted = (*quote.first_invoice, *quote.overage, *quote.ad_hoc, *quote.rebilled)
    lines = tuple(_line(line, subscribed.deployment_id, month) for line in quoted)
    claims = None
    if quote.rebills_costs or was_rebilled:
        claims = tuple(claims_of(subscribed.subscription_id, lines, costs, month))
    return Part(
        deployment_id=subscribed.deployment_id,
        currency=quote.currency,
        lines=lines,
        claims=claims,
        proof=Proof(
            deployment_id=subscribed.deployment_id,
            subscription_id=subscribed.subscription_id,
            inputs_json=quote.proof.inputs_json,
            inputs_hash=quote.proof.inputs_hash,
            engine_version=quote.proof.engine_version,
            result_hash=quote.proof.result_hash,
            deployment_name=subscribed.deployment_name,
            service_month=None if is_own else month.start,
            covered_days=(*map(days_of, quote.billed_days), *map(days_of, quote.trial_days))
            or None,
            unsold_kinds=unsold_kinds,
            unsold_usage=unsold_content(
                one for one in unsold_usage if one.resource_kind not in unsold_kinds
            ),
            rebills_costs=quote.rebills_costs,
        ),
    )


def days_of(span: quotes_pb2.DaySpan) -> Period:
    """A range of days from the catalog."""
    return _period(span.start, span.end)


@lru_cache(maxsize=1024)
def _period(start: str, end: str) -> Period:
    """Most lines of a month cover the same days."""
    return Period(date.fromisoformat(start), date.fromisoformat(end))


def _line(line: quotes_pb2.QuoteLine, deployment_id: str, month: Period) -> Line:
    # An earlier version of the engine does not return the days of a line.
    service = _period(line.service_start, line.service_end) if line.service_start else month
    return Line(
        kind=line.kind,
        resource_kind=line.resource_kind,
        description=line.description,
        qty=Decimal(line.qty),
        unit=line.unit,
        unit_price_cents=Decimal(line.unit_price_cents),
        amount_cents=line.amount_cents,
        meta=dict(line.meta),
        deployment_id=deployment_id,
        service_start=service.start,
        service_end=service.end,
        dimensions=dict(line.dimensions) if line.dimensions else {},
        price_base_qty=Decimal(line.price_base_qty or 1),
        service_days=line.service_days or None,
    )
