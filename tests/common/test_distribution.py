"""Long tests start first, so that no worker waits for another at the end."""

from pathlib import Path
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from tests.support.distribution import long_first


@given(st.integers())
def a_property(_: int) -> None:
    """A test of many examples."""


def item(path: str, *fixtures: str, test: object = None) -> SimpleNamespace:
    return SimpleNamespace(path=Path("tests", path), fixturenames=fixtures, obj=test)


def test_files_that_take_long_begin_and_keep_their_tests_together() -> None:
    whole = item("stack/test_whole_stack.py", "engine_room", "stack")
    slow = item("workflows/test_worker.py")
    engine = item("billing/test_costs.py", "postgres", "engine_room")
    beside = item("billing/test_costs.py")
    drawn = item("quoting/test_properties.py", test=a_property)
    short = item("common/test_money.py")
    items = [short, beside, drawn, engine, slow, whole]

    long_first(items)

    assert items == [whole, slow, beside, engine, drawn, short]
