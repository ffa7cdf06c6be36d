"""Reads the current limits of a tenant with their use."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.catalog.deployments.store.trials import read_trial_counts
from services.catalog.keys.store import count_working
from services.catalog.limits.rules.limit_values import LimitState, value_of
from services.catalog.limits.store.counts import count_deployments, count_quotes
from services.catalog.limits.store.values import fetch_set_values, read_set_values
from services.common.db.database import Database, ReadSession
from services.common.identity.callers import ALL
from services.common.limits.declared import API_KEYS, DEPLOYMENTS, LIMITS, QUOTES_A_DAY, TRIALS
from services.common.limits.known import LoadLimits
from services.common.values.clock import utc_now

__all__ = ["limits_loader", "read_limits", "read_values"]


async def read_limits(session: ReadSession, tenant_id: str, now: datetime) -> list[LimitState]:
    """All limits of a tenant in the order of declaration."""
    today = now.date()
    last_set = {one.name: one for one in await read_set_values(session, [tenant_id])}
    trials, granted = await read_trial_counts(session, tenant_id)
    used = {
        DEPLOYMENTS.name: await count_deployments(session, tenant_id),
        TRIALS.name: trials,
        QUOTES_A_DAY.name: await count_quotes(session, tenant_id, today),
        API_KEYS.name: await count_working(session, tenant_id, now),
    }
    states = []
    for limit in LIMITS.values():
        found = last_set.get(limit.name)
        value = value_of(limit, found, today)
        states.append(
            LimitState(
                limit=limit,
                value=value + granted if limit is TRIALS else value,
                used=used.get(limit.name),
                set_value=found if found is not None and found.holds_on(today) else None,
            )
        )
    return states


async def read_values(
    database: Database, tenant_ids: Sequence[str], today: date
) -> Mapping[str, Mapping[str, int]]:
    """The values that override defaults, by tenant and limit."""
    values: dict[str, dict[str, int]] = {}
    for one in await fetch_set_values(database.single_read(ALL), tenant_ids):
        if one.value is not None and one.holds_on(today):
            values.setdefault(one.tenant_id, {})[one.name] = one.value
    return values


def limits_loader(database: Database) -> LoadLimits:
    """Reads limit overrides for the catalog's own process."""

    async def load(tenant_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        return await read_values(database, tenant_ids, utc_now().date())

    return load
