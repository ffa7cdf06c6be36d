"""A small catalog on a real server: subscriptions, and an engine with one plan.

Studio costs 5000 cents a month and includes 1488 droplet hours (1 cent an hour over) and 100 GB
of Spaces (2 cents over); the addon `storage_50gb` costs 750; LLM tokens are ad hoc, 1 cent a
thousand. Enough to see what a roll-up does with quotes; the real engine has its own tests.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import grpc
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import pricing_service_pb2_grpc, quotes_pb2

__all__ = ["UNKNOWN_QUOTE", "FakeCatalog", "Subscription", "serve_catalog"]

ENGINE = "test/1"
UNKNOWN_QUOTE = "00000000-0000-7000-8000-00000000dead"


@dataclass(frozen=True)
class Subscription:
    """A subscription to Studio, named after its deployment."""

    tenant_id: str
    slug: str
    addons: int = 0
    starts_on: str = "2000-01-01"
    ends_on: str = ""
    base_cents: int = 5000
    currency: str = "AUD"

    @property
    def deployment_id(self) -> str:
        return str(uuid5(NAMESPACE_DNS, f"{self.tenant_id}/{self.slug}"))

    @property
    def id(self) -> str:
        return str(uuid5(NAMESPACE_DNS, f"subscription of {self.tenant_id}/{self.slug}"))

    def billable(self, start: str, end: str) -> bool:
        return self.starts_on < end and (not self.ends_on or self.ends_on > start)

    def message(self) -> pb.BillableSubscription:
        message = pb.BillableSubscription()
        message.subscription.id = self.id
        message.subscription.deployment_id = message.deployment.id = self.deployment_id
        message.subscription.tenant_id = message.deployment.tenant_id = self.tenant_id
        message.deployment.slug = self.slug
        message.deployment.display_name = f"The {self.slug}"
        return message


@dataclass
class FakeCatalog(pricing_service_pb2_grpc.PricingServiceServicer):
    """What it knows, and how it misbehaves."""

    subscriptions: list[Subscription] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Tenants that cannot be priced, with the reason."""
    down_for: int = 0
    """So many calls are answered UNAVAILABLE first."""
    slow_seconds: float = 0.0
    meanwhile: Callable[[], None] | None = None
    """Happens once, while something is quoted."""
    quoted: list[str] = field(default_factory=list)
    """Subscriptions in the order in which they were quoted."""

    async def ListBillableSubscriptions(  # noqa: N802
        self, request: pb.ListBillableSubscriptionsRequest, context: Any
    ) -> pb.ListBillableSubscriptionsResponse:
        await self._behave(context)
        found = [
            one
            for one in sorted(self.subscriptions, key=lambda one: (one.tenant_id, one.slug))
            if one.billable(request.period_start, request.period_end)
            and (not request.tenant_ids or one.tenant_id in request.tenant_ids)
            and one.tenant_id > request.page_token
        ]
        tenants = sorted({one.tenant_id for one in found})
        page = tenants[: request.page_size or 200]
        return pb.ListBillableSubscriptionsResponse(
            billable_subscriptions=[one.message() for one in found if one.tenant_id in page],
            next_page_token=page[-1] if len(tenants) > len(page) else "",
        )

    async def BatchQuote(  # noqa: N802
        self, request: pb.BatchQuoteRequest, context: Any
    ) -> AsyncIterator[pb.BatchQuoteResponse]:
        await self._behave(context)
        if self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None
        known = {one.id: one for one in self.subscriptions}
        for item in request.items:
            one = known[item.subscription_id]
            self.quoted.append(one.id)
            result = pb.BatchQuoteResult(subscription_id=one.id)
            if one.tenant_id in self.refused:
                result.failure.reason = self.refused[one.tenant_id]
                result.failure.message = f"{one.slug} cannot be priced"
            else:
                result.quote.CopyFrom(quote_of(one, request.period_start, item))
            yield pb.BatchQuoteResponse(results=[result])

    async def VerifyProofs(  # noqa: N802
        self, request: pb.VerifyProofsRequest, context: Any
    ) -> pb.VerifyProofsResponse:
        await self._behave(context)
        return pb.VerifyProofsResponse(verifications=map(_verified, request.proofs))

    async def CompareProofs(  # noqa: N802
        self, request: pb.CompareProofsRequest, context: Any
    ) -> pb.CompareProofsResponse:
        if request.left_quote_id == UNKNOWN_QUOTE:
            await context.abort(grpc.StatusCode.NOT_FOUND, "the quote was not found")
        inputs = json.loads(request.right_proof.inputs_json)
        return pb.CompareProofsResponse(
            differences=[
                quotes_pb2.InputDifference(
                    path=f"usage.{kind}", left_json='"0"', right_json=json.dumps(qty)
                )
                for kind, qty in inputs["usage"].items()
            ]
        )

    async def ReadBackdatedChanges(  # noqa: N802
        self, request: pb.ReadBackdatedChangesRequest, context: Any
    ) -> pb.ReadBackdatedChangesResponse:
        return pb.ReadBackdatedChangesResponse(cursor=request.after)

    async def ValueUsage(  # noqa: N802
        self, request: pb.ValueUsageRequest, context: Any
    ) -> pb.ValueUsageResponse:
        return pb.ValueUsageResponse()

    async def _behave(self, context: Any) -> None:
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        if self.down_for:
            self.down_for -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the catalog is being restarted")


def quote_of(one: Subscription, period_start: str, item: pb.BatchQuoteItem) -> quotes_pb2.Quote:
    """What a subscription comes to in a month, with a proof."""
    usage = {used.resource_kind: Decimal(used.qty) for used in item.quantities}
    base = _line("plan_base", "", "Studio", "1", "month", one.base_cents, plan_version_id="v1")
    addons = [
        _line("addon", "spaces_gb_month", "Addon: storage_50gb", "1", "month", 750, addon_id="a1")
        for _ in range(one.addons)
    ]
    overage = []
    for kind, unit, included, cents in (
        ("droplet_hours", "hour", Decimal(1488), 1),
        ("spaces_gb_month", "GB", Decimal(100 + 50 * one.addons), 2),
    ):
        used = usage.get(kind, Decimal(0))
        if used > included:
            over = f"{used - included:f}"
            overage.append(
                _line("overage", kind, f"{kind} over the allowance", over, unit, cents,
                      plan_item_id="i1", used=f"{used:f}", allowance=f"{included:f}")
            )  # fmt: skip
    ad_hoc = [
        _line("ad_hoc", kind, kind, f"{qty / 1000:f}", "1k_tokens", 1, resource_price_id="p1")
        for kind, qty in sorted(usage.items())
        if kind == "llm_tokens"
    ]
    inputs = {
        "period": period_start,
        "subscription": one.id,
        "usage": {used.resource_kind: used.qty for used in item.quantities},
        "facts": [used.facts_hash for used in item.quantities],
    }
    quote = quotes_pb2.Quote(
        recurring=[base, *addons],
        first_invoice=[base, *addons],
        overage=overage,
        ad_hoc=ad_hoc,
        currency=one.currency,
        subscription_id=one.id,
    )
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    quote.proof.CopyFrom(
        quotes_pb2.Proof(
            inputs_json=text,
            inputs_hash=_sha(text),
            engine_version=ENGINE,
            result_hash=_sha(f"{ENGINE} {text}"),
        )
    )
    return quote


def _line(
    kind: str, resource_kind: str, description: str, qty: str, unit: str, cents: int, **meta: str
) -> quotes_pb2.QuoteLine:
    amount = Decimal(qty) * cents
    return quotes_pb2.QuoteLine(
        kind=kind,
        resource_kind=resource_kind,
        description=description,
        qty=qty,
        unit=unit,
        unit_price_cents=str(cents),
        amount_cents=int(amount + Decimal("0.5")),
        meta=meta,
    )


def _verified(proof: quotes_pb2.Proof) -> quotes_pb2.Verification:
    result = _sha(f"{ENGINE} {proof.inputs_json}")
    verified = (_sha(proof.inputs_json), result) == (proof.inputs_hash, proof.result_hash)
    return quotes_pb2.Verification(
        verified=verified,
        inputs_hash=_sha(proof.inputs_json),
        result_hash=result,
        engine_version=ENGINE,
        reason="" if verified else "the result is another one",
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def serve_catalog(catalog: FakeCatalog) -> tuple[grpc.aio.Server, str]:
    """Starts it on a server of its own; its address."""
    server = grpc.aio.server()
    pricing_service_pb2_grpc.add_PricingServiceServicer_to_server(catalog, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"
