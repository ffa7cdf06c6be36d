"""Activities that compare specs, record list prices, and look up causes of drifts."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from arcadia.inventory.v1 import drift_pb2
from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from temporalio import activity

from providers.digitalocean.actions import LOGGED_KINDS, Action, can_cause, recent_actions
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.errors import AccessDenied, MalformedAnswer
from services.common.rpc.messages import message_of
from workflows.drift.payloads import (
    DriftCursor,
    DriftOutcome,
    ExplainInput,
    ExplainResult,
    KindInput,
)
from workflows.durable.activities import page_by_page, service_activity
from workflows.durable.counts import with_counts
from workflows.durable.heartbeats import beating, reached_before

if TYPE_CHECKING:
    from arcadia.inventory.v1.reconcile_service_pb2_grpc import ReconcileServiceAsyncStub

__all__ = ["DriftActivities"]

log = structlog.get_logger()

DROPLET: Final = "droplet"
"""The kind whose sizes the provider lists with prices."""

UNDER_WAY_FOR: Final = timedelta(hours=6)
"""An action that began earlier counts as stuck and is ignored."""

LOOK_BACK: Final = timedelta(days=7)
"""How far before a drift its cause is searched."""

DRIFTS_A_PAGE: Final = 500


class DriftActivities:
    """Uses the provider's client and the inventory service."""

    def __init__(self, provider: DigitalOcean, inventory: "ReconcileServiceAsyncStub") -> None:
        self._provider = provider
        self._inventory = inventory

    @service_activity(heartbeat=True, doing="reading list prices")
    async def record_list_prices(self, request: KindInput) -> int:
        """Records the provider's price of each size; returns the number of sizes."""
        prices = [
            _list_price(row)
            async for page in self._provider.pages("/v2/sizes", "sizes")
            for row in page.items
        ]
        await self._inventory.RecordListPrices(
            pb.RecordListPricesRequest(provider=request.provider, kind=request.kind, prices=prices)
        )
        return len(prices)

    @service_activity(doing="comparing a kind with its specs", cursor=DriftCursor)
    async def sweep_drift(self, request: KindInput) -> DriftOutcome:
        """Compares every resource of a kind that has a spec; resumes from an earlier cursor."""
        busy = await self._in_flight(request.kind)

        async def compare(cursor: DriftCursor) -> DriftCursor:
            answer = await self._inventory.SweepDrift(
                pb.SweepDriftRequest(
                    provider=request.provider,
                    kind=request.kind,
                    page_token=cursor.page_token,
                    run_id=activity.info().workflow_run_id,
                    in_flight_provider_ids=busy,
                )
            )
            return _after(cursor, answer)

        first = DriftCursor("", DriftOutcome(request.kind, "completed"))
        return (await page_by_page(first, compare)).outcome

    @service_activity(doing="looking up causes of drifts", cursor=ExplainResult)
    async def explain_drifts(self, request: ExplainInput) -> ExplainResult:
        """Looks up the causes of new drifts in the provider's action log."""
        result = reached_before(ExplainResult) or ExplainResult()
        done: dict[tuple[str, str], list[Action]] | None = None
        async with beating(lambda: result):
            while drifts := await self._unexplained():
                if done is None:
                    done = await self._done_actions(drifts)
                explained = [
                    pb.ExplainedDrift(drift_id=drift.id, cause=_cause(action))
                    for drift in drifts
                    if (action := _cause_of(drift, done)) is not None
                ]
                found = {one.drift_id for one in explained}
                rest = [drift.id for drift in drifts if drift.id not in found]
                await self._inventory.RecordDriftCauses(
                    pb.RecordDriftCausesRequest(explained=explained, unexplained_drift_ids=rest)
                )
                result = ExplainResult(
                    result.explained_count + len(explained),
                    result.unexplained_count + len(rest),
                )
        return result

    async def _in_flight(self, kind: str) -> list[str]:
        """The resources of a kind with a running action."""
        if kind not in LOGGED_KINDS:
            return []
        since = datetime.now(UTC) - UNDER_WAY_FOR
        try:
            return [
                action.provider_id
                async for action in recent_actions(self._provider, since)
                if action.is_under_way and action.kind == kind
            ]
        except AccessDenied:
            # The status still shows most changing resources.
            log.warning("the token has no scope for the action log", kind=kind)
            return []

    async def _unexplained(self) -> list[drift_pb2.Drift]:
        # Recorded drifts leave this list, so its first page is always the next one.
        answer = await self._inventory.ListUnexplainedDrifts(
            pb.ListUnexplainedDriftsRequest(page_size=DRIFTS_A_PAGE)
        )
        return list(answer.drifts)

    async def _done_actions(
        self, drifts: list[drift_pb2.Drift]
    ) -> dict[tuple[str, str], list[Action]]:
        """The actions, newest first, by (kind, provider id)."""
        done: dict[tuple[str, str], list[Action]] = defaultdict(list)
        logged = [drift for drift in drifts if drift.resource_kind in LOGGED_KINDS]
        if not logged:
            return done
        since = min(drift.detected_at.ToDatetime(UTC) for drift in logged) - LOOK_BACK
        try:
            async for action in recent_actions(self._provider, since):
                if action.is_done:
                    done[action.kind, action.provider_id].append(action)
        except AccessDenied:
            log.warning("the token has no scope for the action log: causes of drifts stay unknown")
        return done


def _after(cursor: DriftCursor, answer: pb.SweepDriftResponse) -> DriftCursor:
    outcome = with_counts(cursor.outcome, answer)
    if answer.frozen_reason:
        outcome = replace(outcome, outcome="frozen", reason=answer.frozen_reason)
    return DriftCursor(answer.next_page_token, outcome)


def _cause_of(drift: drift_pb2.Drift, done: dict[tuple[str, str], list[Action]]) -> Action | None:
    """The newest action that may have caused the change that a sweep saw."""
    seen = drift.last_seen_at.ToDatetime(UTC)
    candidates = done.get((drift.resource_kind, drift.provider_id), [])
    return next(
        (
            action
            for action in candidates
            if action.occurred_at <= seen and can_cause(action, drift.resource_kind, drift.field)
        ),
        None,
    )


def _cause(action: Action) -> drift_pb2.DriftCause:
    return message_of(drift_pb2.DriftCause, action, action_id=action.id, action_type=action.type)


def _list_price(row: dict[str, Any]) -> pb.ListPrice:
    slug, price = row.get("slug"), row.get("price_monthly")
    if not slug or isinstance(price, bool) or not isinstance(price, int | float | str):
        raise MalformedAnswer(f"size {slug!r} has no price")
    # The shortest text of the number, which is what the provider sent.
    return pb.ListPrice(size=str(slug), monthly_usd=str(price))
