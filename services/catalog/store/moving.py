"""Deployments moved from state to state, with what that means for their subscriptions."""

from typing import Final

from sqlalchemy import text

from services.catalog.deployments import Cause, Deployment, DeploymentEvent
from services.catalog.lifecycle import ENDED, State, check_move
from services.catalog.store.deployments import COLUMNS, deployment_of
from services.catalog.store.events import record_event
from services.catalog.store.spans import cut_trial, end_running
from services.catalog.vocabulary import EventType
from services.common.database import WriteSession

__all__ = ["move_deployment"]

MOVE: Final = text(f"""
UPDATE deployments AS d SET state = :state, state_changed_at = :at WHERE d.id = :id
RETURNING {COLUMNS}
""")


async def move_deployment(
    session: WriteSession, before: Deployment, to: State, cause: Cause, *, by_tenant: bool
) -> tuple[Deployment, DeploymentEvent]:
    """Moves a locked deployment, and writes its history.

    Its trial is over when it leaves `trial`; its subscription ends when it is cancelled.
    Raises FailedPrecondition for a move that the lifecycle does not have, PermissionDenied
    for one that a tenant may not ask for.
    """
    check_move(before.state, to, by_tenant=by_tenant)
    row = (await session.execute(MOVE, {"state": to, "at": cause.at, "id": before.id})).one()
    deployment = deployment_of(row)
    event = await record_event(
        session, deployment, EventType.TRANSITIONED, cause, from_state=before.state
    )
    if before.state is State.TRIAL:
        await cut_trial(session, deployment.id, cause.day)
    if to in ENDED and await end_running(session, deployment.id, cause.day):
        await record_event(
            session, deployment, EventType.SUBSCRIPTION_CANCELLED, cause, from_state=to
        )
    return deployment, event
