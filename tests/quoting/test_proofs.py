"""Proofs: what verifies, what does not and why, and what a comparison names."""

from dataclasses import replace

import pytest

from services.catalog.quoting.proofs import Difference, Proof, compare, prove, verify
from tests.quoting.catalogs import STUDIO, month_of_plan


def forged(proof: Proof, said: str, other: str) -> dict[str, str]:
    assert said in proof.inputs_json
    return {"inputs_json": proof.inputs_json.replace(said, other)}


def test_a_proof_verifies_with_the_same_hashes() -> None:
    _, proof = prove(month_of_plan(usage={"droplet_hours": 2160}))
    verification = verify(proof)
    assert verification.verified
    assert (verification.inputs_hash, verification.result_hash) == (
        proof.inputs_hash,
        proof.result_hash,
    )


def test_the_frozen_inputs_are_canonical_and_hash_to_what_they_always_did() -> None:
    _, proof = prove(month_of_plan(usage={"droplet_hours": 2160}))
    assert " " not in proof.inputs_json
    assert proof.inputs_hash == "e576c76f6e1ba882c747a4b1a94244810758bb8daa61d7eee93b4dc479678eee"
    assert proof.result_hash == "383c01982cd55679b0bea1b1ae2ff3046124fc3c14960d0de7fd1ca3a8bc0fa6"


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda proof: {"inputs_hash": "0" * 64}, "not those that were hashed"),
        (lambda proof: {"result_hash": "0" * 64}, "another result"),
        (lambda proof: {"inputs_json": proof.inputs_json + " "}, "canonical"),
        (lambda proof: {"inputs_json": proof.inputs_json.replace("2160", "2161")}, "hashed"),
        (lambda proof: {"inputs_json": proof.inputs_json.replace("2160", "-1")}, "out of range"),
        (lambda proof: {"inputs_json": "{}"}, "cannot be read"),
        (lambda proof: {"inputs_json": "nonsense"}, "cannot be read"),
        (lambda proof: {"inputs_json": "[]"}, "cannot be read"),
        (lambda proof: forged(proof, '"id":"studio-1"', '"id":[]'), "cannot be read"),
        (lambda proof: forged(proof, '"AUD"', "{}"), "cannot be read"),
        # More digits than anything is computed with, of a kind that was not used.
        (lambda proof: forged(proof, '"100"', f'"0.{"1" * 300}"'), "cannot be read"),
    ],
)
def test_what_was_touched_does_not_verify_and_says_why(forge: object, reason: str) -> None:
    _, proof = prove(month_of_plan(usage={"droplet_hours": 2160}))
    verification = verify(replace(proof, **forge(proof)))  # type: ignore[operator]
    assert not verification.verified
    assert reason in verification.reason


def test_a_comparison_names_every_input_that_changed_by_its_path() -> None:
    _, one = prove(month_of_plan(usage={"droplet_hours": 1}))
    dearer = replace(STUDIO, price_cents=6000)
    _, other = prove(month_of_plan(dearer, usage={"llm_tokens": 2}))
    assert compare(one.inputs_json, other.inputs_json) == [
        Difference("plan_version.price_cents", "5000", "6000"),
        Difference("usage.droplet_hours", '"1"', ""),
        Difference("usage.llm_tokens", "", '"2"'),
    ]
    assert compare(one.inputs_json, one.inputs_json) == []
