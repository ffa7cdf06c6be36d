"""Long runs, for `make soak`."""

import random
import signal

import pytest

from stack.state import PartState
from tests.support.waiting import until
from tests.support.whole_stack import WholeStack

PARTS = ("postgres", "temporal", "simulator", "inventory", "billing", "worker", "gateway")


@pytest.mark.soak
def test_whatever_is_killed_comes_back_and_syncs_go_on(stack: WholeStack) -> None:
    chance = random.Random(2026)
    for _ in range(30):
        name = chance.choice(PARTS)
        before = stack.part(name)
        assert before.mark is not None
        syncing = stack.run("sync", "--no-follow")
        assert syncing.returncode == 0, syncing.stdout
        before.mark.send(signal.SIGKILL)
        until(lambda: stack.part(name).restarts > before.restarts)
        until(lambda: stack.part(name).state is PartState.READY)
        until(lambda: stack.run("status").returncode == 0)
    assert stack.run("sync").returncode == 0
    with stack.client() as operator:
        answer = operator.get("/api/v1/inventory", params={"kind": "droplet", "page_size": 1000})
    droplets = answer.json()["resources"]
    assert len({droplet["provider_id"] for droplet in droplets}) == len(droplets) > 20
