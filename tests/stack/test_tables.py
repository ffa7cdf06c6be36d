"""How tables fit into the width of a terminal."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from rich.cells import cell_len

from cli.output import print_table

ID = "01a22ded-7fab-7a1c-9a8a-c4cd64665ec6"
HEADINGS = ("tenant", "deployment", "kind", "reason", "qty", "id")
ROW = ("acme", ID, "droplet_hours", "no subscription", "24", ID)

Shown = Callable[..., list[str]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    def show(columns: int, *rows: tuple[str, ...], **how: object) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        print_table(HEADINGS, rows, **how)  # type: ignore[arg-type]  # the options of a table
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return show


def test_a_narrow_terminal_leaves_out_optional_columns_and_names_them(shown: Shown) -> None:
    head, row, note = shown(80, ROW, optional=("deployment", "reason", "tenant"))
    assert head.split() == ["tenant", "kind", "qty", "id"]
    assert row.split() == ["acme", "droplet_hours", "24", ID]
    assert note == "Left out for lack of width: deployment, reason."


def test_a_wide_terminal_and_a_pipe_show_every_column(shown: Shown) -> None:
    for columns, tenant in ((160, "acme"), (240, "a" * 300)):
        head, row = shown(columns, (tenant, *ROW[1:]), optional=HEADINGS[:3])
        assert head.split() == [*HEADINGS]
        assert row.split()[0] == tenant


def test_a_table_of_which_nothing_may_be_left_out_keeps_its_rows_whole(shown: Shown) -> None:
    _, row = shown(40, ROW)
    assert (row.count(ID), cell_len(row) > 80) == (2, True)


def test_a_folded_table_breaks_no_word(shown: Shown) -> None:
    lines = shown(92, ROW, folded=True)
    assert all(cell_len(line) <= 92 for line in lines)
    assert {"acme", "droplet_hours", "no", "subscription", "24"} <= {*" ".join(lines).split()}


def test_a_folded_table_breaks_an_id_only_after_a_hyphen(shown: Shown) -> None:
    lines = shown(64, ROW, folded=True, optional=("id", "qty"))
    assert "01a22ded-7fab-7a1c-9a8a-" in lines[1].split()
    assert "c4cd64665ec6" in lines[2].split()


def test_help_fits_into_a_terminal_of_80_columns() -> None:
    command = [sys.executable, "-P", "-m", "cli.app", "catalog", "rebilling", "set", "--help"]
    variables = {name: value for name, value in os.environ.items() if name != "TERMINAL_WIDTH"}
    piped = subprocess.run(
        command, env={**variables, "COLUMNS": "80"}, capture_output=True, text=True, check=True
    )
    assert max(map(cell_len, piped.stdout.splitlines())) <= 80
