"""The lifecycle of deployments: only the transitions of the table, each recorded."""

import re
from contextlib import suppress
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from arcadia.catalog.v1 import lifecycle_service_pb2 as worker_pb
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.deployments.rules.lifecycle import (
    MOVES,
    STATES,
    State,
    check_move,
    first_state,
)
from services.common.errors import FailedPrecondition, PermissionDenied
from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field


def test_new_deployments_start_active_or_as_a_trial_on_request() -> None:
    assert (first_state(trial=False), first_state(trial=True)) == (State.ACTIVE, State.TRIAL)


def test_the_table_says_what_the_specification_says() -> None:
    assert set(MOVES) == set(STATES) == set(State)
    assert State.PAUSED in MOVES[State.ACTIVE]
    assert State.ARCHIVED not in MOVES[State.PAUSED]
    assert not MOVES[State.ARCHIVED]
    assert not any(start in to for start, to in MOVES.items())
    assert all(State.TRIAL not in to for to in MOVES.values())


def test_the_page_for_operators_has_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text()
    _, _, table = page.partition("| from | to |")
    rows = [row.split("|")[1:3] for row in table.split("\n\n")[0].splitlines()[2:]]
    assert {start.strip(" `"): set(re.findall(r"`(\w+)`", to)) for start, to in rows} == MOVES


def walked(start: State, wishes: list[State]) -> list[State]:
    """The states that a deployment is in when it is asked to move so, one wish at a time."""
    states = [start]
    for wish in wishes:
        with suppress(FailedPrecondition):
            check_move(states[-1], wish, by_tenant=False)
            states.append(wish)
    return states


@given(st.sampled_from([State.TRIAL, State.ACTIVE]), st.lists(st.sampled_from(STATES)))
def test_any_sequence_of_moves_uses_allowed_transitions_only(
    start: State, wishes: list[State]
) -> None:
    states = walked(start, wishes)
    assert all(to in MOVES[before] for before, to in pairwise(states))
    assert State.TRIAL not in states[1:]
    assert State.ARCHIVED not in states[:-1]
    assert State.ARCHIVED not in states or states[-2] is State.CANCELLED


@pytest.mark.parametrize("start", [State.PAST_DUE, State.SUSPENDED])
def test_a_tenant_cannot_lift_what_was_imposed(start: State) -> None:
    with pytest.raises(PermissionDenied):
        check_move(start, State.ACTIVE, by_tenant=True)
    check_move(start, State.CANCELLED, by_tenant=True)


@pytest.mark.parametrize("to", [State.PAST_DUE, State.SUSPENDED])
def test_a_tenant_does_not_move_itself_into_what_is_imposed(to: State) -> None:
    for start in (state for state in STATES if to in MOVES[state]):
        with pytest.raises(PermissionDenied):
            check_move(start, to, by_tenant=True)
        check_move(start, to, by_tenant=False)


def test_a_tenant_lifts_its_own_pause_and_no_other() -> None:
    check_move(State.PAUSED, State.ACTIVE, by_tenant=True, own_pause=True)
    check_move(State.PAUSED, State.ACTIVE, by_tenant=False)
    with pytest.raises(PermissionDenied):
        check_move(State.PAUSED, State.ACTIVE, by_tenant=True)
    with pytest.raises(PermissionDenied):
        check_move(State.SUSPENDED, State.PAUSED, by_tenant=True, own_pause=True)


async def test_a_pause_by_a_cap_or_an_operator_is_not_the_tenants_to_lift(shop: Shop) -> None:
    made = await shop.deploy()

    async def pause(key: str) -> tuple[str, str]:
        return await action(shop, made.id, key, to_state="paused", actor="spend policy")

    async def lifted() -> str:
        answer = await shop.move(made.id, "active", shop.acme)
        return answer.deployment.state

    denied = ("PERMISSION_DENIED", "OPERATOR_ONLY")
    assert await pause("k1") == ("moved", "paused")
    assert await refusal(lifted(), reason_of) == denied
    await shop.move(made.id, "active")
    await shop.move(made.id, "paused")
    assert await refusal(lifted(), reason_of) == denied
    await shop.move(made.id, "active")
    # A pause of the tenant's own, until the cap takes it over.
    await shop.move(made.id, "paused", shop.acme)
    assert await pause("k2") == ("already_there", "paused")
    assert await refusal(lifted(), reason_of) == denied
    await shop.move(made.id, "active")
    # It stays the tenant's own through a suspension.
    await shop.move(made.id, "paused", shop.acme)
    assert await action(shop, made.id, "k3", to_state="suspended") == ("moved", "suspended")
    # However often the suspension is lifted.
    for key, outcome in (("k4", "moved"), ("k5", "already_there")):
        lifting = action(shop, made.id, key, to_state="paused", from_states=["suspended"])
        assert await lifting == (outcome, "paused")
    assert await lifted() == "active"


async def test_every_pair_of_states_is_moved_or_refused_and_the_events_replay_to_the_state(
    shop: Shop,
) -> None:
    paths = {State.TRIAL: [], State.ACTIVE: [], State.ARCHIVED: [State.CANCELLED, State.ARCHIVED]}
    for number, (start, to) in enumerate(product(STATES, STATES)):
        made = await shop.deploy(
            f"app-{number}", shop.operator, tenant_id="acme", trial=start is State.TRIAL
        )
        for step in paths.get(start, [start]):
            await shop.move(made.id, step)
        before = await shop.look(made.id)
        assert before.deployment.state == start
        if to in MOVES[start]:
            answer = await shop.move(made.id, to, reason="because")
            assert answer.deployment.state == to
            assert (answer.event.actor, answer.event.reason) == ("op", "because")
            assert (answer.event.from_state, answer.event.to_state) == (start, to)
        else:
            refused = await refusal(shop.move(made.id, to), reason_of)
            assert refused == ("FAILED_PRECONDITION", "TRANSITION_NOT_ALLOWED")
            assert await shop.look(made.id) == before
        state = ""
        for _, from_state, to_state in await shop.history(made.id):
            assert from_state == state
            state = to_state
        assert (await shop.look(made.id)).deployment.state == state


async def test_a_state_that_does_not_exist_is_refused_by_its_field(shop: Shop) -> None:
    made = await shop.deploy()
    assert await refusal(shop.move(made.id, "exploded"), violated_field) == (
        "INVALID_ARGUMENT",
        "to_state",
    )


async def action(shop: Shop, deployment_id: str, key: str, **said: Any) -> tuple[str, str]:
    """What a billing action comes to, and the state after it."""
    asked = {"to_state": "past_due", "actor": "dunning", "reason": "invoice 7", **said}
    request = worker_pb.ApplyBillingActionRequest(deployment_id=deployment_id, key=key, **asked)
    answer = await shop.lifecycle.ApplyBillingAction(request, metadata=shop.worker)
    return answer.outcome, answer.deployment.state


async def test_a_billing_action_moves_only_from_the_given_states_and_once_per_key(
    shop: Shop,
) -> None:
    made = await shop.deploy()
    assert await action(shop, made.id, "k0", from_states=["paused"]) == ("left_alone", "active")
    assert await action(shop, made.id, "k1", from_states=["active"]) == ("moved", "past_due")
    assert await action(shop, made.id, "k2") == ("already_there", "past_due")
    await shop.move(made.id, "active")
    assert await action(shop, made.id, "k1", from_states=["active"]) == ("moved", "past_due")
    assert (await shop.look(made.id)).deployment.state == "active"
    event = (await shop.look(made.id)).events[1]
    assert (event.actor, event.reason) == ("dunning", "invoice 7")
    reused = action(shop, made.id, "k1", to_state="suspended")
    assert await refusal(reused, reason_of) == ("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED")


async def test_billing_actions_leave_alone_what_an_operator_took_from_them(shop: Shop) -> None:
    made = await shop.deploy()
    await shop.allow(made.id, billing_action_suspended=True, reason="a friend")
    assert await action(shop, made.id, "k1") == ("billing_action_suspended", "active")
    await shop.allow(made.id, billing_action_suspended=False)
    assert await action(shop, made.id, "k2") == ("moved", "past_due")
    assert [event.reason for event in (await shop.look(made.id)).events[1:3]] == [
        "billing_action_suspended true → false",
        "a friend (billing_action_suspended false → true)",
    ]
    assert [type_ for type_, *_ in await shop.history(made.id)] == [
        "created",
        "updated",
        "updated",
        "transitioned",
    ]


async def test_lookup_answers_in_the_order_of_the_keys(shop: Shop) -> None:
    blog = await shop.deploy("blog")
    wiki = await shop.deploy("wiki")
    await shop.deploy("wiki", shop.tenant("globex"))
    keys = [
        worker_pb.DeploymentKey(slug="wiki"),
        worker_pb.DeploymentKey(slug="nothing"),
        worker_pb.DeploymentKey(id=blog.id),
        worker_pb.DeploymentKey(slug="wiki", tenant_id="acme"),
        worker_pb.DeploymentKey(slug="blog"),
        worker_pb.DeploymentKey(id="not-one-of-ours"),
        worker_pb.DeploymentKey(slug="blog", tenant_id="globex"),
    ]
    request = worker_pb.LookupDeploymentsRequest(keys=keys)
    matches = (await shop.lifecycle.LookupDeployments(request, metadata=shop.worker)).matches
    assert [match.deployment.id for match in matches] == ["", "", blog.id, wiki.id, blog.id, "", ""]
    assert [match.ambiguous for match in matches] == [True, *([False] * 6)]
    assert matches[3].deployment.tenant_id == "acme"
