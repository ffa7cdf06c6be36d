"""Counts a trial against a tenant's limit."""

from dataclasses import replace

from services.catalog.deployments.rules.deployments import Cause
from services.catalog.deployments.rules.trials import check_trial_left
from services.catalog.deployments.store.trials import count_trials, grant_trials
from services.common.db.database import WriteSession

__all__ = ["take_trial"]


async def take_trial(
    session: WriteSession, tenant_id: str, cause: Cause, *, by_tenant: bool
) -> None:
    """Counts a trial of a tenant; call it before the deployment is created.

    Raises FailedPrecondition if the tenant has no trial left. If an operator creates the
    deployment, a grant is recorded instead.
    """
    used, granted = await count_trials(session, tenant_id)
    if by_tenant:
        check_trial_left(used, granted)
    elif used > granted:
        told = replace(cause, reason="made a deployment on trial")
        await grant_trials(session, tenant_id, 1, told)
