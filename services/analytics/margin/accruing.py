"""Computes the accruals of the running month from quotes."""

from collections.abc import Iterable

from arcadia.catalog.v1 import pricing_service_pb2, quotes_pb2

from services.analytics.catalog_client import QuoteOutcome
from services.analytics.margin.rules.accruals import Accrual, AccrualFailure

__all__ = ["accrual_of", "accruals_of", "failures_of"]


def accruals_of(
    subscriptions: Iterable[pricing_service_pb2.BillableSubscription],
    outcomes: Iterable[QuoteOutcome],
) -> list[Accrual]:
    """The accruals of the priced subscriptions; both lists have the same order."""
    return [
        accrual_of(one, outcome.quote)
        for one, outcome in zip(subscriptions, outcomes, strict=True)
        if outcome.quote is not None
    ]


def failures_of(
    subscriptions: Iterable[pricing_service_pb2.BillableSubscription],
    outcomes: Iterable[QuoteOutcome],
) -> list[AccrualFailure]:
    """The subscriptions that could not be priced; both lists have the same order."""
    return [
        AccrualFailure(
            one.subscription.id,
            one.subscription.deployment_id,
            one.subscription.tenant_id,
            outcome.reason,
            outcome.message,
        )
        for one, outcome in zip(subscriptions, outcomes, strict=True)
        if outcome.quote is None
    ]


def accrual_of(
    billable: pricing_service_pb2.BillableSubscription, quote: quotes_pb2.Quote
) -> Accrual:
    """The invoice so far: recurring charges prorated, overage and ad hoc usage."""
    kinds: dict[str, int] = {}
    for line in (*quote.first_invoice, *quote.overage, *quote.ad_hoc):
        kind = line.resource_kind or line.kind
        kinds[kind] = kinds.get(kind, 0) + line.amount_cents
    return Accrual(
        subscription_id=billable.subscription.id,
        deployment_id=billable.subscription.deployment_id,
        tenant_id=billable.subscription.tenant_id,
        recurring_cents=quote.first_invoice_cents,
        overage_cents=quote.overage_cents,
        ad_hoc_cents=quote.ad_hoc_cents,
        kind_cents=kinds,
        currency=quote.currency,
        inputs_json=quote.proof.inputs_json,
        inputs_hash=quote.proof.inputs_hash,
        engine_version=quote.proof.engine_version,
        result_hash=quote.proof.result_hash,
    )
