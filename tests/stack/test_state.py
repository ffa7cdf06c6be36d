import os
import subprocess
import sys
from pathlib import Path

from stack.processes.process import mark_of
from stack.state import Lock, PartState, PartStatus, StackState


def test_a_written_state_is_read_back(tmp_path: Path) -> None:
    mark = mark_of(os.getpid())
    parts = [
        PartStatus("postgres", PartState.READY, mark, since=12.5, restarts=2, reason="killed"),
        PartStatus("migrate", PartState.DONE),
    ]
    state = StackState(mark, ready=True, parts=parts)
    state.write(tmp_path / "state.json")
    assert StackState.read(tmp_path / "state.json") == state
    assert state.running() == [mark]


def test_a_state_file_of_another_program_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert StackState.read(file) is None
    for content in ("", "{}", "[1]", '{"supervisor": 7, "ready": true, "parts": []}'):
        file.write_text(content)
        assert StackState.read(file) is None


def test_one_holds_the_lock_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = Lock.take(path)
    assert first is not None
    assert Lock.take(path) is None
    first.release()
    assert not path.exists()
    second = Lock.take(path)
    assert second is not None
    second.release()


def test_the_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    script = (
        "import pathlib, sys, time; from stack.state import Lock;"
        "lock = Lock.take(pathlib.Path(sys.argv[1])); print(lock is not None, flush=True);"
        "time.sleep(60)"
    )
    arguments = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert Lock.take(path) is None
        holder.kill()
    lock = Lock.take(path)
    assert lock is not None
    lock.release()
