"""Records usage events, once each, and marks their figures for folding.

It locks neither days nor months, so it never waits for other work and never blocks it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arcadia.analytics.v1 import usage_pb2

from kinds.metering import Aggregation
from services.analytics.deployments import DeploymentRef, Deployments
from services.analytics.meters import Meters
from services.analytics.usage.requests import kinds_of, read_events, require_batch
from services.analytics.usage.rules.events import (
    OwnedEvent,
    Receipt,
    Refusal,
    SentEvent,
    Sifted,
    in_order,
    sift,
)
from services.analytics.usage.rules.figures import Figure
from services.analytics.usage.store.aggregation import mark
from services.analytics.usage.store.events import claim_keys, insert_events, read_keys
from services.analytics.usage.store.months import which_are_closed
from services.common.db.database import WriteSession

__all__ = ["Taken", "at_once", "receive", "take_events"]

MAX_AT_ONCE: Final = 500
"""Maximum figures that are not sums to fold in one call."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The results of a batch, and the figures that it changed."""

    receipt: Receipt
    on_time: frozenset[Figure]
    """Figures of open months, marked but not recomputed yet."""


async def take_events(session: WriteSession, batch: Sifted, *, now: datetime) -> Taken:
    """Records the new events of a batch. Idempotent by source and key.

    A voided event keeps its key: sending it again gives a duplicate, reported as voided.
    """
    new, rest = await claim_keys(session, batch.events)
    figures = [_figure(event) for event in new]
    await insert_events(session, new, figures, now=now)
    await mark(session, figures)
    closed = await which_are_closed(session, {figure.day for figure in figures})
    late = [figure for figure in figures if figure.day.replace(day=1) in closed]
    # An event that was taken before its meter was known to be retired is a duplicate.
    known = await read_keys(session, [*rest, *batch.of_retired])
    retired = [event for event in batch.of_retired if event.key not in known]
    rest += [event for event in batch.of_retired if event.key in known]
    reused, voided = [], []
    for event in rest:
        kept = known[event.key]
        if not event.has_digest(kept.digest):
            reused.append(event)
        elif kept.is_voided:
            voided.append(event.sent.index)
    receipt = Receipt(
        accepted_count=len(new),
        duplicate_count=batch.duplicates + len(rest) - len(reused),
        late_count=len(late),
        refused=in_order(
            [
                *batch.refused,
                *map(Refusal.of_reused_key, reused),
                *map(Refusal.of_retired_meter, retired),
            ]
        ),
        voided_indexes=sorted(voided),
    )
    return Taken(receipt, frozenset(figures) - frozenset(late))


def at_once(figures: Collection[Figure]) -> list[Figure]:
    """The figures to fold in the call that changed them; the next metering folds the others.

    All sums, and the newest of other aggregations up to a maximum, because each changes the figures
    of several days.
    """
    summed = [one for one in figures if one.aggregation is Aggregation.SUM]
    others = sorted(one for one in figures if one.aggregation is not Aggregation.SUM)
    return summed + others[-MAX_AT_ONCE:]


def _figure(event: OwnedEvent) -> Figure:
    owner = event.owner
    sent = event.sent
    return Figure(
        event.day, owner.tenant_id, owner.deployment_id, sent.resource_kind, sent.aggregation
    )


async def receive(
    deployments: Deployments,
    meters: Meters,
    events: Sequence[usage_pb2.UsageEvent],
    now: datetime,
) -> Sifted:
    """Reads a batch and resolves its meters and deployments in the catalog.

    Raises InvalidArgument for a batch that is empty or too large, and Unavailable if the catalog
    does not respond.
    """
    require_batch(len(events))
    sent, unreadable = read_events(events, await meters.find(kinds_of(events)), now)
    found = await deployments.find(_named(event) for event in sent)
    owned, strangers = [], []
    for event in sent:
        owner = found.get(_named(event))
        if owner is not None and event.tenant_id in ("", owner.tenant_id):
            owned.append(OwnedEvent(event, owner))
            continue
        strangers.append(
            Refusal(
                event.index,
                event.idempotency_key,
                "UNKNOWN_DEPLOYMENT",
                f"deployment_id: unknown deployment {event.deployment[:100]!r}"
                + (f" of {event.tenant_id[:100]!r}" if event.tenant_id else ""),
            )
        )
    sifted = sift(owned)
    return replace(sifted, refused=[*unreadable, *strangers, *sifted.refused])


def _named(event: SentEvent) -> DeploymentRef:
    return DeploymentRef(event.tenant_id, event.deployment)
