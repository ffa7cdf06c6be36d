"""Long runs, for `make soak`."""

import random
import time
from functools import partial

import pytest

from stack.runner import QUICK_DEATH_SECONDS
from tests.support.waiting import until
from tests.support.whole_stack import WholeStack

PARTS = ("postgres", "temporal", "simulator", "inventory", "billing", "worker", "gateway")


def has_lived(stack: WholeStack, name: str) -> bool:
    """Whether a part has run long enough that its death is no quick one."""
    return time.time() - stack.part(name).since > QUICK_DEATH_SECONDS


@pytest.mark.soak
def test_whatever_is_killed_comes_back_and_syncs_go_on(stack: WholeStack) -> None:
    chance = random.Random(2026)
    for _ in range(30):
        name = chance.choice(PARTS)
        syncing = stack.run("sync", "--no-follow")
        assert syncing.returncode == 0, syncing.stdout
        # What dies young again and again is given up, which is another rule.
        until(partial(has_lived, stack, name))
        stack.kill(name)
    assert stack.run("sync").returncode == 0
    with stack.client() as operator:
        answer = operator.get("/api/v1/inventory", params={"kind": "droplet", "page_size": 1000})
    droplets = answer.json()["resources"]
    assert len({droplet["provider_id"] for droplet in droplets}) == len(droplets) > 20
