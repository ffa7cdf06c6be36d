"""A tenant manages only its own deployments, also by row-level security."""

from typing import Any

import pytest
from arcadia.catalog.v1 import catalog_service_pb2 as catalog_pb
from arcadia.catalog.v1 import deployment_service_pb2 as pb
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.common.identity.callers import ALL, Scope
from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field

OF_TENANTS = (
    "deployments",
    "deployment_events",
    "subscriptions",
    "subscription_terms",
    "subscription_addons",
    "subscription_pauses",
    "backdated_changes",
    "trial_grants",
)


async def test_row_level_security_shows_a_tenant_its_own_rows_only(shop: Shop) -> None:
    for tenant in ("acme", "globex"):
        token = shop.tenant(tenant)
        deployment = await shop.deploy("blog", token)
        made = await shop.subscribe(
            deployment.id, token=shop.operator, addons=["storage_50gb"], starts_on="2026-02-01"
        )
        await shop.change("PauseSubscription", made.id)
        request = pb.GrantTrialsRequest(tenant_id=tenant)
        await shop.deployments.GrantTrials(request, metadata=shop.operator)
    for table in OF_TENANTS:
        query = text(f"SELECT DISTINCT tenant_id FROM {table} ORDER BY 1")
        for scope, seen in ((Scope("acme"), ["acme"]), (Scope(""), []), (ALL, ["acme", "globex"])):
            async with shop.database.read(scope) as session:
                rows = await session.execute(query)
            assert [row.tenant_id for row in rows] == seen, (table, scope)


@pytest.mark.parametrize(
    ("statement", "refusal_of"),
    [
        ("UPDATE plans SET name = 'Mine' RETURNING id", None),
        ("UPDATE addons SET price_cents = 0 RETURNING id", None),
        ("UPDATE deployments SET state = 'active' WHERE tenant_id = 'globex' RETURNING id", None),
        ("INSERT INTO plans (code, name, created_at) VALUES ('x', 'X', now())", "row-level"),
        ("UPDATE deployment_events SET reason = ''", "permission denied"),
        ("UPDATE trial_grants SET trials = 9", "permission denied"),
        ("DELETE FROM backdated_changes", "permission denied"),
        ("DELETE FROM subscriptions", "permission denied"),
    ],
)
async def test_the_database_itself_refuses_a_tenant(
    shop: Shop, statement: str, refusal_of: str | None
) -> None:
    await shop.deploy("blog", shop.tenant("globex"))
    if refusal_of is None:
        async with shop.database.write(Scope("acme")) as session:
            assert (await session.execute(text(statement))).all() == []
        return
    with pytest.raises(ProgrammingError, match=refusal_of):
        async with shop.database.write(Scope("acme")) as session:
            await session.execute(text(statement))


async def test_a_tenant_runs_its_own_deployment(shop: Shop) -> None:
    made = await shop.deploy("blog", display_name="My blog", region="syd1", llm_mode="hosted")
    assert (made.tenant_id, made.state, made.display_name) == ("acme", "active", "My blog")
    request = pb.UpdateDeploymentRequest(id=made.id, llm_mode="", template_code="ghost")
    changed = await shop.deployments.UpdateDeployment(request, metadata=shop.acme)
    assert (changed.deployment.llm_mode, changed.deployment.template_code) == ("", "ghost")
    assert (await shop.move(made.id, "paused", shop.acme)).event.actor == "member of acme"
    assert (await shop.move(made.id, "active", shop.acme)).deployment.state == "active"
    listed = await shop.deployments.ListDeployments(
        pb.ListDeploymentsRequest(slug="blog", state="active"), metadata=shop.acme
    )
    assert [one.id for one in listed.deployments] == [made.id]


async def test_a_tenant_cannot_lift_a_suspension(shop: Shop) -> None:
    made = await shop.deploy()
    await shop.move(made.id, "suspended")
    lifted = await refusal(shop.move(made.id, "active", shop.acme), reason_of)
    assert lifted == ("PERMISSION_DENIED", "OPERATOR_ONLY")
    assert (await shop.look(made.id)).deployment.state == "suspended"
    assert (await shop.move(made.id, "active")).deployment.state == "active"


async def test_operator_rpcs_are_refused_to_others(shop: Shop) -> None:
    made = await shop.deploy()
    calls: list[Any] = [
        shop.allow(made.id, shop.acme, billing_action_suspended=True),
        shop.catalog.CreatePlan(
            catalog_pb.CreatePlanRequest(code="mine", name="Mine"), metadata=shop.acme
        ),
        shop.catalog.PublishPlanVersion(
            catalog_pb.PublishPlanVersionRequest(plan_code="pro", version=1), metadata=shop.acme
        ),
        shop.catalog.ApplyCatalog(
            catalog_pb.ApplyCatalogRequest(document="plans: []"), metadata=shop.acme
        ),
    ]
    for call in calls:
        assert await refusal(call, reason_of) == ("PERMISSION_DENIED", "OPERATOR_ONLY")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"slug": ""}, "slug"),
        ({"slug": "My Blog"}, "slug"),
        ({"slug": "x" * 64}, "slug"),
        ({"tenant_id": "globex"}, "tenant_id"),
        ({"region": "Sydney!"}, "region"),
        ({"llm_mode": "Hosted"}, "llm_mode"),
        ({"trial_ends_on": "2026-05-01"}, "trial_ends_on"),
        ({"trial": True, "trial_ends_on": "2026-04-10"}, "trial_ends_on"),
        ({"trial": True, "trial_ends_on": "soon"}, "trial_ends_on"),
        ({"trial": True, "trial_ends_on": "2026-05-11"}, "trial_ends_on"),
    ],
)
async def test_a_deployment_that_makes_no_sense_is_refused_by_its_field(
    shop: Shop, said: dict[str, Any], field: str
) -> None:
    call = shop.deploy(**{"slug": "blog", **said})
    assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", field)
    assert shop.rows("SELECT count(*) FROM deployments") == [(0,)]


async def test_an_operator_names_the_tenant_that_a_deployment_is_for(shop: Shop) -> None:
    call = shop.deploy(token=shop.operator)
    assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "tenant_id")
    made = await shop.deploy(token=shop.operator, tenant_id="acme")
    assert (await shop.look(made.id)).deployment.tenant_id == "acme"


async def test_only_an_operator_lets_a_deployment_run_on_trial_for_as_long_as_they_like(
    shop: Shop,
) -> None:
    own = await shop.deploy("blog", trial=True)
    assert (own.state, own.trial_ends_on) == ("trial", "2026-05-10")
    assert (await shop.subscribe(own.id)).trial_end == "2026-05-10"
    request = pb.GrantTrialsRequest(tenant_id="acme")
    await shop.deployments.GrantTrials(request, metadata=shop.operator)
    assert (await shop.deploy("news", trial=True, trial_ends_on="2026-05-10")).state == "trial"
    for slug, ends_on in (("wiki", ""), ("shop", "2027-01-01")):
        made = await shop.deploy(
            slug, shop.operator, tenant_id="acme", trial=True, trial_ends_on=ends_on
        )
        assert (made.state, made.trial_ends_on) == ("trial", ends_on)
    assert (await shop.deploy("plain")).trial_ends_on == ""


async def test_a_slug_is_unique_within_its_tenant(shop: Shop) -> None:
    await shop.deploy("blog")
    await shop.deploy("blog", shop.tenant("globex"))
    assert await refusal(shop.deploy("blog"), violated_field) == ("ALREADY_EXISTS", "slug")


async def test_deployments_and_their_histories_page_to_their_end(shop: Shop) -> None:
    made = [await shop.deploy(f"app-{number}") for number in range(3)]
    seen, token = [], ""
    while True:
        request = pb.ListDeploymentsRequest(page_size=2, page_token=token)
        answer = await shop.deployments.ListDeployments(request, metadata=shop.acme)
        seen += [one.id for one in answer.deployments]
        token = answer.next_page_token
        if not token:
            break
    assert seen == [one.id for one in made]
    for state in ("paused", "active"):
        await shop.move(made[0].id, state)
    first = pb.ListDeploymentEventsRequest(deployment_id=made[0].id, page_size=2)
    page = await shop.deployments.ListDeploymentEvents(first, metadata=shop.acme)
    first.page_token = page.next_page_token
    rest = await shop.deployments.ListDeploymentEvents(first, metadata=shop.acme)
    assert [event.to_state for event in [*page.events, *rest.events]] == [
        "active",
        "paused",
        "active",
    ]
    assert rest.next_page_token == ""


async def test_a_repeated_write_answers_as_it_did_and_another_body_is_a_conflict(
    shop: Shop,
) -> None:
    made = await shop.deploy("blog", request_id="r-1")
    assert await shop.deploy("blog", request_id="r-1") == made
    other = await refusal(shop.deploy("wiki", request_id="r-1"), reason_of)
    assert other == ("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED")
    moved = await shop.move(made.id, "paused", request_id="r-2")
    assert await shop.move(made.id, "paused", request_id="r-2") == moved
    subscribed = await shop.subscribe(made.id, request_id="r-3")
    assert await shop.subscribe(made.id, request_id="r-3") == subscribed
    paused = await shop.change("PauseSubscription", subscribed.id, request_id="r-4")
    assert await shop.change("PauseSubscription", subscribed.id, request_id="r-4") == paused
    assert [type_ for type_, *_ in await shop.history(made.id)] == [
        "created",
        "transitioned",
        "subscribed",
        "subscription_paused",
    ]
