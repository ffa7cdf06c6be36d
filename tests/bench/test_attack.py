"""When an attack counts as held, and the fuzzer's requests."""

from collections import Counter
from itertools import islice

import pytest

from bench.attack.__main__ import Honest, Row
from bench.attack.fuzzing import requests
from bench.attack.probes import PROBES, Probe
from bench.attack.target import Target
from gateway.routes import read_rpcs

CALM = Honest(p95=0.03, answered=100)
TARGET = Target(
    port=1,
    catalog="127.0.0.1:2",
    inventory="127.0.0.1:1",
    honest_token="honest",
    tenant_tokens=("tenant",),
    operator_tokens=("operator",),
    forged_tokens=("", "forged"),
    ids=("7",),
    marks=("nobody else's",),
)


async def nothing(*_: object) -> None:
    """An attack that does nothing."""


def faults(
    *,
    during: Honest = CALM,
    after: Honest = CALM,
    grown: int = 0,
    became: dict[str, int] | None = None,
    enough: bool = True,
) -> list[str]:
    """The faults of an attack that did so."""
    row = Row(
        became=Counter(became or {"refused": 9}),
        before=CALM,
        during=during,
        after=after,
        memory=Counter(gateway=80, catalog=120),
        left=Counter(gateway=80 + grown, catalog=120),
        enough=enough,
    )
    return row.faults(Probe("probe", "tried", nothing, 1, ("answered",)))


def test_an_attack_that_honest_callers_do_not_notice_is_held() -> None:
    assert faults() == []


def test_honest_callers_take_at_most_twice_as_long_as_in_the_calm_around_it() -> None:
    assert faults(during=Honest(0.06, 100)) == []
    assert faults(during=Honest(0.07, 100)) == ["slow"]
    busy = Honest(0.05, 100)  # the machine itself became busy
    assert faults(during=Honest(0.07, 100), after=busy) == []


def test_no_honest_caller_is_refused() -> None:
    assert faults(during=Honest(0.03, 99, Counter({"504": 1}))) == ["refused"]


@pytest.mark.parametrize(("grown", "found"), [(50, []), (51, ["grew"])])
def test_memory_is_within_50_mb_of_before(grown: int, found: list[str]) -> None:
    assert faults(grown=grown) == found


def test_each_forbidden_outcome_is_a_fault_by_its_name() -> None:
    assert faults(became={"answered": 1, "refused": 9}) == ["answered"]
    assert faults(became={"died: OSError()": 1}) == ["died: OSError()"]


def test_an_attack_with_too_few_tries_is_not_held() -> None:
    assert faults(enough=False) == ["too few tries"]


def test_the_fuzzer_calls_every_rpc_that_needs_a_token() -> None:
    needing = {rpc.name for rpc in read_rpcs() if rpc.shown and not rpc.public and rpc.bindings}
    rounds = islice(requests(TARGET, seed=1), 2 * len(needing))
    assert {each.rpc for each in rounds} == needing


def test_the_fuzzer_tells_forged_tokens_from_true_ones() -> None:
    for each in islice(requests(TARGET, seed=1), 500):
        assert each.forged is (each.token in TARGET.forged_tokens)
        assert each.foreign is (each.token != "operator")


def test_every_probe_has_a_name_of_its_own() -> None:
    assert len({probe.name for probe in PROBES}) == len(PROBES)
