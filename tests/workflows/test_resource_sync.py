"""A sync records the account in the inventory, and never takes errors for absence."""

import asyncio
from dataclasses import replace

import pytest

from tests.support.waiting import until
from tests.workflows.system import System, outcomes_of
from workflows.sync.payloads import KindOutcome
from workflows.sync.starts import SYNCED_KINDS


async def test_everything_that_the_provider_has_is_in_the_inventory(system: System) -> None:
    system.start_worker()

    outcomes = await system.sync()

    droplets = {str(droplet["id"]) for droplet in system.simulator.truth()}
    assert system.living() == droplets
    assert replace(outcomes["droplet"], last_complete_at="") == KindOutcome(
        "droplet",
        "completed",
        seen_count=len(droplets),
        discovered_count=len(droplets),
        pass_count=1,
    )
    names = {project["name"] for project in system.simulator.truth("project")}
    assert {name for (name,) in system.rows("SELECT name FROM cloud_projects")} == names
    homeless = "SELECT count(*) FROM cloud_resources WHERE kind = %s AND project_id IS NULL"
    assert system.rows(homeless, "droplet") == [(0,)]


async def test_a_second_sync_of_the_same_account_changes_nothing(system: System) -> None:
    system.start_worker()
    await system.sync()
    before = system.events()

    outcomes = await system.sync()

    assert system.events() == before
    assert {kind: outcome.outcome for kind, outcome in outcomes.items()} == dict.fromkeys(
        (*SYNCED_KINDS, "project members"), "completed"
    )
    assert sum(outcome.updated_count + outcome.moved_count for outcome in outcomes.values()) == 0


async def test_our_own_project_is_made_once_by_syncs_that_start_together(system: System) -> None:
    system.start_worker()
    system.start_worker()

    outcomes = await asyncio.gather(system.sync(), system.sync("project"))

    assert [outcome["project"].outcome for outcome in outcomes] == ["completed", "completed"]
    assert len(system.simulator.requests("POST", "/v2/projects")) == 1
    names = [project["name"] for project in system.simulator.truth("project")]
    assert names.count(system.settings.internal_project) == 1
    await system.sync("project")
    assert len(system.simulator.requests("POST", "/v2/projects")) == 1


async def test_a_manual_and_a_scheduled_sync_of_a_kind_read_it_one_after_the_other(
    system: System,
) -> None:
    system.start_worker()
    system.start_worker()

    outcomes = await asyncio.gather(
        system.sync("droplet"),
        outcomes_of(await system.start_as("by-schedule", "droplet", "volume")),
    )

    first, second = system.rows(
        "SELECT started_at, finished_at FROM cloud_sweeps WHERE kind = 'droplet' ORDER BY id"
    )
    assert first[1] <= second[0]
    droplets = {str(droplet["id"]) for droplet in system.simulator.truth()}
    assert [outcome["droplet"].seen_count for outcome in outcomes] == [len(droplets)] * 2
    assert system.living() == droplets
    discovered = len(droplets) + len(system.simulator.truth("volume"))
    assert system.events() == {"discovered": discovered}


async def test_a_sync_that_was_terminated_holds_up_no_other(system: System) -> None:
    system.start_worker()
    system.simulator.fault("delay", path="/v2/droplets", delay_ms=400)
    terminated = await system.start_as("by-schedule", "droplet")
    await asyncio.to_thread(until, lambda: 2 in system.pages_asked())

    waiting = await system.start("droplet")
    await terminated.terminate("a test ends it")

    assert (await outcomes_of(waiting))["droplet"].outcome == "completed"


async def test_a_sync_without_spaces_keys_reads_each_projects_members_once(
    system: System,
) -> None:
    system.start_worker()

    outcomes = await system.sync()

    asked = [path.split("?")[0] for path in system.simulator.requests(path="/v2/projects/")]
    projects = [str(project["id"]) for project in system.simulator.truth("project")]
    assert {path.split("/")[3] for path in asked} == set(projects)
    pages = system.simulator.requests(path="/v2/projects/")
    assert len(set(pages)) == len(pages)
    assert outcomes["project members"].outcome == "completed"
    homeless = "SELECT count(*), count(project_id) FROM cloud_resources WHERE kind = %s"
    [(buckets, in_projects)] = system.rows(homeless, "spaces_bucket")
    assert buckets == in_projects > 0
    assert outcomes["spaces_bucket"].seen_count == buckets


async def test_a_sync_that_runs_is_joined_and_not_started_again(system: System) -> None:
    first = await system.start("droplet")
    second = await system.start("droplet")
    system.start_worker()

    assert first.first_execution_run_id == second.first_execution_run_id
    assert await first.result() == await second.result()


async def test_a_kind_that_fails_does_not_stop_the_others(system: System) -> None:
    system.start_worker()
    system.simulator.fault("status", path="/v2/droplets", status=401)

    outcomes = await system.sync()

    assert outcomes["project"].outcome == "completed"
    assert outcomes["project members"].outcome == "completed"
    assert outcomes["droplet"].outcome == "failed"
    assert "CredentialsRefused" in outcomes["droplet"].reason
    sweeps = system.rows("SELECT outcome, reason FROM cloud_sweeps WHERE kind = 'droplet'")
    assert [outcome for outcome, _ in sweeps] == ["failed"]
    assert "CredentialsRefused" in sweeps[0][1]


@pytest.mark.parametrize(
    ("kind", "scope"), [("volume", "block_storage:read"), ("project", "project:read")]
)
async def test_a_kind_that_a_token_may_not_list_is_unread_and_once_read_frozen(
    system: System, kind: str, scope: str
) -> None:
    system.start_worker()
    token = system.settings.do_api_token.get_secret_value()
    system.simulator.narrow(token, scope)
    denied = [await system.sync(kind)]
    system.simulator.narrow(token)
    known = (await system.sync(kind))[kind]
    system.simulator.narrow(token, scope)
    denied += [await system.sync(kind), await system.sync(kind)]

    before, after, again = (outcomes[kind] for outcomes in denied)
    assert [one.outcome for one in (before, known, after, again)] == [
        "unread",
        "completed",
        "frozen",
        "frozen",
    ]
    # Nobody is woken every hour.
    assert all(one.succeeded for outcomes in denied for one in outcomes.values())
    assert f"give the token the scope {scope}" in before.reason
    assert f"the scope {scope}; strikes and drift are frozen" in after.reason
    assert again.struck_count == 0
    table = "cloud_projects" if kind == "project" else "cloud_resources"
    assert system.rows(f"SELECT max(stale_strike_count), count(deleted_at) FROM {table}") == [
        (0, 0)
    ]


async def test_a_kind_that_an_older_token_may_not_list_is_unread_and_once_read_frozen(
    system: System,
) -> None:
    system.start_worker()
    token = system.settings.do_api_token.get_secret_value()
    system.simulator.fault("status", path="/v2/vpc_nat_gateways", status=404)
    absent = (await system.sync("nat_gateway"))["nat_gateway"]
    system.simulator.behave()
    system.simulator.narrow(token, "nat_gateway:read")

    before = (await system.sync("nat_gateway"))["nat_gateway"]
    system.simulator.narrow(token)
    await system.sync("nat_gateway")
    system.simulator.narrow(token, "nat_gateway:read")
    after = (await system.sync("nat_gateway"))["nat_gateway"]

    assert (absent.outcome, before.outcome, after.outcome) == ("unread", "unread", "frozen")
    assert "AccessDenied" in before.reason


async def test_a_size_that_nobody_tells_the_price_of_is_named_in_the_result(
    system: System,
) -> None:
    system.start_worker()
    droplet = str(system.simulator.truth("droplet")[0]["id"])
    system.simulator.change("droplet", droplet, size_slug="s-24vcpu-128gb")
    database = system.simulator.truth("database")[0]["id"]
    system.simulator.change("database", database, size="db-huge")

    outcomes = await system.sync("droplet", "database", "volume")

    assert outcomes["droplet"].unpriced_sizes == ("s-24vcpu-128gb",)
    assert outcomes["database"].unpriced_sizes == ("db-huge",)
    assert "no known price for db-huge" in outcomes["database"].in_words()
    assert outcomes["volume"].unpriced_sizes == ()


async def test_a_listing_that_breaks_off_strikes_nothing(system: System) -> None:
    system.start_worker()
    await system.sync("droplet")
    system.simulator.fault("missing_key", path="/v2/droplets", skip=3)

    outcomes = await system.sync("droplet")

    assert outcomes["droplet"].outcome == "failed"
    assert "MalformedAnswer" in outcomes["droplet"].reason
    assert system.rows("SELECT max(stale_strike_count) FROM cloud_resources") == [(0,)]


async def test_a_listing_that_shifts_while_it_is_read_is_read_again(system: System) -> None:
    system.start_worker()
    await system.sync("droplet")
    system.simulator.fault("shift", path="/v2/droplets", page=1, times=1)

    outcomes = await system.sync("droplet")

    assert outcomes["droplet"].outcome == "completed"
    assert outcomes["droplet"].pass_count == 2
    assert outcomes["droplet"].struck_count == 1


async def test_a_listing_that_never_adds_up_fails_and_strikes_nothing(system: System) -> None:
    system.start_worker()
    await system.sync("droplet")
    system.simulator.fault("shrinking_total", path="/v2/droplets")

    outcomes = await system.sync("droplet")

    assert not outcomes["droplet"].succeeded
    assert outcomes["droplet"].pass_count == 3
    assert system.rows("SELECT max(stale_strike_count) FROM cloud_resources") == [(0,)]


async def test_a_resource_missing_from_three_sweeps_is_read_by_its_id_and_then_tombstoned(
    system: System,
) -> None:
    system.start_worker()
    await system.sync("droplet")
    gone = str(system.simulator.truth()[0]["id"])
    system.simulator.delete(gone)

    outcomes = [(await system.sync("droplet"))["droplet"] for _ in range(3)]

    assert [outcome.struck_count for outcome in outcomes] == [1, 1, 1]
    assert [outcome.deleted_count for outcome in outcomes] == [0, 0, 1]
    assert system.simulator.requests(path=f"/v2/droplets/{gone}") == [f"/v2/droplets/{gone}"]
    assert gone not in system.living()
    assert system.events()["deleted"] == 1


async def test_a_narrower_token_freezes_strikes_and_keeps_what_is_known(system: System) -> None:
    system.start_worker()
    await system.sync("droplet")
    tags = "SELECT provider_id, tags FROM cloud_resources ORDER BY provider_id"
    before = system.rows(tags)
    token = system.settings.do_api_token.get_secret_value()
    system.simulator.narrow(token, "tag:read", "vpc:read")

    outcomes = await system.sync("droplet")

    assert outcomes["droplet"].outcome == "frozen"
    assert outcomes["droplet"].updated_count == 0
    assert system.rows(tags) == before


async def test_passing_failures_of_the_provider_are_not_seen_in_the_outcome(
    system: System,
) -> None:
    system.start_worker()
    for fault in ("server_error", "gateway_timeout", "drop", "truncate", "too_many_requests"):
        system.simulator.fault(fault, pattern="page=[3-9]", times=1)

    outcomes = await system.sync()

    assert {outcome.outcome for outcome in outcomes.values()} == {"completed"}
    assert {outcome.pass_count for outcome in outcomes.values()} <= {0, 1}
