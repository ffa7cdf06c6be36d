"""CSV after RFC 4180, in which no cell is a formula."""

import csv
import io
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.values.csv_lines import csv_lines

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def read_back(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=4))
def test_every_cell_reads_back_as_it_was_but_for_the_apostrophe(rows: list[list[str]]) -> None:
    found = read_back(csv_lines(rows))
    assert [len(row) for row in found] == [len(row) for row in rows]
    for wanted, cell in zip(chain(*rows), chain(*found), strict=True):
        assert cell in {wanted, f"'{wanted}"}
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("beginning", list("=+-@\t\r\n"))
def test_formulas_are_exported_as_text(beginning: str) -> None:
    formula = f"{beginning}HYPERLINK(1)"
    assert read_back(csv_lines([[formula, "x"]])) == [[f"'{formula}", "x"]]


def test_lines_end_in_crlf_and_quotes_are_doubled() -> None:
    expected = '"a,b","say ""x"""\r\nü,\r\n'
    assert csv_lines([["a,b", 'say "x"'], ["ü", ""]]) == expected.encode()
