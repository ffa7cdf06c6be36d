"""PricingService: prices subscriptions for roll-ups and accruals."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import (
    deployments_pb2,
    pricing_service_pb2_grpc,
    quotes_pb2,
    subscriptions_pb2,
)
from arcadia.catalog.v1 import pricing_service_pb2 as pb

from services.catalog import requests
from services.catalog.deployments.messages import subscription_message
from services.catalog.deployments.rules.deployments import Deployment
from services.catalog.deployments.rules.lifecycle import State
from services.catalog.meters.store.meters import read_meters
from services.catalog.plans.store.prices import all_prices
from services.catalog.pricing.requests import (
    BatchItem,
    batch_items,
    billing_period,
    tenants,
    usage_to_value,
)
from services.catalog.quotes import messages
from services.catalog.quotes.margin_inputs import ExchangeRates
from services.catalog.quotes.rules.from_cost import late_bills
from services.catalog.quotes.rules.snapshots import (
    Known,
    MixedCurrencies,
    divided_inputs,
    price_snapshots,
    sold_to,
)
from services.catalog.quotes.store.billable import (
    Begun,
    begun_in,
    billable_page,
    on_trial,
    read_known,
)
from services.catalog.quotes.store.quotes import read_quote
from services.catalog.quoting.engine import ENGINE_VERSION
from services.catalog.quoting.errors import (
    AmountOutOfRange,
    NoExchangeRate,
    NoPriceInForce,
    UnreadableInputs,
)
from services.catalog.quoting.inputs import QuoteInputs, UsageSeries
from services.catalog.quoting.lines import Quote
from services.catalog.quoting.proofs.proof import Proof, compare, prove, prove_by_first, verify
from services.catalog.quoting.spans import BilledDays, billed_days
from services.catalog.quoting.units import meter_snapshots
from services.catalog.quoting.v1.engine import ENGINE_VERSION as FIRST_ENGINE
from services.catalog.quoting.v1.subscriptions import month_inputs
from services.catalog.quoting.v1.units import UNITS as FIRST_UNITS
from services.catalog.quoting.values import value_of
from services.catalog.rebilling.rules.rebilling import LateBill
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.store.backdated import read_backdated
from services.catalog.subscriptions.store.subscriptions import read_subscriptions
from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.identity.callers import ALL
from services.common.rpc.messages import message_of, messages_of
from services.common.rpc.paging import encode_token, page_request
from services.common.rpc.wire import Context, internal_page_size
from services.common.values.money import currency_code
from services.common.values.periods import Period, month_of

__all__ = ["PricingServicer"]


READ_AT_ONCE: Final = 1_000
"""Subscriptions of a batch read at a time."""

READ_AHEAD: Final = 2
"""Parts of a batch to read ahead while one is priced.

A read takes a dozen iterations of the event loop, and pricing yields only a few per part: with one
part, pricing would wait for most of its read.
"""

ANSWERED_AT_ONCE: Final = 100
"""Quotes per response message, far below the maximum message size; the loop runs in between."""

MAX_PROOFS: Final = 1_000
MAX_CHANGES: Final = 1_000
DEFAULT_TENANTS: Final = 200
MAX_TENANTS: Final = 1_000


_REASONS: Final[dict[type[Exception], str]] = {
    NoPriceInForce: "NO_PRICE_IN_FORCE",
    NoExchangeRate: "NO_EXCHANGE_RATE",
    AmountOutOfRange: "AMOUNT_OUT_OF_RANGE",
    MixedCurrencies: "MIXED_CURRENCIES",
}
"""Why the engine cannot price a subscription."""


class PricingServicer(pricing_service_pb2_grpc.PricingServiceServicer):
    """Batch pricing for other services and workers."""

    def __init__(self, database: Database, rates: ExchangeRates) -> None:
        self._database = database
        self._rates = rates

    async def BatchQuote(
        self, request: pb.BatchQuoteRequest, context: Context
    ) -> AsyncIterator[pb.BatchQuoteResponse]:
        """Prices subscriptions in a period with their usage, in the order of the items."""
        period = billing_period(request.period_start, request.period_end)
        async with self._database.read(ALL) as session:
            meters = await read_meters(session)
        items = batch_items(request, period, meters)
        parts = [items[at : at + READ_AT_ONCE] for at in range(0, len(items), READ_AT_ONCE)]
        reading = deque([asyncio.create_task(self._read(part, period)) for part in parts[:1]])
        try:
            for place, those in enumerate(parts):
                priced = await reading.popleft()
                for part in parts[place + 1 + len(reading) : place + 1 + READ_AHEAD]:
                    reading.append(asyncio.create_task(self._read(part, period, priced.known)))
                for first in range(0, len(those), ANSWERED_AT_ONCE):
                    answer = pb.BatchQuoteResponse()
                    for item in those[first : first + ANSWERED_AT_ONCE]:
                        priced.write(answer.results.add(), item, bill_missing=request.bill_missing)
                    yield answer
                    await asyncio.sleep(0)
        finally:
            for task in reading:  # the caller has disconnected
                task.cancel()

    async def FindUnsoldUsage(
        self, request: pb.FindUnsoldUsageRequest, context: Context
    ) -> AsyncIterator[pb.FindUnsoldUsageResponse]:
        """Finds the usage that nothing prices, in the order of the items."""
        period = billing_period(request.period_start, request.period_end)
        async with self._database.read(ALL) as session:
            meters = await read_meters(session)
        items = batch_items(request, period, meters)
        known: Known | None = None
        for first in range(0, len(items), READ_AT_ONCE):
            part = items[first : first + READ_AT_ONCE]
            priced = await self._read(part, period, known)
            known = priced.known
            for at in range(0, len(part), ANSWERED_AT_ONCE):
                answer = pb.FindUnsoldUsageResponse()
                for item in part[at : at + ANSWERED_AT_ONCE]:
                    result = answer.results.add(subscription_id=str(item.subscription_id))
                    result.unsold_usage.extend(map(messages.usage_message, priced.unsold(item)))
                yield answer
                await asyncio.sleep(0)

    async def VerifyProofs(
        self, request: pb.VerifyProofsRequest, context: Context
    ) -> pb.VerifyProofsResponse:
        """Verifies proofs by recomputation."""
        if len(request.proofs) > MAX_PROOFS:
            raise InvalidArgument("proofs", f"must not be more than {MAX_PROOFS}")
        answer = pb.VerifyProofsResponse()
        for proof in request.proofs:
            answer.verifications.append(
                message_of(quotes_pb2.Verification, verify(messages.proof_of(proof)))
            )
            await asyncio.sleep(0)
        return answer

    async def CompareProofs(
        self, request: pb.CompareProofsRequest, context: Context
    ) -> pb.CompareProofsResponse:
        """Lists the inputs in which two proofs differ."""
        side = request.WhichOneof("left")
        if side is None:
            raise InvalidArgument("left_proof", "is required", reason="FIELD_REQUIRED")
        left, fields = request.left_proof.inputs_json, {"left": side, "right": "right_proof"}
        if side == "left_quote_id":
            identifier = requests.uuid_of("left_quote_id", request.left_quote_id)
            async with self._database.read(ALL) as session:
                left = (await read_quote(session, ALL, identifier)).proof.inputs_json
        try:
            found = compare(left, request.right_proof.inputs_json)
        except UnreadableInputs as error:
            raise InvalidArgument(fields[error.side], f"cannot be read: {error}") from error
        return message_of(pb.CompareProofsResponse, differences=found)

    async def ReadBackdatedChanges(
        self, request: pb.ReadBackdatedChangesRequest, context: Context
    ) -> pb.ReadBackdatedChangesResponse:
        """Lists the changes that affect an earlier month than the one in which they were made."""
        if not 0 <= request.page_size <= MAX_CHANGES:
            raise InvalidArgument(
                "page_size", f"must be at most {MAX_CHANGES}", reason="OUT_OF_RANGE"
            )
        if request.after < 0:
            raise InvalidArgument("after", "must not be negative", reason="OUT_OF_RANGE")
        limit = request.page_size or MAX_CHANGES
        async with self._database.read(ALL) as session:
            found = await read_backdated(session, after=request.after, limit=limit)
        return message_of(
            pb.ReadBackdatedChangesResponse,
            changes=found,
            cursor=found[-1].id if found else request.after,
        )

    async def ValueUsage(
        self, request: pb.ValueUsageRequest, context: Context
    ) -> pb.ValueUsageResponse:
        """Values usage at the unit prices in force on its days."""
        currency = currency_code("currency", request.currency)
        async with self._database.read(ALL) as session:
            meters = await read_meters(session)
            usage = usage_to_value(request, meters)
            known = price_snapshots(await all_prices(session))
        prices = [price for priced_in, price in known if priced_in == currency]
        own = meter_snapshots(meters, {series.resource_kind for series in usage})
        return pb.ValueUsageResponse(
            values=[messages.value_message(value_of(series, prices, own)) for series in usage]
        )

    async def ListBillableSubscriptions(
        self, request: pb.ListBillableSubscriptionsRequest, context: Context
    ) -> pb.ListBillableSubscriptionsResponse:
        """Lists the subscriptions with a billed day in a period, by pages of tenants."""
        period = billing_period(request.period_start, request.period_end)
        wanted = tenants(request)
        size = internal_page_size(request.page_size, DEFAULT_TENANTS, MAX_TENANTS)
        filters = ("billable", period.start, period.end, wanted, request.include_trials)
        asked = page_request(request, filters, str, size=size)
        async with self._database.read(ALL) as session:
            found, pairs = await billable_page(
                session, period, wanted, after=asked.after or "", limit=size
            )
            versions = {term.plan_version_id for one, _ in pairs for term in one.terms}
            known = await read_known(session, versions, period)
        token = encode_token(filters, (found[-1],)) if len(found) == size else ""
        billable = [
            (subscription, deployment, days)
            for subscription, deployment, days in (
                (one, of, billed_days(one, period, on_trial=of.state is State.TRIAL))
                for one, of in pairs
            )
            if days.days or (request.include_trials and days.trial)
        ]
        if request.tenants_only:
            tenant_ids = dict.fromkeys(subscription.tenant_id for subscription, _, _ in billable)
            return pb.ListBillableSubscriptionsResponse(
                tenant_ids=tenant_ids, next_page_token=token
            )
        return pb.ListBillableSubscriptionsResponse(
            billable_subscriptions=[_billable(*one, period, known) for one in billable],
            next_page_token=token,
        )

    async def _read(
        self, items: Sequence[BatchItem], period: Period, before: Known | None = None
    ) -> "_Priced":
        """The inputs of a part; reuses the catalog of the part `before` if possible."""
        ids = {item.subscription_id for item in items}
        async with self._database.read(ALL) as session:
            subscriptions = await read_subscriptions(session, ALL, ids)
            trials = await on_trial(session, ids)
            versions = {
                term.plan_version_id
                for subscription in subscriptions.values()
                for term in subscription.terms
            }
            known = before
            if known is None or not versions <= known.versions.keys():
                known = await read_known(session, versions, period)
            deployments = {
                subscriptions[item.subscription_id].deployment_id
                for item in items
                if item.engine_version == FIRST_ENGINE and item.subscription_id in subscriptions
            }
            begun = await begun_in(session, deployments, period) if deployments else {}
        if known is not before:
            currencies = {version.currency for version in known.versions.values()}
            known = await self._rates.with_rates(known, currencies, month_of(period.start).start)
        return _Priced(period, subscriptions, trials, known, begun)


class _Unpriced(Exception):
    """The error of an item without a quote."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Priced:
    """The inputs of a part of a batch."""

    def __init__(
        self,
        period: Period,
        subscriptions: dict[UUID, Subscription],
        trials: set[UUID],
        known: Known,
        begun: Mapping[UUID, Sequence[Begun]],
    ) -> None:
        self._period = period
        self._begun = begun
        self._subscriptions = subscriptions
        self._trials = trials
        self.known = known

    def write(self, result: pb.BatchQuoteResult, item: BatchItem, *, bill_missing: bool) -> None:
        """Fills a result with the quote of an item or its error."""
        result.subscription_id = str(item.subscription_id)
        try:
            subscription, inputs, unsold = self._read(item)
            late = late_bills(inputs, self.known.costs, subscription.tenant_id)
            if bill_missing and LateBill.WAIT in late:
                raise _Unpriced(
                    "WAITING_FOR_BILL",
                    f"the provider's bill of {inputs.month.code} is not complete, and a rebilling"
                    " rule waits for it",
                )
            quote, proof = self._proven(subscription, item, inputs)
        except _Unpriced as why:
            result.failure.reason, result.failure.message = why.reason, str(why)
            return
        except tuple(_REASONS) as error:
            result.failure.reason = _REASONS[type(error)]
            result.failure.message = str(error)
            return
        message = result.quote
        messages.write_quote(message, quote, inputs)
        message.rebills_costs = bool(late)
        messages.add_proof(message, proof)
        message.subscription_id = result.subscription_id
        message.starts_on = self._period.start.isoformat()
        result.unsold_usage.extend(map(messages.usage_message, unsold))

    def unsold(self, item: BatchItem) -> Sequence[UsageSeries]:
        """The usage that nothing prices; none where the item cannot be priced, and says so then."""
        subscription = self._subscriptions.get(item.subscription_id)
        if subscription is None:
            return ()
        with suppress(MixedCurrencies):
            return self._inputs(subscription, item)[1]
        return ()

    def _inputs(
        self, subscription: Subscription, item: BatchItem
    ) -> tuple[QuoteInputs, Sequence[UsageSeries]]:
        on_trial = subscription.id in self._trials
        return divided_inputs(
            subscription,
            self._period,
            item.usage,
            self.known,
            on_trial=on_trial,
            costs=item.costs,
        )

    def _read(self, item: BatchItem) -> tuple[Subscription, QuoteInputs, Sequence[UsageSeries]]:
        subscription = self._subscriptions.get(item.subscription_id)
        if subscription is None:
            raise _Unpriced("SUBSCRIPTION_NOT_FOUND", "the subscription was not found")
        if item.refusal is not None:
            raise _Unpriced(item.refusal.reason, str(item.refusal))
        if item.engine_version not in ("", ENGINE_VERSION, FIRST_ENGINE):
            raise _Unpriced("UNKNOWN_ENGINE", f"unknown engine version {item.engine_version!r}")
        return subscription, *self._inputs(subscription, item)

    def _proven(
        self, subscription: Subscription, item: BatchItem, inputs: QuoteInputs
    ) -> tuple[Quote, Proof]:
        if item.engine_version == FIRST_ENGINE:
            newer = sorted({series.resource_kind for series in inputs.usage} - FIRST_UNITS.keys())
            if newer:
                raise _Unpriced(
                    "KIND_UNKNOWN_TO_ENGINE", f"engine {FIRST_ENGINE} does not know {newer[0]}"
                )
            return prove_by_first(month_inputs(inputs, self._borne(subscription)))
        return prove(inputs)

    def _borne(self, subscription: Subscription) -> Period:
        """The days whose usage engine 1 assigned to a subscription.

        If a deployment has several subscriptions, each has the days until the next one began, and
        the first one also the days before it.
        """
        siblings = self._begun[subscription.deployment_id]
        place = siblings.index((subscription.starts_on, subscription.id))
        start = max(subscription.starts_on, self._period.start) if place else self._period.start
        following = [day for day, _ in siblings[place + 1 :] if day > start]
        return Period(start, min([self._period.end, *following]))


def _billable(
    subscription: Subscription,
    deployment: Deployment,
    days: BilledDays,
    period: Period,
    known: Known,
) -> pb.BillableSubscription:
    """As of the period's last day, with everything in force on any of its days."""
    message = subscription_message(subscription, period.end - timedelta(days=1))
    held = (
        addon
        for addon in subscription.addons
        if addon.attached_on < period.end
        and (addon.detached_on is None or addon.detached_on > max(period.start, addon.attached_on))
    )
    del message.addons[:]
    message.addons.extend(messages_of(subscriptions_pb2.AttachedAddon, held))
    billable = pb.BillableSubscription(
        subscription=message, deployment=message_of(deployments_pb2.Deployment, deployment)
    )
    messages.add_spans(billable.billed_days, days.days)
    messages.add_spans(billable.trial_days, days.trial)
    with suppress(MixedCurrencies):  # it fails when it is priced, and says so then
        on_trial = deployment.state is State.TRIAL
        sold, partly = sold_to(subscription, period, known, on_trial=on_trial)
        billable.sold_kinds.extend(sorted(sold))
        billable.partly_sold_kinds.extend(sorted(partly))
        billable.tells_sold_kinds = True
    return billable
