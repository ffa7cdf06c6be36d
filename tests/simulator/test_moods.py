"""The moods of the account: by name, at the start, over the control API, in the docs."""

import os
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from providers.digitalocean.simulator import moods
from providers.digitalocean.simulator.acts.mutations import set_fields
from providers.digitalocean.simulator.config import Config
from providers.digitalocean.simulator.moods import AS_SEEN, MOODS, Mood, settings_of
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.start import open_simulation, reset_world
from providers.digitalocean.simulator.web.faults import Fault, FaultRules, Rule
from tests.simulator.running import ROOT, Simulator, simulator

DAY = datetime(2026, 5, 20, tzinfo=UTC)


def asked(book: FaultRules, *paths: str) -> list[list[Fault]]:
    """The faults that each request meets, in the order in which they are asked."""
    return [[firing.rule.fault for firing in book.meet("GET", path, "page=1")] for path in paths]


def in_force(sim: Simulator) -> list[dict[str, object]]:
    names = [field.name for field in fields(Rule)]
    listed = sim.get("/_simulator/faults")["faults"]
    return [{name: rule[name] for name in names} for rule in listed]


def as_json(mood: Mood) -> list[dict[str, object]]:
    names = [field.name for field in fields(Rule)]
    return [{name: getattr(rule, name) for name in names} for rule in mood.rules]


@pytest.mark.parametrize("name", MOODS)
def test_a_mood_is_entered_and_left_by_its_name(sim: Simulator, name: str) -> None:
    other = sim.post("/_simulator/faults", {"fault": "delay", "path": "/v2/none"}, 201)["id"]
    sim.post("/_simulator/moods", {"mood": name}, 204)
    told = sim.get("/_simulator/moods")
    assert told["mood"] == name
    assert [mood["name"] for mood in told["moods"]] == list(MOODS)
    assert in_force(sim)[1:] == as_json(MOODS[name])
    sim.client.delete("/_simulator/moods").raise_for_status()
    assert sim.get("/_simulator/moods")["mood"] is None
    # Rules that somebody else put in force are none of its business.
    assert [rule["id"] for rule in sim.get("/_simulator/faults")["faults"]] == [other]


def test_another_mood_takes_the_place_of_the_first(sim: Simulator) -> None:
    sim.post("/_simulator/moods", {"mood": "throttled"}, 204)
    sim.post("/_simulator/moods", {"mood": "outages"}, 204)
    assert in_force(sim) == as_json(MOODS["outages"])


@pytest.mark.parametrize("path", ["/_simulator/faults", "/_simulator/moods"])
def test_a_mood_ends_with_its_rules(sim: Simulator, path: str) -> None:
    sim.post("/_simulator/moods", {"mood": AS_SEEN}, 204)
    sim.client.delete(path).raise_for_status()
    assert sim.get("/_simulator/moods")["mood"] is None
    assert in_force(sim) == []


def test_a_new_account_is_in_no_mood(sim: Simulator) -> None:
    sim.post("/_simulator/moods", {"mood": AS_SEEN}, 204)
    sim.post("/_simulator/reset", {})
    assert sim.get("/_simulator/moods")["mood"] is None
    assert in_force(sim) == []


def test_an_unknown_mood_is_refused_with_the_names_of_all(sim: Simulator) -> None:
    sim.post("/_simulator/moods", {"mood": "throttled"}, 204)
    answer = sim.client.post("/_simulator/moods", json={"mood": "grumpy"})
    assert answer.status_code == 422
    message = answer.json()["message"]
    assert message == f"mood: there is no mood 'grumpy'; there are {', '.join(MOODS)}"
    assert sim.get("/_simulator/moods")["mood"] == "throttled"


@pytest.mark.parametrize("given", ["environment", "argument"])
def test_an_unknown_mood_is_refused_at_the_start(tmp_path: Path, given: str) -> None:
    command = [sys.executable, "-m", "providers.digitalocean.simulator", "--data-dir", "data"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if given == "environment":
        environment["ARCADIA_SIMULATOR_MOOD"] = "grumpy"
    else:
        command += ["--mood", "grumpy"]
    refused = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert f"there is no mood 'grumpy'; there are {', '.join(MOODS)}" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_the_environment_says_the_mood_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCADIA_SIMULATOR_MOOD", "outages")
    with simulator(tmp_path / "data") as running:
        assert running.get("/_simulator/moods")["mood"] == "outages"
        assert running.client.get("/v2/domains").status_code == 200
        assert running.client.get("/v2/domains").status_code == 500
        assert running.client.get("/v2/domains").status_code == 200


def test_the_observed_behaviour_of_real_accounts_combines_all_moods() -> None:
    others = [mood for name, mood in MOODS.items() if name != AS_SEEN and not mood.alone]
    assert {name for name, mood in MOODS.items() if mood.alone} == {"narrow_token"}
    assert MOODS[AS_SEEN].rules == tuple(rule for mood in others for rule in mood.rules)


def test_a_narrow_token_sees_nulls_and_no_list_whose_scope_it_lacks(sim: Simulator) -> None:
    [tagged, *_] = [one for one in sim.get("/v2/droplets")["droplets"] if one["tags"]]
    place = f"/v2/droplets/{tagged['id']}"
    sim.post("/_simulator/moods", {"mood": "narrow_token"}, 204)
    assert sim.get(place)["droplet"]["tags"] is None
    for refused in ("/v2/account/keys", "/v2/certificates", "/v2/tags"):
        assert sim.client.get(refused).status_code == 403
    sim.client.delete("/_simulator/moods").raise_for_status()
    assert sim.get(place)["droplet"] == tagged


def test_every_mood_is_documented() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text()
    for mood in MOODS.values():
        assert f"| `{mood.name}` | {mood.does} |" in page


def test_a_mood_may_set_limits_and_puts_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Mood("slow", "answers slowly", settings={"latency_ms": 700, "settle_ms": 9_000})
    monkeypatch.setitem(MOODS, "slow", slow)
    simulation = open_simulation(Config(0, tmp_path / "data", now=DAY, latency_ms=5))
    before = settings_of(simulation)
    moods.enter(simulation, slow)
    assert settings_of(simulation) == {**before, **slow.settings}
    moods.enter(simulation, MOODS["outages"])
    assert settings_of(simulation) == before
    simulation.store.close()


@pytest.mark.parametrize(
    "wrong", [{"latency": 5}, {"action_seconds": "soon"}, {"latency_ms": 5, "settle_ms": "x"}]
)
def test_a_wrong_setting_is_refused_by_name_and_changes_nothing(
    sim: Simulator, wrong: dict[str, object]
) -> None:
    before = sim.get("/_simulator/settings")
    answer = sim.client.post("/_simulator/settings", json=wrong)
    assert answer.status_code == 422
    assert [*wrong][-1] in answer.json()["message"]
    assert sim.get("/_simulator/settings") == before


def test_a_rule_may_apply_to_every_nth_identical_request() -> None:
    book = FaultRules()
    book.add(Rule(Fault.SERVER_ERROR, every=3, turn=2))
    met = asked(book, *["/v2/a"] * 6, "/v2/b", "/v2/b")
    assert [len(faults) for faults in met] == [0, 1, 0, 0, 1, 0, 0, 1]


def test_a_mood_changes_an_account_once_and_a_new_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(simulation: Simulation) -> None:
        [key, *_] = simulation.store.documents("ssh_key")
        set_fields(simulation, "ssh_key", str(key["id"]), {"name": f"{key['name']}+"})

    renaming = Mood("renaming", "renames", change=rename)
    monkeypatch.setattr(moods, "_MOODS", (renaming,))
    monkeypatch.setitem(MOODS, "renaming", renaming)

    def name_of(simulation: Simulation) -> str:
        return str(simulation.store.documents("ssh_key")[0]["name"])

    calm = open_simulation(Config(0, tmp_path / "calm", now=DAY))
    given = name_of(calm)
    calm.store.close()
    for _ in range(2):  # a restart in the same mood
        moody = open_simulation(Config(0, tmp_path / "moody", now=DAY, mood="renaming"))
        moods.enter(moody, MOODS[AS_SEEN])
        assert name_of(moody) == f"{given}+"
        moody.store.close()
    again = open_simulation(Config(0, tmp_path / "moody", now=DAY))
    reset_world(again, again.config.seed, DAY)
    assert name_of(again) == given
    moods.enter(again, MOODS[AS_SEEN])
    assert name_of(again) == f"{given}+"
    again.store.close()
