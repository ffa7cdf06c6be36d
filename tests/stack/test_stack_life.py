"""A stack beside another one: killed, started again on its data, stopped, removed."""

import os
import signal

import pytest

from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.processes import gone, processes_of
from tests.support.whole_stack import COMMAND, WholeStack

pytestmark = pytest.mark.xdist_group("stack")  # so that one stack serves them all


def first_seen(stack: WholeStack) -> dict[str, str]:
    """When each resource was discovered: the same after a restart only if the data were kept."""
    with stack.client() as operator:
        answer = operator.get("/api/v1/inventory", params={"page_size": 1000})
    assert answer.status_code == 200, answer.text
    return {row["id"]: row["first_seen_at"] for row in answer.json()["resources"]}


def test_a_stack_lives_beside_another_and_leaves_nothing_however_it_ends(
    stack: WholeStack, engine_room: EngineRoom
) -> None:
    second = WholeStack.at(engine_room.folder / "second", engine_room)
    folder = second.layout.folder

    second.up()
    seen = first_seen(second)
    assert len(seen) > 20
    assert not set(seen) & set(first_seen(stack))

    # Killed without warning: its guard ends the parts.
    os.kill(second.supervisor.pid, signal.SIGKILL)
    second.stop()
    assert gone(folder)
    assert second.run("status").returncode == 1

    # Started again on the same data, at once.
    second.up()
    assert first_seen(second) == seen

    # The guard is killed too: the next who looks ends what the state file names.
    [guard] = [p for p in processes_of(folder) if "stack.guard" in p.cmdline()]
    os.kill(guard.pid, signal.SIGKILL)
    os.kill(second.supervisor.pid, signal.SIGKILL)
    second.stop()
    assert len(processes_of(folder)) > 5
    assert second.run("down").stdout == "stopped\n"
    assert gone(folder)

    # Stopped by Ctrl-C while it starts.
    interrupted = engine_room.start_program(
        "interrupted",
        [*COMMAND, "up"],
        environment_of(second.settings),
        lambda _: second.layout.state.exists(),
    )
    interrupted.popen.send_signal(signal.SIGINT)
    assert interrupted.wait(60)
    engine_room.stop(interrupted)
    assert interrupted.exit_code() == 0
    assert gone(folder)
    assert not second.layout.lock.exists()

    # Its own data do not come in the way of removing them; the other stack is not touched.
    assert second.run("reset", "--yes").returncode == 0
    assert list(folder.iterdir()) == []
    assert first_seen(stack)
