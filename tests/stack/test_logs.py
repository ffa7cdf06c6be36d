from pathlib import Path

import pytest

from stack.output.logs import Follower, as_text, bound, parsed, tail


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 3) == []
    log.write_text("one\ntwo\nthree\nfour\n")
    assert tail(log, 2) == ["three", "four"]
    assert tail(log, 9, since=len("one\n")) == ["two", "three", "four"]


def test_a_large_log_is_moved_and_goes_on_in_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.output.logs.MAX_LOG_BYTES", 10)
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


def test_a_json_log_line_is_formatted_for_people() -> None:
    line = (
        '{"event":"call","program":"catalog","level":"warn","rpc":"/a.B/C","ms":46.5,'
        '"request_id":"01a2","reason":"","timestamp":"2026-11-23T20:33:03.000818+02:00",'
        '"exception":"Traceback:\\n  boom"}'
    )
    assert as_text("catalog", parsed(line)).plain == (
        "2026-11-23 18:33:03.000 catalog    warning call rpc=/a.B/C ms=46.5 request=01a2"
        "\n    Traceback:\n      boom"
    )


@pytest.mark.parametrize("line", ["Temporal UI: http://localhost", "[1, 2]", "12", "{", ""])
def test_a_line_of_another_form_is_shown_as_it_is(line: str) -> None:
    assert as_text("temporal", parsed(line)).plain == f"temporal   {line}"


def test_control_sequences_from_outside_do_not_reach_the_terminal() -> None:
    told = as_text("gateway", parsed('{"level":"info","event":"a\\u001b[2Jb\\nc","x":"\\u009b1m"}'))
    assert told.plain.endswith("a\\x1b[2Jb\\nc x=\\x9b1m")
    assert "\x1b" not in as_text("gateway", parsed("\x1b[2J")).plain
