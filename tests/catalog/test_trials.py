"""One trial per tenant, unless an operator grants more; operators set their length."""

from typing import Any

import pytest
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from arcadia.catalog.v1 import deployments_pb2
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.common.identity.callers import Scope
from tests.catalog.shop import Shop, refusal
from tests.catalog.test_concurrency import meeting
from tests.inventory.account import reason_of, violated_field

USED = ("FAILED_PRECONDITION", "TRIAL_USED")


async def grant(shop: Shop, tenant_id: str = "acme", trials: int = 0) -> deployments_pb2.TrialGrant:
    request = pb.GrantTrialsRequest(tenant_id=tenant_id, trials=trials, reason="we spoke")
    answer = await shop.deployments.GrantTrials(request, metadata=shop.operator)
    granted: deployments_pb2.TrialGrant = answer.trial_grant
    return granted


async def extend(
    shop: Shop, deployment_id: str, day: str, token: Any = None
) -> deployments_pb2.Deployment:
    request = pb.ExtendTrialRequest(id=deployment_id, trial_ends_on=day, reason="they asked")
    answer = await shop.deployments.ExtendTrial(request, metadata=token or shop.operator)
    extended: deployments_pb2.Deployment = answer.deployment
    return extended


async def test_a_trial_is_given_by_who_decides_about_money(shop: Shop) -> None:
    said = {"tenant_id": "acme", "trial": True, "trial_ends_on": "2099-01-01"}
    operations = shop.user("staff", roles=["platform-operations"])
    assert await refusal(shop.deploy("one", operations, **said), reason_of) == (
        "PERMISSION_DENIED",
        "ROLE_REQUIRED",
    )
    billing = shop.user("staff", roles=["platform-billing"])
    assert (await shop.deploy("one", billing, **said)).state == "trial"
    assert (await shop.deploy("two", operations, tenant_id="acme")).state == "active"


async def test_a_tenant_has_one_trial_and_those_that_were_granted(shop: Shop) -> None:
    first = await shop.deploy("one", trial=True)
    assert await refusal(shop.deploy("two", trial=True), reason_of) == USED
    # Also when the first one is over, or gone.
    await shop.move(first.id, "cancelled", shop.acme)
    assert await refusal(shop.deploy("two", trial=True), reason_of) == USED
    assert (await shop.deploy("two")).state == "active"
    granted = await grant(shop, trials=2)
    assert (granted.trials, granted.granted_by, granted.reason) == (2, "op", "we spoke")
    for slug in ("three", "four"):
        assert (await shop.deploy(slug, trial=True)).state == "trial"
    assert await refusal(shop.deploy("five", trial=True), reason_of) == USED
    assert (await shop.deploy("one", shop.tenant("globex"), trial=True)).state == "trial"
    request = pb.ListTrialGrantsRequest(tenant_id="acme")
    listed = await shop.deployments.ListTrialGrants(request, metadata=shop.operator)
    assert list(listed.trial_grants) == [granted]


async def test_an_operators_own_making_of_a_trial_is_a_grant(shop: Shop) -> None:
    for slug in ("one", "two"):
        await shop.deploy(slug, shop.operator, tenant_id="acme", trial=True)
    assert await refusal(shop.deploy("three", trial=True), reason_of) == USED
    await grant(shop)
    assert (await shop.deploy("three", trial=True)).state == "trial"
    request = pb.ListTrialGrantsRequest(page_size=1)
    first = await shop.deployments.ListTrialGrants(request, metadata=shop.operator)
    request.page_token = first.next_page_token
    second = await shop.deployments.ListTrialGrants(request, metadata=shop.operator)
    assert [one.trials for one in (*first.trial_grants, *second.trial_grants)] == [1, 1]
    assert second.next_page_token == ""


async def test_of_two_trials_requested_at_once_one_is_given(shop: Shop) -> None:
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('trials/acme', 0))"
    async with meeting(shop, lock) as both:
        await both.join(shop.deploy("one", trial=True), shop.deploy("two", trial=True))
    made, refused = await both.ended()
    assert (made.state, refused) == ("trial", "TRIAL_USED")


async def test_a_tenant_cannot_grant_itself_a_trial(shop: Shop) -> None:
    request = pb.GrantTrialsRequest(tenant_id="acme")
    call = shop.deployments.GrantTrials(request, metadata=shop.acme)
    assert await refusal(call, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")
    insert = "INSERT INTO trial_grants (tenant_id, trials, granted_by, granted_at) VALUES"
    with pytest.raises(ProgrammingError, match="row-level"):
        async with shop.database.write(Scope("acme")) as session:
            await session.execute(text(f"{insert} ('acme', 1, 'me', now())"))


@pytest.mark.parametrize(
    ("said", "field"), [({"tenant_id": ""}, "tenant_id"), ({"trials": 1_001}, "trials")]
)
async def test_a_grant_that_makes_no_sense_is_refused_by_its_field(
    shop: Shop, said: dict[str, Any], field: str
) -> None:
    assert await refusal(grant(shop, **said), violated_field) == ("INVALID_ARGUMENT", field)


async def test_a_trial_is_extended_while_it_runs(shop: Shop) -> None:
    deployment = await shop.deploy(trial=True, trial_ends_on="2026-04-20")
    made = await shop.subscribe(deployment.id)
    extended = await extend(shop, deployment.id, "2026-06-01")
    assert (extended.state, extended.trial_ends_on) == ("trial", "2026-06-01")
    assert (await shop.subscription(made.id)).trial_end == "2026-06-01"
    event = (await shop.look(deployment.id)).events[0]
    assert (event.type, event.reason) == (
        "trial_extended",
        "they asked (trial until 2026-06-01)",
    )
    shorter = extend(shop, deployment.id, "2026-06-01")
    assert await refusal(shorter, violated_field) == ("INVALID_ARGUMENT", "trial_ends_on")
    denied = extend(shop, deployment.id, "2026-07-01", shop.acme)
    assert await refusal(denied, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")


async def test_a_trial_that_is_over_is_extended_and_its_days_are_free_again(shop: Shop) -> None:
    deployment = await shop.deploy(trial=True, trial_ends_on="2026-04-20")
    made = await shop.subscribe(deployment.id)
    shop.clock.set("2026-04-22")
    await shop.move(deployment.id, "active")
    extended = await extend(shop, deployment.id, "2026-04-25")
    assert extended.state == "active"
    assert (await shop.subscription(made.id)).trial_end == "2026-04-25"


async def test_only_a_running_trial_can_be_extended(shop: Shop) -> None:
    plain = await shop.deploy("plain")
    refused = await refusal(extend(shop, plain.id, "2026-06-01"), reason_of)
    assert refused == ("FAILED_PRECONDITION", "NO_TRIAL")
    trial = await shop.deploy("trial", trial=True)
    await shop.move(trial.id, "cancelled")
    refused = await refusal(extend(shop, trial.id, "2026-06-01"), reason_of)
    assert refused == ("FAILED_PRECONDITION", "DEPLOYMENT_ENDED")
