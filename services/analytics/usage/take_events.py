"""Records usage events, once each, and marks their figures for folding.

It locks neither days nor months, so it never waits for other work and never blocks it.
"""

from dataclasses import dataclass
from datetime import datetime

from services.analytics.usage.rules.events import OwnedEvent, Receipt, Refusal, Sifted
from services.analytics.usage.rules.figures import Figure
from services.analytics.usage.store.events import claim_keys, insert_events, read_keys
from services.analytics.usage.store.folding import mark
from services.analytics.usage.store.months import which_are_closed
from services.common.db.database import WriteSession

__all__ = ["Taken", "take_events"]


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
    new, rest = await claim_keys(session, batch)
    figures = [_figure(event) for event in new]
    await insert_events(session, new, figures, now=now)
    await mark(session, figures)
    closed = await which_are_closed(session, {figure.day for figure in figures})
    late = [figure for figure in figures if figure.day.replace(day=1) in closed]
    known = await read_keys(session, rest)
    reused, voided = [], []
    for event in rest:
        kept = known[event.key]
        if not event.says(kept.digest):
            reused.append(event)
        elif kept.is_voided:
            voided.append(event.sent.index)
    receipt = Receipt(
        accepted=len(new),
        duplicates=batch.duplicates + len(rest) - len(reused),
        late=len(late),
        refused=[*batch.refused, *map(Refusal.of_reused_key, reused)],
        voided=voided,
    )
    return Taken(receipt, frozenset(figures) - frozenset(late))


def _figure(event: OwnedEvent) -> Figure:
    owner = event.owner
    return Figure(event.day, owner.tenant_id, owner.deployment_id, event.sent.resource_kind)
