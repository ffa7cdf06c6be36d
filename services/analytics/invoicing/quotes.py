"""From the catalog's quotes to the parts of an invoice: lines as the quotes give them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from arcadia.catalog.v1 import pricing_service_pb2, quotes_pb2

from services.analytics.invoicing.drafting import Part
from services.analytics.invoicing.lines import Line, Proof, digest
from services.analytics.usage.store.periods import PeriodUsage
from services.common.periods import Period

__all__ = ["added", "part_of"]


def part_of(
    subscription: pricing_service_pb2.BillableSubscription,
    quote: quotes_pb2.Quote,
    service: Period,
) -> Part:
    """What a subscription is billed for a period: prorated recurring lines, overage, ad hoc."""
    deployment_id = subscription.subscription.deployment_id
    lines = (*quote.first_invoice, *quote.overage, *quote.ad_hoc)
    return Part(
        deployment_id=deployment_id,
        currency=quote.currency,
        lines=tuple(_line(line, deployment_id, service) for line in lines),
        proof=Proof(
            deployment_id=deployment_id,
            subscription_id=subscription.subscription.id,
            inputs_json=quote.proof.inputs_json,
            inputs_hash=quote.proof.inputs_hash,
            engine_version=quote.proof.engine_version,
            result_hash=quote.proof.result_hash,
            deployment_name=subscription.deployment.display_name or subscription.deployment.slug,
        ),
    )


def added(usages: Iterable[Sequence[PeriodUsage]]) -> list[PeriodUsage]:
    """Usage of several sources as one figure a kind, named by the facts of all of them."""
    figures: dict[tuple[str, str, str], PeriodUsage] = {}
    for usage in usages:
        for used in usage:
            key = (used.tenant_id, used.deployment_id, used.resource_kind)
            known = figures.get(key)
            figures[key] = used if known is None else _sum(known, used)
    return [figures[key] for key in sorted(figures)]


def _sum(one: PeriodUsage, other: PeriodUsage) -> PeriodUsage:
    return PeriodUsage(
        one.tenant_id,
        one.deployment_id,
        one.resource_kind,
        one.qty + other.qty,
        digest(f"{one.facts_hash}\n{other.facts_hash}"),
    )


def _line(line: quotes_pb2.QuoteLine, deployment_id: str, service: Period) -> Line:
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
        service=service,
    )
