"""Reads a batch of usage events: resolves their deployments and rejects invalid ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from arcadia.analytics.v1 import usage_pb2

from services.analytics.deployments import Deployments, Named
from services.analytics.usage.requests import read_events
from services.analytics.usage.rules.events import OwnedEvent, Refusal, SentEvent, Sifted, sift

__all__ = ["receive"]


async def receive(
    deployments: Deployments, events: Sequence[usage_pb2.UsageEvent], now: datetime
) -> Sifted:
    """Reads a batch and resolves its deployments in the catalog.

    Raises InvalidArgument for a batch that is empty or too large.
    """
    sent, unreadable = read_events(events, now)
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
                f"deployment_id: there is no deployment {event.deployment[:100]!r}"
                + (f" of {event.tenant_id[:100]!r}" if event.tenant_id else ""),
            )
        )
    sifted = sift(owned)
    return replace(sifted, refused=[*unreadable, *strangers, *sifted.refused])


def _named(event: SentEvent) -> Named:
    return Named(event.tenant_id, event.deployment)
