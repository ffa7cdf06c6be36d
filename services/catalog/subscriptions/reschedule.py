"""Moves or cancels scheduled changes."""

from datetime import date

from services.catalog.subscriptions.change_subscription import (
    SubscriptionChange,
    lock_subscription,
    move_end,
    record_change,
)
from services.catalog.subscriptions.rules.changes import check_ahead
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.catalog.subscriptions.rules.upcoming import (
    ChangeKind,
    UpcomingChange,
    change_to_come,
    check_move_day,
)
from services.catalog.subscriptions.store import spans
from services.catalog.vocabulary import EventType
from services.common.db.database import WriteSession
from services.common.errors import FailedPrecondition

__all__ = ["move", "take_back"]


async def take_back(
    session: WriteSession, change: SubscriptionChange, identifier: str
) -> Subscription:
    """Cancels a scheduled change.

    Raises NotFound; FailedPrecondition if it is in effect or can no longer be undone;
    PermissionDenied if a tenant cancels an operator's change.
    """
    deployment, before = await lock_subscription(session, change)
    found = change_to_come(before, identifier, change.cause.day, by_tenant=change.by_tenant)
    match found:
        case UpcomingChange(kind=ChangeKind.PLAN_CHANGE):
            await spans.drop_term(session, before, found.effective_on)
        case UpcomingChange(kind=ChangeKind.ADDON_ATTACH, addon=addon) if addon is not None:
            await spans.detach(session, addon.id, addon.attached_on, by_tenant=change.by_tenant)
        case UpcomingChange(kind=ChangeKind.ADDON_DETACH, addon=addon) if addon is not None:
            await spans.detach(session, addon.id, None, by_tenant=False)
        case UpcomingChange(kind=ChangeKind.PAUSE, pause=pause) if pause is not None:
            await spans.drop_pause(session, before, pause.paused_on)
        case UpcomingChange(kind=ChangeKind.RESUME, pause=pause) if pause is not None:
            _check_last(before, pause.paused_on)
            await spans.end_pause(session, before, pause.paused_on, None)
        case _:
            await move_end(session, deployment, before, change, None, by_tenant=False)
    cause = change.cause.with_words(f"{found.in_words()} is taken back")
    return await record_change(
        session, change.scope, deployment, before, EventType.CHANGE_TAKEN_BACK, cause
    )


async def move(
    session: WriteSession, change: SubscriptionChange, identifier: str, day: date
) -> Subscription:
    """Moves a scheduled change to another day after today.

    Raises what `take_back` raises, and InvalidArgument for a day beyond an adjacent change.
    """
    deployment, before = await lock_subscription(session, change)
    found = change_to_come(before, identifier, change.cause.day, by_tenant=change.by_tenant)
    check_move_day(found, day, change.cause.day)
    if found.kind in {ChangeKind.PLAN_CHANGE, ChangeKind.ADDON_ATTACH}:
        check_ahead("effective_on", day, change.cause.day, by_tenant=change.by_tenant)
    match found:
        case UpcomingChange(kind=ChangeKind.PLAN_CHANGE):
            await spans.move_term(session, before, found.effective_on, day)
        case UpcomingChange(kind=ChangeKind.ADDON_ATTACH, addon=addon) if addon is not None:
            await spans.move_attachment(session, addon.id, day)
        case UpcomingChange(kind=ChangeKind.ADDON_DETACH, addon=addon) if addon is not None:
            await spans.detach(session, addon.id, day, by_tenant=addon.detached_by_tenant)
        case UpcomingChange(kind=ChangeKind.PAUSE, pause=pause) if pause is not None:
            await spans.move_pause(session, before, pause.paused_on, day)
        case UpcomingChange(kind=ChangeKind.RESUME, pause=pause) if pause is not None:
            await spans.end_pause(session, before, pause.paused_on, day)
        case _:
            is_own = before.ended_by_tenant
            await move_end(session, deployment, before, change, day, by_tenant=is_own)
    cause = change.cause.with_words(f"{found.in_words()} is moved to {day}")
    return await record_change(
        session, change.scope, deployment, before, EventType.CHANGE_MOVED, cause
    )


def _check_last(subscription: Subscription, paused_on: date) -> None:
    """Raises FailedPrecondition if another pause follows."""
    later = [pause.paused_on for pause in subscription.pauses if pause.paused_on > paused_on]
    if later:
        raise FailedPrecondition(
            f"another pause follows on {later[0]}: cancel that first", reason="PAUSED_AGAIN"
        )
