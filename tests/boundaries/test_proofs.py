"""A proof verifies to the bit, of both engines, and a difference names its part."""

import json
from dataclasses import replace

import pytest

from services.catalog.quoting.errors import UnreadableInputs
from services.catalog.quoting.proofs.canonical import inputs_json, result_json
from services.catalog.quoting.proofs.proof import (
    Difference,
    Proof,
    Verification,
    compare,
    prove,
    prove_by_first,
    recompute,
    verify,
)
from services.catalog.quoting.v1.reading import read_inputs as read_by_first
from tests.boundaries.engine_months import months
from tests.quoting.test_proofs import PROOFS_OF_ENGINE_1

MONTHS = dict(months())


def test_proofs_of_engine_1_never_change() -> None:
    for told in PROOFS_OF_ENGINE_1:
        quote, again = prove_by_first(read_by_first(told.inputs_json))
        assert again == told
        recomputed = recompute(told.inputs_json, "1")
        assert recomputed.quote == quote
        assert recomputed.inputs.month == read_by_first(told.inputs_json).month
        assert verify(told).engine_version == "1"


def proof(name: str = "by size") -> Proof:
    return prove(MONTHS[name])[1]


def test_a_proof_is_verified_to_the_bit_and_says_which_part_is_not() -> None:
    told = proof()
    assert verify(told) == Verification(True, told.inputs_hash, told.result_hash, "2", "")
    for forged, reason in (
        ({"inputs_hash": "0"}, "the inputs are not those that were hashed"),
        ({"result_hash": "0"}, "the inputs give another result"),
    ):
        assert verify(replace(told, **forged)) == Verification(
            False, told.inputs_hash, told.result_hash, "2", reason
        )
    spaced = verify(replace(told, inputs_json=f"{told.inputs_json} "))
    assert (spaced.verified, spaced.reason) == (False, "the inputs are not in their canonical form")
    assert verify(replace(told, engine_version="0")) == Verification(
        False, "", "", "0", "the inputs cannot be read: unknown engine '0'"
    )
    unread = verify(replace(told, inputs_json="{"))
    assert (unread.verified, unread.inputs_hash, unread.result_hash, unread.engine_version) == (
        False,
        "",
        "",
        "2",
    )


def test_inputs_of_more_digits_than_are_computed_with_are_refused_by_their_error() -> None:
    told = proof("allowance, 11 used")
    long = told.inputs_json.replace(
        '"overage_price_cents":"3"', f'"overage_price_cents":"0.{"1" * 260}"'
    )
    with pytest.raises(UnreadableInputs, match=r"^Inexact: \[<class 'decimal\.Inexact'>\]$"):
        recompute(long, "2")


def test_inputs_are_priced_again_as_they_were() -> None:
    quote, told = prove(MONTHS["a change"])
    again = recompute(told.inputs_json, "2")
    assert (again.quote, again.inputs) == (quote, MONTHS["a change"])
    assert (again.inputs_json, again.result_json) == (told.inputs_json, result_json(quote))
    unpriced = inputs_json(replace(MONTHS["a price that changes"], prices=())).decode()
    with pytest.raises(UnreadableInputs, match="llm_tokens has no price in force on 2026-06-15"):
        recompute(unpriced, "2")


def test_a_comparison_distinguishes_types_and_absence_inside_lists() -> None:
    left = json.dumps({"a": [1, 2, 3], "b": {"z": 1, "y": 2}, "c": 1, "d": None, "f": [1]})
    right = json.dumps({"a": [1, 4], "b": 5, "c": True, "e": {"z": 1, "y": 2}, "f": {"0": 1}})
    assert compare(left, right) == [
        Difference("a[1]", "2", "4"),
        Difference("a[2]", "3", ""),
        Difference("b", '{"y":2,"z":1}', "5"),
        Difference("c", "1", "true"),
        Difference("d", "null", ""),
        Difference("e", "", '{"y":2,"z":1}'),
        Difference("f", "[1]", '{"0":1}'),
    ]
    assert compare("[1]", "[1, 2]") == [Difference("[1]", "", "2")]
    assert compare("1", "2") == [Difference("", "1", "2")]
    assert compare("1", "1") == []


def test_an_unreadable_proof_is_named_by_its_side() -> None:
    deepest, deeper = "[" * 32 + "]" * 32, "[" * 33 + "]" * 33
    assert compare(deepest, deepest) == []
    objects = '{"a":' * 32 + "1" + "}" * 32
    for left, right, side, why in (
        (deeper, "1", "left", "nested too deeply"),
        ("1", deeper, "right", "nested too deeply"),
        (objects, "1", "left", "nested too deeply"),
        ("{", "1", "left", "unexpected end of data: line 1 column 2 (char 1)"),
        ("1", "{", "right", "unexpected end of data: line 1 column 2 (char 1)"),
    ):
        with pytest.raises(UnreadableInputs) as refused:
            compare(left, right)
        assert (refused.value.side, str(refused.value)) == (side, why)
    assert UnreadableInputs("why").side == ""
