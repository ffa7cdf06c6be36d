"""Drift sweep: compares a page of resources that have a spec with their live values."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from services.common.db.database import WriteSession
from services.inventory.drift.rules.fields import names_certificates
from services.inventory.drift.rules.specs import DesiredSpec
from services.inventory.drift.rules.sweeping import PageVerdict, completed, judge_page
from services.inventory.drift.store import pages
from services.inventory.drift.store.specs import complete_specs
from services.inventory.resources.rules.recording import Cause
from services.inventory.resources.store.locks import lock_drift

__all__ = ["sweep_page"]


async def sweep_page(
    session: WriteSession,
    provider: str,
    kind: str,
    in_flight_provider_ids: AbstractSet[str],
    *,
    after: UUID | None,
    size: int,
    cause: Cause,
) -> PageVerdict:
    """Compares a page of resources with their specs; opens, changes and closes drifts.

    Nothing is compared for a frozen kind.
    """
    await lock_drift(session, [(provider, kind)])
    if reason := await pages.frozen_reason(session, provider, kind):
        return PageVerdict(frozen_reason=reason)
    found = await pages.read_page(session, provider, kind, after=after, limit=size + 1)
    page = found[:size]
    if names_certificates(kind):
        # The names are added to the stored specs.
        named = completed(page, await pages.certificate_names(session, provider))
        if named:
            specs = [DesiredSpec(one.resource.id, one.spec) for one in named]
            await complete_specs(session, specs)
        by_id = {one.resource.id: one for one in named}
        page = [by_id.get(one.resource.id, one) for one in page]
    open_drifts = await pages.open_drifts(session, page)
    verdict = judge_page(kind, page, open_drifts, in_flight_provider_ids)
    await pages.write_verdict(session, kind, verdict, cause)
    verdict.muted_count = await pages.count_muted(session, page)
    verdict.last = page[-1].resource.id if len(found) > size else None
    return verdict
