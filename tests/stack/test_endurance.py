"""Long runs, for `make soak`."""

import random

import pytest

from tests.support.whole_stack import WholeStack

PARTS = ("postgres", "temporal", "simulator", "inventory", "billing", "worker", "gateway")


@pytest.mark.soak
def test_whatever_is_killed_comes_back_and_syncs_go_on(stack: WholeStack) -> None:
    chance = random.Random(2026)
    for _ in range(30):
        name = chance.choice(PARTS)
        syncing = stack.run("sync", "--no-follow")
        assert syncing.returncode == 0, syncing.stdout
        stack.kill(name)
    assert stack.run("sync").returncode == 0
    with stack.client() as operator:
        answer = operator.get("/api/v1/inventory", params={"kind": "droplet", "page_size": 1000})
    droplets = answer.json()["resources"]
    assert len({droplet["provider_id"] for droplet in droplets}) == len(droplets) > 20
