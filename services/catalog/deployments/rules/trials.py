"""Trials: how many a tenant may have, and how long one lasts."""

from collections.abc import Sequence
from datetime import date

from services.catalog.deployments.rules.deployments import Deployment
from services.catalog.deployments.rules.lifecycle import ENDED, State
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.limits.declared import TRIALS

__all__ = ["check_extension", "check_trial_left"]


def check_trial_left(used: int, granted: int) -> None:
    """Raises FailedPrecondition if a tenant has used all its trials."""
    most = TRIALS.default + granted
    if used >= most:
        raise FailedPrecondition(
            f"trial: the tenant has had {used} of {most}; an operator can grant more",
            reason="TRIAL_USED",
            metadata={"field": "trial", "used": str(used)},
        )


def check_extension(
    deployment: Deployment, subscriptions: Sequence[Subscription], day: date, today: date
) -> None:
    """Raises FailedPrecondition for a deployment that has no trial or has ended.

    Raises InvalidArgument for a day that does not extend the trial.
    """
    if not deployment.began_on_trial:
        raise FailedPrecondition("the deployment was never on trial", reason="NO_TRIAL")
    if deployment.state in ENDED:
        raise FailedPrecondition(
            f"the deployment is {deployment.state}",
            reason="DEPLOYMENT_ENDED",
            metadata={"state": deployment.state},
        )
    if deployment.state is State.TRIAL:
        last = max(deployment.trial_ends_on or today, today)
    else:
        # If the trial was left early, its subscriptions have the day.
        ends = [one.trial_end for one in subscriptions if one.trial_end is not None]
        last = max(ends, default=deployment.trial_ends_on or today)
    if day <= last:
        raise InvalidArgument("trial_ends_on", f"must be after {last}", reason="OUT_OF_RANGE")
