"""A small catalog on a real server: subscriptions, and an engine with one plan.

Studio costs 5000 cents a month and includes 1488 droplet hours (1 cent per further hour) and 100
GB of Spaces (2 cents per further GB); the addon `storage_50gb` costs 750; LLM tokens are ad hoc, 1
cent a thousand. Usage counts on the days of a subscription; a part of a month is billed by days.
This is enough to test a roll-up; the real engine has its own tests.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import grpc
from arcadia.catalog.v1 import lifecycle_service_pb2 as lifecycle_pb
from arcadia.catalog.v1 import lifecycle_service_pb2_grpc, pricing_service_pb2_grpc, quotes_pb2
from arcadia.catalog.v1 import pricing_service_pb2 as pb

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
    trial_until: str = ""
    """The first day after its trial; empty without one."""
    sold_kinds: frozenset[str] = frozenset()
    """The kinds of usage that are sold to it; empty for a catalog that does not tell."""

    @property
    def deployment_id(self) -> str:
        return str(uuid5(NAMESPACE_DNS, f"{self.tenant_id}/{self.slug}"))

    @property
    def id(self) -> str:
        return str(uuid5(NAMESPACE_DNS, f"subscription of {self.tenant_id}/{self.slug}"))

    def billed_days(self, start: str, end: str) -> list[tuple[str, str]]:
        return _span(max(self.starts_on, self.trial_until), self.ends_on, start, end)

    def trial_days(self, start: str, end: str) -> list[tuple[str, str]]:
        until = min(self.trial_until, self.ends_on or self.trial_until)
        return _span(self.starts_on, until, start, end) if until else []

    def message(self, start: str, end: str) -> pb.BillableSubscription:
        message = pb.BillableSubscription()
        message.subscription.id = self.id
        message.subscription.deployment_id = message.deployment.id = self.deployment_id
        message.subscription.tenant_id = message.deployment.tenant_id = self.tenant_id
        message.deployment.slug = self.slug
        message.deployment.display_name = f"The {self.slug}"
        message.billed_days.extend(_days(self.billed_days(start, end)))
        message.trial_days.extend(_days(self.trial_days(start, end)))
        message.sold_kinds.extend(sorted(self.sold_kinds))
        return message


def _span(first: str, last: str, start: str, end: str) -> list[tuple[str, str]]:
    first, last = max(first, start), min(last or end, end)
    return [(first, last)] if first < last else []


def _days(spans: list[tuple[str, str]]) -> list[quotes_pb2.DaySpan]:
    return [quotes_pb2.DaySpan(start=start, end=end) for start, end in spans]


@dataclass
class FakeCatalog(
    pricing_service_pb2_grpc.PricingServiceServicer,
    lifecycle_service_pb2_grpc.LifecycleServiceServicer,
):
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
    engines: list[str] = field(default_factory=list)
    """The version of the engine that each of them was to be priced by."""
    ended: list[Subscription] = field(default_factory=list)
    """Those that bill no day any more, and are still known."""
    backdated: list[pb.BackdatedChange] = field(default_factory=list)
    most: Decimal = Decimal(10) ** 15
    """A larger quantity is refused, and with it the whole batch."""
    prices: dict[str, Decimal] = field(default_factory=dict)
    """What a unit of a kind is worth that nobody is billed, in cents."""

    async def ListBillableSubscriptions(
        self, request: pb.ListBillableSubscriptionsRequest, context: Any
    ) -> pb.ListBillableSubscriptionsResponse:
        await self._behave(context)
        found = [
            one
            for one in sorted(self.subscriptions, key=lambda one: (one.tenant_id, one.slug))
            if (
                one.billed_days(request.period_start, request.period_end)
                or (
                    request.include_trials
                    and one.trial_days(request.period_start, request.period_end)
                )
            )
            and (not request.tenant_ids or one.tenant_id in request.tenant_ids)
            and one.tenant_id > request.page_token
        ]
        tenants = sorted({one.tenant_id for one in found})
        page = tenants[: request.page_size or 200]
        return pb.ListBillableSubscriptionsResponse(
            billable_subscriptions=[
                one.message(request.period_start, request.period_end)
                for one in found
                if one.tenant_id in page
            ],
            next_page_token=page[-1] if len(tenants) > len(page) else "",
        )

    async def LookupDeployments(
        self, request: lifecycle_pb.LookupDeploymentsRequest, context: Any
    ) -> lifecycle_pb.LookupDeploymentsResponse:
        await self._behave(context)
        answer = lifecycle_pb.LookupDeploymentsResponse()
        for key in request.keys:
            match = answer.matches.add()
            for one in self.subscriptions:
                if key.id == one.deployment_id or (key.tenant_id, key.slug) == (
                    one.tenant_id,
                    one.slug,
                ):
                    match.deployment.CopyFrom(one.message("2000-01-01", "2000-02-01").deployment)
        return answer

    async def BatchQuote(
        self, request: pb.BatchQuoteRequest, context: Any
    ) -> AsyncIterator[pb.BatchQuoteResponse]:
        await self._behave(context)
        if self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None
        known = {one.id: one for one in [*self.ended, *self.subscriptions]}
        for place, item in enumerate(request.items):
            for used in item.usage:
                if any(Decimal(run.qty) > self.most for run in used.runs):
                    await context.abort(
                        grpc.StatusCode.INVALID_ARGUMENT,
                        f"items[{place}].usage[0].runs[0].qty: must be at most {self.most}",
                    )
        for item in request.items:
            one = known[item.subscription_id]
            self.quoted.append(one.id)
            self.engines.append(item.engine_version)
            result = pb.BatchQuoteResult(subscription_id=one.id)
            if one.tenant_id in self.refused:
                result.failure.reason = self.refused[one.tenant_id]
                result.failure.message = f"{one.slug} cannot be priced"
            else:
                result.quote.CopyFrom(quote_of(one, request, item))
            yield pb.BatchQuoteResponse(results=[result])

    async def VerifyProofs(
        self, request: pb.VerifyProofsRequest, context: Any
    ) -> pb.VerifyProofsResponse:
        await self._behave(context)
        return pb.VerifyProofsResponse(verifications=map(_verified, request.proofs))

    async def CompareProofs(
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

    async def ReadBackdatedChanges(
        self, request: pb.ReadBackdatedChangesRequest, context: Any
    ) -> pb.ReadBackdatedChangesResponse:
        page = self.backdated[request.after : request.after + 1]
        return pb.ReadBackdatedChangesResponse(changes=page, cursor=request.after + len(page))

    async def ValueUsage(
        self, request: pb.ValueUsageRequest, context: Any
    ) -> pb.ValueUsageResponse:
        for place, used in enumerate(request.usage):
            if any(Decimal(run.qty) > self.most for run in used.runs):
                await context.abort(
                    grpc.StatusCode.INVALID_ARGUMENT, f"usage[{place}].runs[0].qty: is too large"
                )
        return pb.ValueUsageResponse(
            values=[
                pb.UsageValue(
                    runs=[
                        pb.ValuedRun(run=run, value=self._value(used.resource_kind, run.qty))
                        for run in used.runs
                    ]
                )
                for used in request.usage
            ]
        )

    def _value(self, kind: str, qty: str) -> str | None:
        return f"{self.prices[kind] * Decimal(qty):f}" if kind in self.prices else None

    async def _behave(self, context: Any) -> None:
        if self.slow_seconds:
            await asyncio.sleep(self.slow_seconds)
        if self.down_for:
            self.down_for -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the catalog is being restarted")


def quote_of(
    one: Subscription, request: pb.BatchQuoteRequest, item: pb.BatchQuoteItem
) -> quotes_pb2.Quote:
    """What a subscription comes to in a month, with a proof."""
    start, end = request.period_start, request.period_end
    days = one.billed_days(start, end)
    usage = {used.resource_kind: _used(used, days) for used in item.usage}
    base = _recurring(
        "plan_base", "", "Studio", one.base_cents, days, request, plan_version_id="v1"
    )
    addon = _recurring(
        "addon", "spaces_gb_month", "Addon: storage_50gb", 750, days, request, addon_id="a1"
    )
    recurring = [*base, *addon * one.addons]
    overage = []
    for kind, unit, included, cents in (
        ("droplet_hours", "hour", Decimal(1488), 1),
        ("spaces_gb_month", "GB", Decimal(100 + 50 * one.addons), 2),
    ):
        used = usage.get(kind, Decimal(0))
        if used > included:
            over = f"{used - included:f}"
            overage.append(
                _line("overage", kind, f"{kind} over the allowance", over, unit, cents, days,
                      plan_item_id="i1", used=f"{used:f}", allowance=f"{included:f}")
            )  # fmt: skip  # a table
    ad_hoc = [
        _line("ad_hoc", kind, kind, f"{qty / 1000:f}", "1k_tokens", 1, days, resource_price_id="p1")
        for kind, qty in sorted(usage.items())
        if kind == "llm_tokens" and qty
    ]
    inputs = {
        "period": start,
        "subscription": one.id,
        "usage": {kind: f"{qty:f}" for kind, qty in usage.items()},
        "facts": [used.facts_hash for used in item.usage],
        "days": days,
        "base_cents": one.base_cents,
        "addons": one.addons,
    }
    quote = quotes_pb2.Quote(
        recurring=recurring,
        first_invoice=recurring,
        overage=overage,
        ad_hoc=ad_hoc,
        currency=one.currency,
        subscription_id=one.id,
        billed_days=_days(days),
        trial_days=_days(one.trial_days(start, end)),
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


def _used(used: pb.UsageSeries, days: list[tuple[str, str]]) -> Decimal:
    """The sum over the days that are billed."""
    total = Decimal(0)
    for run in used.runs:
        first = date.fromisoformat(run.first_day)
        for place in range(run.days):
            day = (first + timedelta(days=place)).isoformat()
            if any(start <= day < end for start, end in days):
                total += Decimal(run.qty)
    return total


def _recurring(
    kind: str,
    resource_kind: str,
    description: str,
    cents: int,
    days: list[tuple[str, str]],
    request: pb.BatchQuoteRequest,
    **meta: str,
) -> list[quotes_pb2.QuoteLine]:
    """Once for a whole month, by its days for a part of one, not at all for none."""
    if not days:
        return []
    whole = _length(request.period_start, request.period_end)
    billed = sum(_length(*span) for span in days)
    if billed == whole:
        return [_line(kind, resource_kind, description, "1", "month", cents, days, **meta)]
    return [_line(kind, resource_kind, description, str(billed), "day", cents, days, whole, **meta)]


def _length(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def _line(
    kind: str,
    resource_kind: str,
    description: str,
    qty: str,
    unit: str,
    cents: int,
    days: list[tuple[str, str]],
    base: int = 1,
    /,
    **meta: str,
) -> quotes_pb2.QuoteLine:
    return quotes_pb2.QuoteLine(
        kind=kind,
        resource_kind=resource_kind,
        description=description,
        qty=qty,
        unit=unit,
        unit_price_cents=str(cents),
        price_base_qty=str(base),
        amount_cents=int((Decimal(qty) * cents / base + Decimal("0.5")) // 1),
        meta=meta,
        service_start=days[0][0],
        service_end=days[-1][1],
        service_days=sum(_length(*span) for span in days),
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
    lifecycle_service_pb2_grpc.add_LifecycleServiceServicer_to_server(catalog, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, f"127.0.0.1:{port}"
