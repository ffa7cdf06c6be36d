from datetime import date

import pytest
import typer

from cli.invoicing.usage import days_of


def test_a_month_is_metered_up_to_today() -> None:
    assert [one.day for one in days_of("2028-02", date(2028, 3, 9))] == [*range(1, 30)]
    assert [one.day for one in days_of("2026-11", date(2026, 11, 3))] == [1, 2, 3]
    for wrong in ("2026-12", "2026-13", "May"):
        with pytest.raises(typer.BadParameter):
            days_of(wrong, date(2026, 11, 30))
