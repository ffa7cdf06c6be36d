"""Activities that evaluate caps, record the status of breaches, and post notices."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson
from arcadia.analytics.v1 import spend_service_pb2 as pb
from temporalio import activity

from contracts.flows import Start
from contracts.spend import BreachInput, EvaluationInput, spend_breach
from workflows.collections.activities.dunning import NOWHERE, noticed
from workflows.collections.payloads import Noticed
from workflows.durable.activities import page_by_page, service_activity, start_all
from workflows.durable.signed_posts import SignedPosts
from workflows.spend.payloads import BreachOutcome, BreachStanding, EvaluationPlace

if TYPE_CHECKING:
    from arcadia.analytics.v1.spend_service_pb2_grpc import SpendServiceAsyncStub

__all__ = ["SpendActivities"]

SERVICE: Final = "analytics"


class SpendActivities:
    """Uses the analytics service, and the notice URL if configured."""

    def __init__(self, spending: "SpendServiceAsyncStub", notices: SignedPosts | None) -> None:
        self._spending = spending
        self._notices = notices

    @service_activity(SERVICE)
    async def evaluate_policies(self, request: EvaluationInput) -> int:
        """Opens a breach for each cap that is reached, and starts its workflow."""

        async def evaluate(place: EvaluationPlace) -> EvaluationPlace:
            page = await self._spending.EvaluateSpendPolicies(
                pb.EvaluateSpendPoliciesRequest(
                    page_size=request.policies_a_page, page_token=place.page_token
                )
            )
            await start_all(_start(_standing(one), request) for one in page.spend_breaches)
            count = place.breach_count + len(page.spend_breaches)
            return EvaluationPlace(page.next_page_token, count)

        return (await page_by_page(EvaluationPlace(), evaluate)).breach_count

    @service_activity(SERVICE)
    async def record_breach(self, request: BreachOutcome) -> BreachStanding:
        """Records the outcome of a breach; returns its current status."""
        info = activity.info()
        answer = await self._spending.RecordSpendOutcome(
            pb.RecordSpendOutcomeRequest(
                breach_id=request.breach_id,
                status=request.status,
                workflow_id=info.workflow_id,
                run_id=info.workflow_run_id,
            )
        )
        return _standing(answer.spend_breach)

    @activity.defn
    async def post_notice(self, breach: BreachStanding) -> Noticed:
        """Posts a notice of a breach. Fails if it is not accepted."""
        if self._notices is None:
            return Noticed(is_delivered=False, reason=NOWHERE)
        document = {
            "breach_id": breach.breach_id,
            "tenant_id": breach.tenant_id,
            "deployment_id": breach.deployment_id,
            "period": breach.period,
            "cap_cents": str(breach.cap_cents),
            "accrued_cents": str(breach.accrued_cents),
            "currency": breach.currency,
            "action": breach.action,
            **_notice_fields(breach),
        }
        body = orjson.dumps({"spend_breach": document}, option=orjson.OPT_SORT_KEYS)
        key = f"spend-breach/{breach.breach_id}"
        return noticed(await self._notices.post(key, body, datetime.now(UTC)))


def _start(breach: BreachStanding, request: EvaluationInput) -> Start[BreachInput]:
    return spend_breach(
        BreachInput(breach.breach_id, pause_notice_seconds=request.pause_notice_seconds),
        tenant_id=breach.tenant_id,
        period_code=breach.period[:7],
        summary=breach.in_words(),
    )


def _notice_fields(breach: BreachStanding) -> dict[str, str]:
    """The notice: what happens, when, why, and how to prevent it."""
    whose = "the deployment" if breach.deployment_id else "the active deployments of the tenant"
    pause = (
        f"{whose} will be paused; where power_off_when_suspended is set, their droplets are"
        " powered off"
    )
    # A paused deployment is still billed: its plan, addons and usage.
    spare = "use less, or ask the operator for a higher cap"
    what, to_do = {
        "pause": (pause, f"{spare} before then"),
        "ask_approval": (f"an operator decides; if refused, {pause}", spare),
    }.get(breach.action, ("no action is taken; this is for information", spare))
    return {"at": breach.pauses_at, "what": what, "why": breach.in_words(), "what_to_do": to_do}


def _standing(breach: pb.SpendBreach) -> BreachStanding:
    policy = breach.policy
    return BreachStanding(
        breach_id=breach.id,
        status=breach.status,
        action=policy.action,
        tenant_id=policy.tenant_id,
        deployment_id=policy.deployment_id,
        period=breach.period,
        cap_cents=policy.cap_cents,
        accrued_cents=breach.accrued_cents,
        currency=policy.currency,
        decided_by=breach.decided_by,
        reason=breach.reason,
    )
