"""Trials: how many a tenant has, and how long one lasts."""

from collections.abc import Sequence
from datetime import date

from services.catalog.deployments.rules.deployments import Deployment
from services.catalog.deployments.rules.lifecycle import ENDED, State
from services.catalog.subscriptions.rules.subscriptions import Subscription
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.limits.declared import TRIALS

__all__ = ["check_extension", "check_trial_left"]


def check_trial_left(used: int, granted: int) -> None:
    """Raises FailedPrecondition when a tenant has had as many trials as it may."""
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
    """Raises FailedPrecondition for a deployment without a trial, or that has ended.

    And InvalidArgument for a day that makes the trial no longer than it was.
    """
    if not deployment.began_on_trial:
        raise FailedPrecondition("the deployment never was on trial", reason="NO_TRIAL")
    if deployment.state in ENDED:
        raise FailedPrecondition(
            f"the deployment is {deployment.state}",
            reason="DEPLOYMENT_ENDED",
            metadata={"state": deployment.state},
        )
    if deployment.state is State.TRIAL:
        last = max(deployment.trial_ends_on or today, today)
    else:
        # Where it was left before its day, its subscriptions say when.
        ends = [one.trial_end for one in subscriptions if one.trial_end is not None]
        last = max(ends, default=deployment.trial_ends_on or today)
    if day <= last:
        raise InvalidArgument("trial_ends_on", f"must be after {last}", reason="OUT_OF_RANGE")
