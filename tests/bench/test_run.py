"""`make bench`: every benchmark runs; exit code and summary report failures."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

from bench import __main__ as bench
from bench.ratios import Ratio

Bench = Callable[[], Iterable[Ratio]]


def _measuring(value: float) -> Bench:
    return lambda: [Ratio(f"of {value:g}", value, 1.0, at_least=True, detail="")]


def _dying() -> Iterator[Ratio]:
    yield Ratio("before it died", 2.0, 1.0, at_least=True, detail="")
    raise ValueError("no such table")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> "Run":
    @contextmanager
    def stack(_: int) -> Iterator[None]:
        yield None

    monkeypatch.setattr(bench, "running_stack", stack)
    return Run(monkeypatch, capsys)


class Run:
    """Runs benches that are not ours, on a stack that is none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch = monkeypatch
        self._capsys = capsys

    def __call__(
        self, alone: dict[str, Bench], *names: str, on_stack: dict[str, Bench] | None = None
    ) -> tuple[int, str]:
        wrapped = {name: (lambda _, run=run: run()) for name, run in (on_stack or {}).items()}
        self._patch.setattr(bench, "ALONE", alone)
        self._patch.setattr(bench, "ON_STACK", wrapped)
        code = bench.main(names)
        return code, self._capsys.readouterr().out.partition("\nSeconds: ")[2]


def test_all_bounds_held_is_a_success(run: Run) -> None:
    code, summary = run({"a": _measuring(1.0)}, on_stack={"b": _measuring(2.0)})
    assert code == 0
    assert "Missed" not in summary
    assert "Died" not in summary
    assert summary.startswith("a 0, b 0;")


def test_a_missed_bound_is_named_by_the_summary(run: Run) -> None:
    code, summary = run({"a": _measuring(0.5), "b": _measuring(1.0)})
    assert code == 1
    assert "Missed: of 0.5\n" in summary


def test_a_bench_that_dies_is_named_and_the_others_run(run: Run) -> None:
    code, summary = run({"a": _dying}, on_stack={"b": _dying, "c": _measuring(0.25)})
    assert code == 1
    assert "Missed: of 0.25\n" in summary
    assert "Died: a (ValueError); b (ValueError)\n" in summary


def test_a_bench_that_hangs_is_ended_and_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "MAX_SECONDS", 0.05)

    def hanging() -> Iterable[Ratio]:
        while True:
            time.sleep(60)

    code, summary = run({"a": hanging, "b": _measuring(1.0)})
    assert code == 1
    assert "Died: a (TookTooLong)\n" in summary


def test_a_stack_that_does_not_start_is_named_with_its_benches(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def broken(_: int) -> Iterator[None]:
        raise TimeoutError("the stack did not become ready")
        yield None

    monkeypatch.setattr(bench, "running_stack", broken)
    code, summary = run({"a": _measuring(1.0)}, on_stack={"b": _dying, "c": _dying})
    assert code == 1
    assert "Died: the stack of b, c (TimeoutError)\n" in summary


def test_one_bench_runs_alone_by_its_name(run: Run) -> None:
    code, summary = run({"a": _dying, "b": _measuring(1.0)}, "b")
    assert (code, summary.split(";")[0]) == (0, "b 0")


def test_every_bench_has_one_name() -> None:
    assert not set(bench.ALONE) & set(bench.ON_STACK)
