"""The days of a subscription stay consistent after any sequence of changes."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import grpc

from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.rules.upcoming import upcoming_changes
from services.catalog.subscriptions.store.subscriptions import read_subscription
from services.common.identity.callers import ALL
from tests.catalog.shop import Shop

TODAY: Final = date(2026, 4, 10)
WALKS: Final = 10
STEPS: Final = 12
PLANS: Final = ("starter", "studio", "pro")
Span = tuple[date, date | None]


async def step(shop: Shop, chance: random.Random, kept: Subscription) -> str:
    """Asks for anything on any day; the answer, or the refusal, is nothing worse than that."""
    day = {"effective_on": (TODAY + timedelta(chance.randrange(-12, 40))).isoformat()}
    attached = [{"attached_addon_id": str(addon.id)} for addon in kept.addons]
    asked: list[tuple[str, dict[str, Any]]] = [
        ("ChangePlan", {"plan_code": chance.choice(PLANS)}),
        ("AttachAddon", {"code": "llm_1m"}),
        ("PauseSubscription", {}),
        ("ResumeSubscription", {}),
        *(("DetachAddon", one) for one in attached[:2]),
        *([("CancelSubscription", {})] if chance.random() < 0.2 else []),
    ]
    for change in upcoming_changes(kept, TODAY):
        asked += [
            ("MoveChange", {"change_id": change.id}),
            ("TakeBackChange", {"change_id": change.id}),
        ]
    what, said = chance.choice(asked)
    when = {} if what == "TakeBackChange" else day
    try:
        await shop.change(what, str(kept.id), shop.operator, **said, **when)
    except grpc.aio.AioRpcError as refused:
        return refused.code().name
    return "OK"


def apart(spans: Sequence[Span]) -> bool:
    """Whether no two of these, in order, have a day in common."""
    return all(end is not None and end <= start for (_, end), (start, _) in pairwise(spans))


def contradictions(kept: Subscription) -> list[str]:
    """What cannot be true of a subscription."""
    terms: list[Span] = [(term.effective_from, term.effective_to) for term in kept.terms]
    pauses: list[Span] = [(pause.paused_on, pause.resumed_on) for pause in kept.pauses]
    addons: list[Span] = [(addon.attached_on, addon.detached_on) for addon in kept.addons]
    versions = [term.plan_version_id for term in kept.terms]
    checks = {
        "terms overlap": apart(terms),
        "a day has no terms": all(end == start for (_, end), (start, _) in pairwise(terms)),
        "terms do not begin with it": terms[0][0] == kept.starts_on,
        "terms do not end with it": terms[-1][1] == kept.ends_on,
        "a change changes nothing": all(one != other for one, other in pairwise(versions)),
        "pauses overlap": apart([span for span in pauses if span[0] != span[1]]),
        "a span begins before it": all(start >= kept.starts_on for start, _ in [*pauses, *addons]),
        "a span outlives it": kept.ends_on is None
        or all(end is not None and end <= max(kept.ends_on, start) for start, end in addons),
    }
    return [name for name, holds in checks.items() if not holds]


async def test_spans_never_overlap_whatever_is_done_in_whatever_order(shop: Shop) -> None:
    outcomes = set()
    for walk in range(WALKS):
        chance = random.Random(walk)
        deployment = await shop.deploy(f"app-{walk}")
        made = await shop.subscribe(deployment.id, addons=["storage_50gb"])
        for _ in range(STEPS):
            async with shop.database.read(ALL) as session:
                kept = await read_subscription(session, ALL, UUID(made.id))
            assert contradictions(kept) == [], (walk, kept)
            outcomes.add(await step(shop, chance, kept))
    assert outcomes == {"OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}
