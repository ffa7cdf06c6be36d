"""Simulates a draft: the catalog prices frozen inputs; billed amounts and costs are stored here."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import grpc
from arcadia.catalog.v1 import draft_pricing_service_pb2 as pb

from services.analytics.catalog_client import usage_message
from services.analytics.generations.store import Work, current_generation
from services.analytics.invoicing.unbilled.rules import unsold_series
from services.analytics.margin.refresh_margin import conversion_of
from services.analytics.margin.rules.conversion import Conversion, ExchangeRate
from services.analytics.margin.store.rates import rates_of
from services.analytics.peers import asking
from services.analytics.simulation import store
from services.analytics.simulation.rules import (
    USD,
    Billed,
    Cost,
    Failure,
    Grouping,
    SimulatedShare,
    Simulation,
)
from services.analytics.simulation.store import FrozenMonth, ProofKey
from services.analytics.usage.rules.figures import UsageSeries
from services.analytics.usage.store.periods import usage_of_period
from services.common.db.database import Database, ReadSession
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import ALL
from services.common.settings import Service
from services.common.values.periods import month_of

if TYPE_CHECKING:
    from arcadia.catalog.v1.draft_pricing_service_pb2_grpc import DraftPricingServiceAsyncStub

__all__ = ["Page", "SimulationRequest", "Simulator"]

PROOFS_AT_ONCE: Final = 500
"""Frozen inputs read and sent per call; the next ones are read at the same time."""

Deployment = tuple[str, str]
"""A tenant and the id of its deployment."""


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """A draft, and the months and tenants to price by it."""

    document: str
    plan_code: str
    plan_version: int
    months: int
    last: date | None
    grouping: Grouping
    tenant_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """The result for some tenants."""

    shares: Sequence[SimulatedShare]
    total: SimulatedShare
    months: Sequence[date]
    failures: Sequence[Failure]
    rates: Sequence[ExchangeRate]
    parity_assumed: bool
    months_without_costs: Sequence[date]
    rules_left_out: Sequence[str]
    """The codes of the draft's rules that could not price some months."""
    last_tenant: str
    """Empty on the last page."""
    catalog_revision: str


@dataclass(slots=True)
class _Priced:
    """The simulated amounts, summed by deployment, meter and month."""

    cents: dict[tuple[str, str, str, str, date], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    failures: dict[tuple[str, str, date], Failure] = field(default_factory=dict)
    rules_left_out: set[str] = field(default_factory=set)
    revision: str = ""

    def add(self, month: date, one: FrozenMonth, result: pb.SimulateQuotesResult) -> None:
        """Adds the result of a subscription's month."""
        if result.HasField("failure"):
            key = one.tenant_id, one.deployment_id, month
            why = Failure(*key, result.failure.reason, result.failure.message)
            self.failures.setdefault(key, why)
            return
        self.rules_left_out.update(result.rules_left_out)
        for meter, cents in result.meter_amounts.items():
            self.cents[one.tenant_id, one.deployment_id, meter, result.currency, month] += cents

    def amounts(self) -> Iterator[Billed]:
        """The simulated amounts."""
        for key, cents in self.cents.items():
            yield Billed(*key, cents)


class Simulator:
    """Prices billed months by drafts, some tenants at a time."""

    def __init__(self, database: Database, catalog: "DraftPricingServiceAsyncStub") -> None:
        self._database = database
        self._catalog = catalog

    async def page(
        self,
        asked: SimulationRequest,
        *,
        after: str,
        size: int,
        revision: str,
        floor_percent: Decimal,
    ) -> Page:
        """The simulation of the next tenants; `revision` is that of the previous page.

        Raises InvalidArgument for a malformed draft, FailedPrecondition for one that cannot be
        applied or without a billed month, Aborted if the catalog changed since the previous page.
        """
        async with self._database.read(ALL) as session:
            months = await store.billed_months(session, last=asked.last, limit=asked.months)
            if not months:
                raise FailedPrecondition("no month is billed yet", reason="NO_BILLED_MONTH")
            tenants = await store.billed_tenants(
                session, months, tenant_id=asked.tenant_id, after=after, limit=size + 1
            )
            more, tenants = len(tenants) > size, tenants[:size]
            before = await store.billed_in(session, months, tenants)
            costs, unknown = await _costs(session, months, tenants)
        priced = _Priced(revision=revision)
        await self._ask(asked, [], priced, months[0])  # checks the draft, also without tenants
        for month in months:
            await self._price(asked, month, tenants, priced)
        conversions = await self._conversions(
            months, {USD, *(one.currency for one in before), *(key[3] for key in priced.cents)}
        )
        simulation = Simulation(conversions, priced.failures.keys())
        simulation.add_before(before)
        simulation.add_after(priced.amounts())
        simulation.add_costs(costs)
        shares, total = simulation.shares(
            asked.grouping, floor_percent=floor_percent, costs_known=not unknown
        )
        return Page(
            shares=shares,
            total=total,
            months=months,
            failures=sorted(priced.failures.values(), key=lambda one: (one.tenant_id, one.period)),
            rates=await self._rates(conversions.values()),
            parity_assumed=any(one.parity_assumed for one in conversions.values()),
            months_without_costs=unknown,
            rules_left_out=sorted(priced.rules_left_out),
            last_tenant=tenants[-1] if more else "",
            catalog_revision=priced.revision,
        )

    async def _price(
        self, asked: SimulationRequest, month: date, tenants: Sequence[str], priced: _Priced
    ) -> None:
        """Prices a month; reads the next inputs while the catalog prices the previous ones."""
        async with self._database.read(ALL) as session:
            proofs = await store.proofs_of(session, month, tenants)
        parts = [proofs[at : at + PROOFS_AT_ONCE] for at in range(0, len(proofs), PROOFS_AT_ONCE)]
        reading = asyncio.create_task(self._frozen(parts[0])) if parts else None
        try:
            for following in (*parts[1:], None):
                if reading is None:
                    return
                frozen = await reading
                reading = asyncio.create_task(self._frozen(following)) if following else None
                await self._ask(asked, frozen, priced, month)
        finally:
            if reading is not None:
                reading.cancel()

    async def _frozen(self, proofs: Sequence[ProofKey]) -> list[FrozenMonth]:
        async with self._database.read(ALL) as session:
            return await store.frozen_months(session, proofs)

    async def _ask(
        self, asked: SimulationRequest, frozen: Sequence[FrozenMonth], priced: _Priced, month: date
    ) -> None:
        unsold = await self._unsold(frozen, month)
        request = pb.SimulateQuotesRequest(
            document=asked.document,
            plan_code=asked.plan_code,
            plan_version=asked.plan_version,
            catalog_revision=priced.revision,
            items=[
                pb.SimulateQuotesItem(
                    inputs_json=one.inputs_json,
                    engine_version=one.engine_version,
                    tenant_id=one.tenant_id,
                    unsold_usage=map(
                        usage_message,
                        (
                            *(
                                series
                                for series in unsold.get((one.tenant_id, one.deployment_id), ())
                                if series.resource_kind in one.unsold_kinds
                            ),
                            *unsold_series("", "", one.unsold_usage),
                        ),
                    ),
                )
                for one in frozen
            ],
        )
        place = 0
        with asking(Service.CATALOG), _draft_errors():
            async for answer in self._catalog.SimulateQuotes(request):
                priced.revision = answer.catalog_revision
                for result in answer.results:
                    priced.add(month, frozen[place], result)
                    place += 1

    async def _unsold(
        self, frozen: Sequence[FrozenMonth], month: date
    ) -> dict[Deployment, list[UsageSeries]]:
        """The usage of deployments with kinds that were not sold in a month."""
        tenants = sorted({one.tenant_id for one in frozen if one.unsold_kinds})
        found: dict[Deployment, list[UsageSeries]] = defaultdict(list)
        if tenants:
            async with self._database.read(ALL) as session:
                for series in await usage_of_period(session, month_of(month), tenants):
                    found[series.tenant_id, series.deployment_id].append(series)
        return found

    async def _conversions(
        self, months: Sequence[date], currencies: set[str]
    ) -> dict[date, Conversion]:
        async with self._database.read(ALL) as session:
            return {
                month: await conversion_of(session, month_of(month), currencies) for month in months
            }

    async def _rates(self, conversions: Iterable[Conversion]) -> list[ExchangeRate]:
        used = sorted({identifier for one in conversions for identifier in one.used})
        async with self._database.read(ALL) as session:
            return await rates_of(session, used)


async def _costs(
    session: ReadSession, months: Sequence[date], tenants: Sequence[str]
) -> tuple[list[Cost], list[date]]:
    """The costs of tenants, and the months whose costs are unknown."""
    passes: dict[date, int] = {}
    for month in months:
        if (found := await current_generation(session, Work.COSTS, month)) is not None:
            passes[month] = found.id
    costs = await store.costs_in(session, passes, tenants) if passes else []
    return costs, [month for month in months if month not in passes]


@contextmanager
def _draft_errors() -> Iterator[None]:
    """Raises the catalog's errors about the draft itself."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        said = error.details() or ""
        if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
            field, _, description = said.partition(": ")
            raise InvalidArgument(field, description or said) from error
        if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
            raise FailedPrecondition(said, reason="DRAFT_NOT_APPLICABLE") from error
        raise
