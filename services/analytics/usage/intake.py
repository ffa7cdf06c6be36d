"""A batch of usage events on its way in: whose each is, and what is refused."""

from collections.abc import Sequence
from datetime import datetime

from arcadia.analytics.v1 import usage_pb2

from services.analytics.deployments import Deployments, Named, Owner
from services.analytics.usage.events import Refusal, Sifted, sift
from services.analytics.usage.requests import read_events

__all__ = ["Intake", "receive"]


class Intake:
    """A batch that is ready to be taken in."""

    def __init__(self, batch: Sifted, owners: dict[int, Owner]) -> None:
        self.batch = batch
        self.owners = owners
        """The deployment of each event, by its index."""


async def receive(
    deployments: Deployments, events: Sequence[usage_pb2.UsageEvent], now: datetime
) -> Intake:
    """Reads a batch, and asks the catalog whose its events are.

    Raises InvalidArgument for a batch that is empty or too large.
    """
    sent, unreadable = read_events(events, now)
    found = await deployments.find(Named("", event.deployment) for event in sent)
    owners = {
        event.index: found[named]
        for event in sent
        if (named := Named("", event.deployment)) in found
    }
    strangers = [
        Refusal(
            event.index,
            event.idempotency_key,
            "UNKNOWN_DEPLOYMENT",
            f"deployment_id: there is no deployment {event.deployment[:100]!r}",
        )
        for event in sent
        if event.index not in owners
    ]
    sifted = sift(event for event in sent if event.index in owners)
    refused = [*unreadable, *strangers, *sifted.refused]
    return Intake(Sifted(sifted.events, sifted.duplicates, refused), owners)
