"""Subscriptions, usage and bills in any order: every bill equals the model's after every step."""

from collections.abc import Iterator

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.billing_machine.machine import BillsMachine, Counts
from tests.billing_machine.world import World, running_world
from tests.support.databases import PostgresServer


@pytest.fixture(scope="module")
def world(postgres: PostgresServer) -> Iterator[World]:
    with running_world(postgres) as running:
        yield running


def drive(world: World, *, examples: int, steps: int, derandomize: bool) -> None:
    counts = Counts()

    class Machine(BillsMachine):
        def __init__(self) -> None:
            super().__init__(world, counts)

    run_state_machine_as_test(
        Machine,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=derandomize,
            database=None,
        ),
    )
    print(
        f"{counts.examples:,} examples with {counts.steps:,} compared steps:"
        f" {counts.rollups:,} roll-ups, {counts.invoices:,} issued invoices,"
        f" {counts.refused:,} refused changes"
    )


@pytest.mark.timeout(600)
def test_bills_equal_the_model_after_every_step(world: World) -> None:
    # The same examples in every run; the soak looks for new ones.
    drive(world, examples=10, steps=25, derandomize=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_bills_equal_the_model_after_every_step_of_many_more_examples(world: World) -> None:
    drive(world, examples=600, steps=50, derandomize=False)
