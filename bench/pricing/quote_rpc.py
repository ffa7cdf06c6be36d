"""(5b), (5c) The Quote RPC compared with an empty one, and a batch of 10,000 quotes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import grpc
import uvloop
from arcadia.catalog.v1 import pricing_service_pb2 as pb
from arcadia.catalog.v1 import (
    pricing_service_pb2_grpc,
    quote_service_pb2,
    quote_service_pb2_grpc,
)
from google.protobuf.struct_pb2 import Value

from bench.environment import BenchStack, Metadata
from bench.ratios import Ratio, at_least, paired_median
from services.common.identity.tokens import ServiceTokens, mint_user_token
from services.common.rpc.clients import CHANNEL_OPTIONS
from services.common.settings import Service

__all__ = ["measure"]

ROUNDS: Final = 15
CALLS: Final = 1_536
CONCURRENCY: Final = 128
SUBSCRIPTIONS: Final = 10_000

SUBSCRIBE: Final = """
WITH made AS (
    INSERT INTO deployments (tenant_id, slug, display_name, state, created_at, state_changed_at)
    SELECT 'bench-' || number %% 100, 'bench-' || number, '', 'active', now(), now()
    FROM generate_series(1, %(count)s) AS number
    RETURNING id, tenant_id
), subscribed AS (
    INSERT INTO subscriptions (deployment_id, tenant_id, starts_on, created_at)
    SELECT id, tenant_id, '2026-01-01', now() FROM made
    RETURNING id, tenant_id
), terms AS (
    INSERT INTO subscription_terms (subscription_id, tenant_id, plan_version_id, effective_from)
    SELECT s.id, s.tenant_id, v.id, '2026-01-01'
    FROM subscribed AS s, plan_versions AS v JOIN plans AS p ON p.id = v.plan_id
    WHERE p.code = 'studio' AND v.status = 'active'
), held AS (
    INSERT INTO subscription_addons (subscription_id, tenant_id, code, resource_kind, qty,
                                     price_cents, currency, attached_on)
    SELECT s.id, s.tenant_id, a.code, a.resource_kind, a.qty, a.price_cents, a.currency,
           '2026-01-01'
    FROM subscribed AS s, addons AS a WHERE a.code = 'storage_50gb'
)
SELECT id::text FROM subscribed
"""


def measure(stack: BenchStack) -> list[Ratio]:
    """Calls of both RPCs, alternating; then the batch, several times."""
    single = uvloop.run(_single(stack))
    return [single, uvloop.run(_batch(stack, _subscribe(stack)))]


async def _single(stack: BenchStack) -> Ratio:
    """The empty RPC passes the same interceptor, and returns at once."""
    user = mint_user_token(stack.settings, subject="bench", tenant_id="acme")
    as_user, as_worker = _authorised(f"Bearer {user}"), _worker(stack)
    request = quote_service_pb2.CreateQuoteRequest(
        plan_code="studio",
        addons=["storage_50gb"],
        starts_on="2026-05-20",
        projected_usage={
            "llm_tokens": Value(string_value="100500000"),
            "spaces_gb_month": Value(number_value=200),
            "droplet_hours": Value(number_value=1488),
        },
    )
    async with _channel(stack) as channel:
        quotes = quote_service_pb2_grpc.QuoteServiceStub(channel)
        pricing = pricing_service_pb2_grpc.PricingServiceStub(channel)

        async def quote() -> None:
            await quotes.CreateQuote(request, metadata=as_user)

        async def nothing() -> None:
            await pricing.VerifyProofs(pb.VerifyProofsRequest(), metadata=as_worker)

        await _calls(quote)  # the first calls of a process are slower
        # In short rounds, because the machine's speed varies.
        rounds = [(await _calls(quote), await _calls(nothing)) for _ in range(ROUNDS)]
    ours, empty = (sorted(each)[ROUNDS // 2] for each in zip(*rounds, strict=True))
    return at_least(
        "(5b) Quote RPC / empty RPC",
        paired_median(rounds),
        0.5,
        f"{ours:.0f}/s, stored, against {empty:.0f}/s, {CONCURRENCY} at a time",
    )


async def _calls(call: Callable[[], Awaitable[None]]) -> float:
    """Calls a second."""

    async def caller() -> None:
        for _ in range(CALLS // CONCURRENCY):
            await call()

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    return CALLS / (time.perf_counter() - started)


def _subscribe(stack: BenchStack) -> list[str]:
    """Subscriptions to Studio with an addon."""
    with stack.database(Service.CATALOG) as connection:
        rows = connection.execute(SUBSCRIBE, {"count": SUBSCRIPTIONS}).fetchall()
        connection.execute("ANALYZE")
    return [row[0] for row in rows]


async def _batch(stack: BenchStack, ids: list[str]) -> Ratio:
    """Subscriptions a second, from the request to the last received quote."""
    request = pb.BatchQuoteRequest(period_start="2026-04-01", period_end="2026-05-01")
    for number, identifier in enumerate(ids):
        request.items.append(
            pb.BatchQuoteItem(
                subscription_id=identifier,
                usage=[
                    _series("droplet_hours", str(48 + number), "a" * 64),
                    _series("spaces_gb_month", "5.25", ""),
                ],
            )
        )
    seconds = []
    async with _channel(stack) as channel:
        pricing = pricing_service_pb2_grpc.PricingServiceStub(channel)
        for _ in range(3):
            started = time.perf_counter()
            count = 0
            async for answer in pricing.BatchQuote(request, metadata=_worker(stack), timeout=60):
                count += sum(result.HasField("quote") for result in answer.results)
            seconds.append(time.perf_counter() - started)
            assert count == SUBSCRIPTIONS, count
    best = SUBSCRIPTIONS / min(seconds)
    return at_least(
        "(5c) batch of 10,000 quotes a second / 4,000",
        best / 4_000,
        1.0,
        f"{best:.0f} subscriptions a second, end to end",
    )


def _series(kind: str, qty: str, facts_hash: str) -> pb.UsageSeries:
    """The same quantity on every day of April."""
    run = pb.UsageRun(first_day="2026-04-01", days=30, qty=qty)
    return pb.UsageSeries(resource_kind=kind, runs=[run], facts_hash=facts_hash)


def _channel(stack: BenchStack) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(
        stack.settings.address(Service.CATALOG), options=CHANNEL_OPTIONS
    )


def _worker(stack: BenchStack) -> Metadata:
    return _authorised(ServiceTokens(stack.settings, "analytics").authorization())


def _authorised(authorization: str) -> Metadata:
    return (("authorization", authorization),)
