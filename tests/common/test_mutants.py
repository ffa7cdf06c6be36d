"""The report of `make mutants` about mutmut's results."""

import json
from pathlib import Path

from tests.support.mutants import outcomes, report

MONEY = {"money.x_half__mutmut_1": 1, "money.x_half__mutmut_2": 0, "money.x_half__mutmut_3": 36}
LIVES = {"lives.x_day__mutmut_1": 1, "lives.x_day__mutmut_2": 33}


def found(folder: Path, **files: dict[str, int | None]) -> None:
    for name, codes in files.items():
        (folder / f"{name}.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))


def test_killed_and_surviving_mutants_are_counted_by_module(tmp_path: Path) -> None:
    found(tmp_path, money={**MONEY}, lives={**LIVES})

    text, enough = report(list(outcomes(tmp_path)), at_least=60)

    assert enough
    assert text.splitlines() == [
        "module    killed  survived  total",
        "lives.py       1         1      2   50.00 %",
        "money.py       2         1      3   66.67 %",
        "all            3         2      5   60.00 %",
        "",
        "lives.x_day__mutmut_2",
        "money.x_half__mutmut_2",
    ]


def test_it_fails_below_its_bound(tmp_path: Path) -> None:
    found(tmp_path, money={**MONEY}, lives={**LIVES})
    assert not report(list(outcomes(tmp_path)), at_least=60.01)[1]


def test_only_requested_mutants_count(tmp_path: Path) -> None:
    found(tmp_path, money={**MONEY}, lives={**LIVES})
    assert len(list(outcomes(tmp_path, ["money.*"]))) == 3


def test_it_fails_where_something_was_not_tried_and_where_there_is_nothing(tmp_path: Path) -> None:
    found(tmp_path, money={"money.x_half__mutmut_1": 1, "money.x_half__mutmut_2": None})
    text, enough = report(list(outcomes(tmp_path)), at_least=50)
    assert not enough
    assert "1 were not tried" in text
    assert not report([], at_least=0)[1]
