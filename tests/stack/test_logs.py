from pathlib import Path

import pytest

from stack.logs import Follower, bound, tail


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 3) == []
    log.write_text("one\ntwo\nthree\nfour\n")
    assert tail(log, 2) == ["three", "four"]
    assert tail(log, 9, since=len("one\n")) == ["two", "three", "four"]


def test_a_large_log_is_moved_and_goes_on_in_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.logs.LARGEST_BYTES", 10)
    log = tmp_path / "log"
    with log.open("a") as writer:
        writer.write("short\n")
        writer.flush()
        bound(log)
        assert log.read_text() == "short\n"
        writer.write("and longer\n")
        writer.flush()
        bound(log)
        writer.write("after\n")
    assert log.read_text() == "after\n"
    assert (tmp_path / "log.1").read_text() == "short\nand longer\n"


def test_following_gives_whole_lines_once_and_starts_again_when_the_log_is_cut(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    follower = Follower(log)
    assert follower.lines() == []
    with log.open("a") as writer:
        writer.write("new\nhal")
    assert follower.lines() == ["new"]
    with log.open("a") as writer:
        writer.write("f\n")
    assert follower.lines() == ["half"]
    log.write_text("cut\n")
    assert follower.lines() == ["cut"]
