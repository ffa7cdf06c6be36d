"""Creates quotes: reads the inputs, prices, stores and returns.

Without an idempotency key, a quote is priced from the cached catalog and stored only if the catalog
is unchanged at that moment; otherwise it is read and priced again. Concurrent calls share the read
and the write; each response is still backed by a committed row.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arcadia.catalog.v1 import quote_service_pb2 as pb
from arcadia.catalog.v1 import quotes_pb2

from services.catalog.meters.store.meters import read_meters
from services.catalog.plans.rules.terms import check_currency
from services.catalog.plans.store.versions import find_version
from services.catalog.quotes.batching import Batcher
from services.catalog.quotes.margin_inputs import MarginChecker
from services.catalog.quotes.messages import add_proof, hide_costs, quote_message
from services.catalog.quotes.requests import QuoteRequest
from services.catalog.quotes.rules.from_cost import late_bills
from services.catalog.quotes.rules.price_list import PriceList
from services.catalog.quotes.rules.snapshots import (
    Known,
    change_inputs,
    named_kinds,
    plan_inputs,
    version_snapshot,
    with_meters,
)
from services.catalog.quotes.rules.stored_quotes import Kept, NewQuote, StoredQuote, new_id
from services.catalog.quotes.store.batch_writer import QuoteWriter
from services.catalog.quotes.store.billable import Changing, read_changing
from services.catalog.quotes.store.price_list import PriceListReader
from services.catalog.quotes.store.quotes import change_of, keep_quote
from services.catalog.quoting.errors import AmountOutOfRange, NoExchangeRate, NoPriceInForce
from services.catalog.quoting.inputs import QuoteInputs, VersionSnapshot
from services.catalog.quoting.proofs.proof import prove
from services.common.audit.entries import entry_of_change, set_recorded
from services.common.db.database import Database, ReadSession
from services.common.db.idempotency import once_in
from services.common.errors import (
    Aborted,
    ArcadiaError,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    quota_headers,
)
from services.common.identity.callers import ALL, Caller, Scope
from services.common.limits.declared import QUOTES_A_DAY
from services.common.limits.known import KnownLimits
from services.common.rpc.messages import message_of
from services.common.rpc.requests import add_answer_headers, current_idempotency_key
from services.common.values.periods import month_of

__all__ = ["Quoter"]

MAX_TRIES: Final = 5
"""Maximum retries: no person changes the catalog this often during one quote."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A priced quote: the response and the row to store."""

    answer: quotes_pb2.Quote
    kept: StoredQuote


class Quoter:
    """Creates and stores quotes for callers."""

    def __init__(self, database: Database, margins: MarginChecker, limits: KnownLimits) -> None:
        self._database = database
        self._limits = limits
        self._margins = margins
        self._writer = QuoteWriter(database)
        self._price_lists = PriceListReader(database)
        self._reading = Batcher(self._price_lists.read)
        self._keeping = Batcher(self._writer.keep)

    async def quote(
        self, request: pb.CreateQuoteRequest, wanted: QuoteRequest, caller: Caller, now: datetime
    ) -> quotes_pb2.Quote:
        """Creates and stores the requested quote.

        Raises InvalidArgument for products that are not sold, NotFound for a subscription that the
        caller may not see, FailedPrecondition for usage without a price, QuotaExceeded if the
        tenant has reached its daily maximum.
        """
        await self._writer.prepare(now.date())
        if request.request_id or current_idempotency_key():
            try:
                return await self._once(request, wanted, caller, now)
            except QuotaExceeded as exceeded:  # read again where no connection is held
                await self._check_raised(exceeded)
            return await self._once(request, wanted, caller, now)
        prices = self._price_lists.known
        for _ in range(MAX_TRIES):
            fresh = prices is None
            if prices is None:
                prices = await self._reading.ask(None)
            try:
                made = await self._made(wanted, caller, now, prices)
            except ArcadiaError:
                if fresh:
                    raise
                # Otherwise a rejected product may be on sale by now.
            else:
                quota = self._quota(made.kept, caller)
                new = NewQuote(made.kept, prices.revision, quota)
                kept = await self._keeping.ask((new, entry_of_change(change_of(made.kept))))
                if kept.is_kept:
                    set_recorded()
                    _say_quota(quota, kept)
                    return made.answer
                if quota is not None and kept.over_quota:
                    await self._check_raised(_exceeded(made.kept, quota, kept))
                    continue
            prices = None
        raise Aborted(
            "the catalog changed while the quote was being created", reason="CATALOG_CHANGED"
        )

    async def _once(
        self, request: pb.CreateQuoteRequest, wanted: QuoteRequest, caller: Caller, now: datetime
    ) -> quotes_pb2.Quote:
        """Uses one transaction, so that the key and the quote are committed together.

        The catalog is read before it, because a price list needs one snapshot, which a write
        transaction does not have.
        """
        prices = await self._reading.ask(None)
        async with self._database.write(_scope(wanted, caller)) as session:

            async def do() -> quotes_pb2.Quote:
                made = await self._make(wanted, caller, now, prices, session)
                quota = self._quota(made.kept, caller)
                kept = await keep_quote(session, NewQuote(made.kept, prices.revision, quota))
                if quota is not None and kept.over_quota:
                    raise _exceeded(made.kept, quota, kept)
                _say_quota(quota, kept)
                return made.answer

            return await once_in(session, request, quotes_pb2.Quote, do)

    def _quota(self, quote: StoredQuote, caller: Caller) -> int | None:
        """The tenant's maximum quotes per day; None for operators."""
        if caller.is_operator or not quote.tenant_id:
            return None
        return self._limits.value(quote.tenant_id, QUOTES_A_DAY)

    async def _check_raised(self, exceeded: QuotaExceeded) -> None:
        """Raises QuotaExceeded, unless an operator raised the limit since this process read it."""
        tenant_id, limit = exceeded.metadata["tenant_id"], int(exceeded.metadata["limit"])
        if await self._limits.fresh_value(tenant_id, QUOTES_A_DAY) <= limit:
            raise exceeded

    async def _made(
        self, wanted: QuoteRequest, caller: Caller, now: datetime, prices: PriceList
    ) -> _Made:
        """Prices a request, in a transaction if the price list is not enough."""
        if wanted.subscription_id is None and not wanted.plan_version:
            return await self._make(wanted, caller, now, prices, None)
        async with self._database.read(_scope(wanted, caller)) as session:
            return await self._make(wanted, caller, now, prices, session)

    async def _make(
        self,
        wanted: QuoteRequest,
        caller: Caller,
        now: datetime,
        prices: PriceList,
        session: ReadSession | None,
    ) -> _Made:
        """Prices a request; `session` reads what the price list does not have."""
        if wanted.subscription_id is not None and session is not None:
            changing = await read_changing(
                session, caller.scope, wanted.subscription_id, prices.known
            )
            currencies = {version.currency for version in changing.known.versions.values()}
            known = await self._margins.rates.with_rates(
                changing.known, currencies, month_of(wanted.starts_on).start
            )
            changing = replace(changing, known=known)
            inputs = await _change(wanted, changing, caller, prices, session)
            inputs = await _with_new_meters(inputs, known, session)
            tenant_id = changing.subscription.tenant_id
            late = late_bills(inputs, known.costs, tenant_id)
            return await self._priced(inputs, tenant_id, wanted, caller, now, bool(late))
        version = await _version(wanted, caller, prices, session)
        addons = prices.addons_of(wanted.addons, version)
        known = await self._margins.rates.with_rates(
            prices.known, [version.currency], month_of(wanted.starts_on).start
        )
        tenant_id = caller.tenant_id or ""
        inputs = plan_inputs(
            version, addons, wanted.usage, wanted.starts_on, known, tenant_id=tenant_id
        )
        if session is not None:
            inputs = await _with_new_meters(inputs, known, session)
        late = late_bills(inputs, known.costs, tenant_id)
        return await self._priced(inputs, tenant_id, wanted, caller, now, bool(late))

    async def _priced(
        self,
        inputs: QuoteInputs,
        tenant_id: str,
        wanted: QuoteRequest,
        caller: Caller,
        now: datetime,
        rebills_costs: bool,
    ) -> _Made:
        try:
            quote, proof = prove(inputs)
        except AmountOutOfRange as error:
            raise InvalidArgument(
                f"projected_usage.{error.resource_kind}", str(error), reason="OUT_OF_RANGE"
            ) from error
        except NoExchangeRate as error:
            raise FailedPrecondition(
                f"projected_usage.{error.resource_kind}: {error}",
                reason="NO_EXCHANGE_RATE",
                metadata={"field": f"projected_usage.{error.resource_kind}"},
            ) from error
        except NoPriceInForce as error:
            raise FailedPrecondition(
                f"projected_usage.{error.resource_kind}: {error}",
                reason="NO_PRICE_IN_FORCE",
                metadata={"field": f"projected_usage.{error.resource_kind}"},
            ) from error
        identifier = new_id(now)
        answer = quote_message(quote, inputs)
        answer.rebills_costs = rebills_costs
        answer.id = str(identifier)
        answer.created_at.seconds = int(now.timestamp())
        answer.created_at.nanos = now.microsecond * 1000
        if wanted.subscription_id is not None:
            answer.subscription_id = str(wanted.subscription_id)
        kept = StoredQuote(
            id=identifier,
            tenant_id=tenant_id,
            requested_by=caller.subject,
            subscription_id=wanted.subscription_id,
            proof=proof,
            answer=answer.SerializeToString(),
            created_at=now,
        )
        add_proof(answer, proof)
        if not caller.is_operator:
            hide_costs(answer)
        else:
            guard = await self._margins.guard(answer.all_in_monthly_cents, inputs, wanted.starts_on)
            percent = guard.margin_percent
            said = None if percent is None else str(percent)
            answer.margin_guard.CopyFrom(
                message_of(quotes_pb2.MarginGuard, guard, margin_percent=said)
            )
        return _Made(answer, kept)


def _say_quota(quota: int | None, kept: Kept) -> None:
    if quota is not None:
        add_answer_headers(quota_headers(QUOTES_A_DAY.name, limit=quota, used=kept.made))


def _exceeded(quote: StoredQuote, quota: int, kept: Kept) -> QuotaExceeded:
    return QuotaExceeded(QUOTES_A_DAY.name, tenant_id=quote.tenant_id, limit=quota, used=kept.made)


def _scope(wanted: QuoteRequest, caller: Caller) -> Scope:
    """The scope of the quote.

    Any caller may ask for a price; one without a tenant cannot read the quote again.
    """
    if wanted.subscription_id is None and not caller.tenant_id:
        return ALL
    return caller.scope


async def _with_new_meters(inputs: QuoteInputs, known: Known, session: ReadSession) -> QuoteInputs:
    """The inputs with the meters that are newer than the price list, as those of a new version."""
    if all(kind in known.meters for kind in named_kinds(inputs)):
        return inputs
    return with_meters(inputs, await read_meters(session))


async def _version(
    wanted: QuoteRequest, caller: Caller, prices: PriceList, session: ReadSession | None
) -> VersionSnapshot:
    """The requested version: the active one, or any for operators."""
    if not wanted.plan_version or session is None:
        return prices.version(wanted.plan_code)
    if not caller.is_operator:
        raise PermissionDenied("only an operator may set plan_version", reason="OPERATOR_ONLY")
    try:
        found = await find_version(session, wanted.plan_code, wanted.plan_version)
    except NotFound:
        raise InvalidArgument(
            "plan_version",
            f"{wanted.plan_code!r} has no version {wanted.plan_version}",
            reason="UNKNOWN_PLAN",
        ) from None
    return version_snapshot(found)


async def _change(
    wanted: QuoteRequest,
    changing: Changing,
    caller: Caller,
    prices: PriceList,
    session: ReadSession,
) -> QuoteInputs:
    """The inputs of a subscription's change from a day on."""
    held, day = changing.subscription, wanted.starts_on
    if day < held.starts_on or (held.ends_on is not None and day >= held.ends_on):
        raise InvalidArgument(
            "starts_on", "is not a day of the subscription", reason="OUT_OF_RANGE"
        )
    current = held.term_on(day)
    if wanted.plan_version or wanted.plan_code not in ("", current.plan_code):
        asked = replace(wanted, plan_code=wanted.plan_code or current.plan_code)
        version = await _version(asked, caller, prices, session)
    else:  # it keeps its version until it is changed
        version = changing.known.versions[current.plan_version_id]
    billed_in = changing.known.versions[current.plan_version_id].currency
    check_currency("plan_code", version.currency, billed_in)
    return change_inputs(
        held,
        version,
        prices.addons_of(wanted.addons, version),
        wanted.usage,
        day,
        changing.known,
        on_trial=changing.on_trial,
    )
