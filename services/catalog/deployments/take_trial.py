"""Counts another trial of a tenant."""

from dataclasses import replace

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.deployments.rules.trials import check_trial_left
from services.catalog.deployments.store.trials import count_trials, grant_trials
from services.common.db.database import WriteSession

__all__ = ["take_trial"]


async def take_trial(
    session: WriteSession, tenant_id: str, cause: Cause, *, by_tenant: bool
) -> None:
    """Counts another trial of a tenant, before the deployment is made.

    Raises FailedPrecondition when a tenant has had as many as it may. An operator's making of
    one is a grant where none is left.
    """
    used, granted = await count_trials(session, tenant_id)
    if by_tenant:
        check_trial_left(used, granted)
    elif used > granted:
        told = replace(cause, reason="made a deployment on trial")
        await grant_trials(session, tenant_id, 1, told)
