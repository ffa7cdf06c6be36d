"""Meters that are not summed: a month's days add up to its aggregate, whatever happens when.

Against a naive model, on the real database: events in any order, late ones and voids, folded at
once or later, and days metered again.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinds.metering import Aggregation, Basis
from services.analytics.generations.store import Generation, Work
from services.analytics.usage.rules.events import EventKey, OwnedEvent, SentEvent, sift
from services.analytics.usage.rules.figures import DailyUsage, Owner
from services.analytics.usage.rules.readings import quantity
from services.analytics.usage.store.aggregation import (
    fold_figures,
    fold_marked,
    newest_mark,
    replace_day,
)
from services.analytics.usage.store.events import void_events
from services.analytics.usage.store.months import lock_month, set_closed
from services.analytics.usage.store.reading import UsageFilter, list_usage
from services.analytics.usage.store.tracing import list_facts
from services.analytics.usage.take_events import take_events
from services.common.db.database import Database, ReadSession
from services.common.identity.callers import ALL
from services.common.rpc.paging import PageRequest
from services.common.settings import Service
from services.common.values.periods import Period, month_of
from tests.support.databases import PostgresServer

NOW: Final = datetime(2026, 3, 5, 10, 30, 7, 500_000, UTC)
FIRST: Final = date(2026, 1, 30)
"""The first day of events: three months are touched."""

SHOP: Final = Owner("acme", "11111111-0000-7000-8000-000000000001")
BLOG: Final = Owner("acme", "11111111-0000-7000-8000-000000000002")
METERS: Final = {
    "peak": (Aggregation.MAX, Basis.EVENTS),
    "users": (Aggregation.UNIQUE, Basis.EVENTS),
    "seats": (Aggregation.LATEST, Basis.EVENTS),
    "disk_hours": (Aggregation.TIME_WEIGHTED, Basis.HOURS),
    "disk_months": (Aggregation.TIME_WEIGHTED, Basis.MONTHS),
    "calls": (Aggregation.SUM, Basis.EVENTS),
}
CLOSED: Final = [month_of(date(2026, month, 1)) for month in (1, 2)]
"""The months that may be closed."""

TABLES: Final = (
    "usage_events, usage_event_keys, usage_voids, usage_levels, unfolded_usage, daily_usage,"
    " month_changes, metering_months"
)

ALL_ROWS: Final = PageRequest(5_000, (), None)

Series = tuple[str, str, str]
"""The deployment, the meter, and the value of its dimension."""


def sent(
    key: str,
    kind: str,
    at: datetime,
    qty: str = "1",
    *,
    plan: str = "",
    value: str = "",
    owner: Owner = SHOP,
    source: str = "app",
) -> OwnedEvent:
    """An event."""
    aggregation, basis = METERS[kind]
    dimensions = {"plan": plan} if plan else {}
    return OwnedEvent(
        SentEvent(
            0, source, key, "", owner.deployment_id, kind, Decimal(qty), at, dimensions,
            aggregation, basis, value,
        ),
        owner,
    )  # fmt: skip  # a table


def series_of(event: OwnedEvent) -> Series:
    """Its series."""
    of = event.sent
    return event.owner.deployment_id, of.resource_kind, of.dimensions.get("plan", "")


# The model: each figure from all events, as a person would compute it.


def expected(
    events: Iterable[OwnedEvent], now: datetime = NOW
) -> dict[tuple[date, Series], Decimal]:
    """The figures that are not zero, by day and series."""
    found: dict[tuple[date, Series], Decimal] = {}
    ordered = sorted(
        events,
        key=lambda one: (series_of(one), one.sent.occurred_at, one.key[0], one.key[1]),
    )
    for series, of in groupby(ordered, series_of):
        listed = [one.sent for one in of]
        for day, qty in MODELS[METERS[series[1]][0]](listed, now):
            found[day, series] = found.get((day, series), Decimal(0)) + qty
    return {place: qty for place, qty in found.items() if qty}


def _of_months(
    aggregate: Callable[[Sequence[SentEvent]], Decimal],
) -> Callable[[Sequence[SentEvent], datetime], Iterator[tuple[date, Decimal]]]:
    """The growth of the month's aggregate by each day."""

    def figures(events: Sequence[SentEvent], _: datetime) -> Iterator[tuple[date, Decimal]]:
        for event in events:
            day = event.occurred_at.date()
            month = [one for one in events if month_of(one.occurred_at.date()) == month_of(day)]
            upto = [one for one in month if one.occurred_at.date() <= day]
            before = [one for one in month if one.occurred_at.date() < day]
            if event is upto[-1]:
                yield day, aggregate(upto) - aggregate(before)

    return figures


def _latest(events: Sequence[SentEvent], _: datetime) -> Iterator[tuple[date, Decimal]]:
    for event, following in pairwise([*events, None]):
        day = event.occurred_at.date()  # type: ignore[union-attr]  # only the last is None
        if following is None or month_of(following.occurred_at.date()) != month_of(day):
            yield day, event.qty  # type: ignore[union-attr]


def _levels(events: Sequence[SentEvent], now: datetime) -> Iterator[tuple[date, Decimal]]:
    for event, following in pairwise([*events, None]):
        assert event is not None
        start, end = whole(event.occurred_at), whole(now)
        if following is not None:
            end = min(end, whole(following.occurred_at))
        while start < end:
            day = Period(start.date(), start.date() + timedelta(days=1))
            yield day.start, quantity(event.basis, event.qty, start, min(end, day.end_at))
            start = day.end_at


def whole(at: datetime) -> datetime:
    """A time in whole seconds."""
    return at.replace(microsecond=0)


MODELS: Final[Mapping[Aggregation, Any]] = {
    Aggregation.SUM: lambda events, _: ((one.occurred_at.date(), one.qty) for one in events),
    Aggregation.MAX: _of_months(
        lambda events: max((one.qty for one in events), default=Decimal(0))
    ),
    Aggregation.UNIQUE: _of_months(
        lambda events: Decimal(len({one.unique_value for one in events}))
    ),
    Aggregation.LATEST: _latest,
    Aggregation.TIME_WEIGHTED: _levels,
}


@dataclass
class Metered:
    """The usage tables, and the model's events."""

    database: Database
    now: datetime = NOW
    events: dict[str, OwnedEvent] = field(default_factory=dict)

    async def take(self, *events: OwnedEvent, folds: bool = True) -> None:
        """Takes a batch of events, and folds it or leaves its marks."""
        async with self.database.write(ALL) as session:
            taken = await take_events(session, sift(events), now=self.now)
            assert not taken.receipt.refused
            if folds:
                await fold_figures(session, taken.on_time, now=self.now)
        self.events |= {one.key[1]: one for one in events}

    async def void(self, *keys: str) -> None:
        """Voids events."""
        named = [EventKey(0, self.events[key].key[0], key) for key in keys]
        async with self.database.write(ALL) as session:
            await void_events(session, named, reason="wrong", by="op", now=self.now)
        for key in keys:
            del self.events[key]

    async def meter(self, day: date) -> None:
        """Meters a day."""
        of = Generation(1, Work.METERING, day, None, True, True)
        async with self.database.write(ALL) as session:
            await replace_day(session, of, [], now=self.now)

    async def meter_from(self, day: date) -> None:
        """Meters every day from this one until now, and folds what is marked."""
        while day <= self.now.date():
            await self.meter(day)
            day += timedelta(days=1)
        await self.fold()

    async def fold(self) -> None:
        """Folds what is marked."""
        for summed in (True, False):
            more = True
            while more:
                async with self.database.write(ALL) as session:
                    newest = await newest_mark(session)
                    more = await fold_marked(
                        session, up_to=newest, limit=3, summed=summed, now=self.now
                    )

    async def close(self, month: Period) -> None:
        """Closes a month."""
        async with self.database.write(ALL) as session:
            await lock_month(session, month)
            await set_closed(session, month, self.now)

    async def listed(self, session: ReadSession) -> list[DailyUsage]:
        """The figures."""
        return list((await list_usage(session, ALL, UsageFilter(), ALL_ROWS)).rows)

    async def figures(self) -> dict[tuple[date, Series], Decimal]:
        """The figures that are not zero; each is the sum of its facts."""
        async with self.database.read(ALL) as session:
            listed = await self.listed(session)
            for one in listed:
                facts = (await list_facts(session, one, ALL_ROWS)).rows
                assert sum(fact.qty for fact in facts) == one.qty, one
                assert len(facts) == one.fact_count
        assert all(one.qty >= 0 for one in listed)
        return {
            (
                one.day,
                (one.deployment_id, one.resource_kind, one.dimensions.get("plan", "")),
            ): one.qty
            for one in listed
            if one.qty
        }

    async def changed(self) -> set[tuple[str, date]]:
        """The deployments and closed months that are recorded as changed."""
        async with self.database.read(ALL) as session:
            rows = await session.on_driver("SELECT deployment_id, period FROM month_changes", {})
        return set(rows)


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.create(Service.ANALYTICS)
    yield postgres.settings({Service.ANALYTICS: name}).database_url(Service.ANALYTICS)
    postgres.drop(name)


@pytest.fixture(scope="module")
def admin_url(url: str, postgres: PostgresServer) -> str:
    return postgres.url(url.rsplit("/", 1)[-1].split("?")[0])


@pytest.fixture
def on_usage(url: str, admin_url: str) -> Callable[..., None]:
    """Runs a story on empty tables."""

    def run(story: Callable[[Metered], Any]) -> None:
        with psycopg.connect(admin_url) as connection:
            connection.execute(f"TRUNCATE {TABLES}".encode())

        async def told() -> None:
            database = Database(url, application_name="test", pool_size=2)
            try:
                await story(Metered(database))
            finally:
                await database.close()

        asyncio.run(told())

    return run


Step = Callable[[Metered], Any]

moments = st.builds(
    lambda day, seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=seconds),
    st.sampled_from([29, 30, 31, 32, 45, 57, 58, 59, 60, 62]),
    st.sampled_from([0, 1, 1.25, 1.75, 3_601, 36_000, 37_807.5, 50_000, 86_399]),
)
quantities = st.sampled_from(
    ["0", "1", "2.5", "7", "0.000000000001", "333.333333333333", "10000000001"]
)


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Batches of events, voids, metered days and closed months, in any order."""
    steps: list[tuple[str, Any]] = []
    keys: list[str] = []
    for number in range(draw(st.integers(1, 8))):
        match draw(st.sampled_from(["take", "take", "take", "void", "meter", "close"])):
            case "take":
                batch = []
                for place in range(draw(st.integers(1, 5))):
                    kind = draw(st.sampled_from([*METERS]))
                    unique = kind == "users"
                    at = draw(moments)
                    batch.append(
                        sent(
                            f"{number}-{place}",
                            kind,
                            at,
                            "1" if unique else draw(quantities),
                            plan=draw(st.sampled_from(["", "", "pro"])),
                            value=draw(st.sampled_from("abc")) if unique else "",
                            owner=draw(st.sampled_from([SHOP, SHOP, BLOG])),
                            source=draw(st.sampled_from(["app", "App", "b"])),
                        )
                    )
                keys += [one.key[1] for one in batch]
                steps.append(("take", (batch, draw(st.booleans()))))
            case "void" if keys:
                voided = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3, unique=True))
                keys = [key for key in keys if key not in voided]
                steps.append(("void", voided))
            case "meter":
                steps.append(
                    ("meter", date(2026, 1, 30) + timedelta(days=draw(st.integers(0, 34))))
                )
            case "close":
                steps.append(("close", draw(st.sampled_from(CLOSED))))
    return steps


def of_deployments(
    figures: Mapping[tuple[date, Series], Decimal], month: Period
) -> dict[str, dict[Any, Decimal]]:
    """A month's figures by deployment."""
    return {
        owner.deployment_id: {
            place: qty
            for place, qty in figures.items()
            if place[1][0] == owner.deployment_id and month_of(place[0]) == month
        }
        for owner in (SHOP, BLOG)
    }


@given(stories())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_figures_are_those_of_the_model_whatever_happens_in_whatever_order(
    on_usage: Callable[..., None], steps: list[tuple[str, Any]]
) -> None:
    async def story(usage: Metered) -> None:
        closed: dict[Period, Any] = {}
        for step, what in steps:
            match step:
                case "take":
                    await usage.take(*what[0], folds=what[1])
                case "void":
                    await usage.void(*what)
                case "meter":
                    await usage.meter(what)
                case "close" if what not in closed:
                    await usage.fold()
                    await usage.close(what)
                    closed[what] = of_deployments(await usage.figures(), what)
        await usage.fold()
        found, changed = await usage.figures(), await usage.changed()
        assert found == expected(usage.events.values())
        # What differs from the bill of a closed month is billed later.
        for month, figures in closed.items():
            now = of_deployments(found, month)
            for deployment, then in figures.items():
                assert now[deployment] == then or (deployment, month.start) in changed
        # Metering every day again changes nothing.
        await usage.meter_from(FIRST)
        assert (await usage.figures(), await usage.changed()) == (found, changed)
        # As time passes, the levels hold.
        usage.now += timedelta(days=2)
        await usage.meter_from(NOW.date())
        assert await usage.figures() == expected(usage.events.values(), usage.now)

    on_usage(story)
