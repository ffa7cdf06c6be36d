"""Adoption: re-keys usage that was metered before the catalog knew its deployment."""

from datetime import datetime
from typing import Final

from services.analytics.deployments import DeploymentRef, Deployments
from services.analytics.usage.store.adoption import adopt_usage, names_of_usage
from services.common.db.database import Database
from services.common.identity.callers import Scope

__all__ = ["adopt"]

NAMES_AT_ONCE: Final = 5_000
FIGURES_AT_ONCE: Final = 10_000
"""Figures re-keyed per transaction."""

BEFORE_ALL: Final = DeploymentRef("", "")


async def adopt(
    database: Database, deployments: Deployments, scope: Scope, *, now: datetime
) -> None:
    """Re-keys usage under slugs to the deployments that the catalog knows now.

    Each page has its own transaction, so the next call resumes an interrupted one.
    """
    last = BEFORE_ALL
    while True:
        async with database.read(scope) as session:
            names = await names_of_usage(session, after=last, limit=NAMES_AT_ONCE)
        found = await deployments.find(names)
        owners = {one: to for one, to in found.items() if to.deployment_id != one.deployment}
        more = bool(owners)
        while more:
            async with database.write(scope) as session:
                more = await adopt_usage(session, owners, limit=FIGURES_AT_ONCE, now=now)
        if len(names) < NAMES_AT_ONCE:
            return
        last = names[-1]
