"""Copies of objects of every kind, for measurements."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.digitalocean.simulator.kinds import BY_NAME, KINDS
from tests.simulator.running import Simulator, simulator

MORE = 7
NOT_CLONED = {"account", "droplet", "region", "size"}
OF_ONE_OBJECT = ("id", "uuid", "ip", "urn", "fingerprint", "access_key", "namespace", "slug")
READ_BY = ("id", "namespace", "uuid", "access_key", "name")


def clone(sim: Simulator, kind: str, count: int = MORE, status: int = 200) -> Any:
    return sim.post("/_simulator/mutate", {"do": "clone", "kind": kind, "count": count}, status)


def counts(sim: Simulator) -> dict[str, int]:
    found: dict[str, int] = sim.get("/_simulator/truth/kinds")["kinds"]
    return found


def objects(sim: Simulator, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sim.get("/_simulator/truth", kind=kind)["objects"]
    return found


def test_every_kind_is_cloned_again_and_again_or_refused_by_its_name(sim: Simulator) -> None:
    before = counts(sim)
    assert set(BY_NAME) <= set(before)
    for kind in before:
        if kind in NOT_CLONED:
            assert clone(sim, kind, status=422)["message"].startswith(f"kind: {kind} cannot be")
        else:
            assert clone(sim, kind) == clone(sim, kind) == {"changed": MORE}
    made = {kind: number - before[kind] for kind, number in counts(sim).items()}
    assert made == {kind: 0 if kind in NOT_CLONED else 2 * MORE for kind in before}


def test_no_two_objects_of_a_kind_have_an_identity_in_common(sim: Simulator) -> None:
    for kind in set(counts(sim)) - NOT_CLONED:
        before = objects(sim, kind)
        clone(sim, kind)
        for field in OF_ONE_OBJECT:
            alone = [each[field] for each in before if each.get(field)]
            if len(set(alone)) < len(alone):
                continue  # one namespace of a cluster may be named as another's
            held = Counter(each[field] for each in objects(sim, kind) if each.get(field))
            assert [value for value, times in held.items() if times > 1] == [], (kind, field)
    for kind, flag in (("project", "is_default"), ("vpc", "default")):
        assert all(not each[flag] for each in objects(sim, kind)[-MORE:])


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.listed and kind.readable])
def test_copies_are_listed_and_read_by_their_ids(sim: Simulator, kind: str) -> None:
    if kind in NOT_CLONED:
        clone(sim, kind, status=422)
        return
    clone(sim, kind, 2)
    described = BY_NAME[kind]
    for copy in objects(sim, kind)[-2:]:
        assert copy in sim.everything(described.path, described.plural)
        identifier = next(str(copy[field]) for field in READ_BY if field in copy)
        assert sim.get(f"{described.path}/{identifier}")[described.singular] == copy


@pytest.mark.parametrize(
    ("kind", "count", "named"), [("volume", 0, "count"), ("volume", -1, "count"), ("ox", 1, "kind")]
)
def test_an_account_that_cannot_be_cloned_is_refused_by_its_field(
    sim: Simulator, kind: str, count: int, named: str
) -> None:
    before = counts(sim)
    assert named in clone(sim, kind, count, status=422)["message"]
    assert counts(sim) == before


def test_an_error_that_nobody_expected_is_answered_and_logged(tmp_path: Path) -> None:
    with simulator(tmp_path / "data") as sim:
        with sqlite3.connect(tmp_path / "data" / "world.sqlite3") as world:
            world.execute("UPDATE object SET body = '{' WHERE kind = 'volume'")
        answer = clone(sim, "volume", status=500)
        assert (answer["id"], "JSONDecodeError" in answer["message"]) == ("server_error", True)
        # The API itself says as little as the real one.
        # On a connection of its own: the server closes the one on which it failed.
        volumes = f"http://127.0.0.1:{sim.port}/v2/volumes?name=x"
        assert "JSON" not in httpx.get(volumes, headers=sim.client.headers).text
        log = (tmp_path / f"simulator-{sim.port}.log").read_text()
    assert "Traceback" in log
    assert "cloning.py" in log
