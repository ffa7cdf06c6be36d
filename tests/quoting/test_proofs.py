"""Proofs: verification, reasons of failures, and comparisons."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from services.catalog.quoting.inputs import QuoteInputs, UsageRun, UsageSeries
from services.catalog.quoting.proofs.proof import Difference, Proof, compare, prove, verify
from services.catalog.quoting.v1.subscriptions import month_inputs
from services.catalog.quoting.v1.units import UNITS
from tests.quoting.catalogs import APRIL, STUDIO, daily, month_of_plan

PROOFS_OF_ENGINE_1 = [
    Proof(**said)
    for said in json.loads(Path(__file__).with_name("proofs_of_engine_1.json").read_text())
]
"""Made by the release before, of plans, subscriptions and changes of every kind."""


def three_droplets() -> QuoteInputs:
    return month_of_plan(usage=(daily("droplet_hours", APRIL, 72),))


def forged(proof: Proof, said: str, other: str) -> dict[str, str]:
    assert said in proof.inputs_json
    return {"inputs_json": proof.inputs_json.replace(said, other)}


def test_a_proof_verifies_with_the_same_hashes() -> None:
    _, proof = prove(three_droplets())
    verification = verify(proof)
    assert verification.verified
    assert (verification.inputs_hash, verification.result_hash) == (
        proof.inputs_hash,
        proof.result_hash,
    )


def test_the_frozen_inputs_are_canonical_and_hash_to_what_they_always_did() -> None:
    inputs = three_droplets()
    # Of the meters that there were then.
    prices = tuple(price for price in inputs.prices if price.resource_kind in UNITS)
    _, proof = prove(replace(inputs, prices=prices))
    assert " " not in proof.inputs_json
    assert proof.inputs_hash == "f70ec6b86e581c27acb01afe2ed315eeb05dcf22bdbf0dab710590cac173e55c"
    assert proof.result_hash == "f43506fade203f6ec1bd963f56aafe3edcde39a2ee1663c23d1a3a74c42bcdae"


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda proof: {"inputs_hash": "0" * 64}, "not those that were hashed"),
        (lambda proof: {"result_hash": "0" * 64}, "another result"),
        (lambda proof: {"inputs_json": proof.inputs_json + " "}, "canonical"),
        (lambda proof: {"inputs_json": proof.inputs_json.replace("72", "73")}, "hashed"),
        (lambda proof: {"inputs_json": proof.inputs_json.replace("72", "-1")}, "out of range"),
        (lambda proof: {"inputs_json": "{}"}, "cannot be read"),
        (lambda proof: {"inputs_json": "nonsense"}, "cannot be read"),
        (lambda proof: {"inputs_json": "[]"}, "cannot be read"),
        (lambda proof: forged(proof, '"id":"studio-1"', '"id":[]'), "cannot be read"),
        (lambda proof: forged(proof, '"AUD"', "{}"), "cannot be read"),
        # More digits than anything is computed with, of a kind that was not used.
        (lambda proof: forged(proof, '"100"', f'"0.{"1" * 300}"'), "cannot be read"),
    ],
)
def test_an_altered_proof_does_not_verify_and_has_a_reason(forge: object, reason: str) -> None:
    _, proof = prove(three_droplets())
    verification = verify(replace(proof, **forge(proof)))  # type: ignore[operator]
    assert not verification.verified
    assert reason in verification.reason


def test_a_comparison_names_every_input_that_changed_by_its_path() -> None:
    _, one = prove(month_of_plan(usage=(daily("droplet_hours", APRIL, 1),)))
    dearer = replace(STUDIO, price_cents=6000)
    _, other = prove(month_of_plan(dearer, usage=(daily("llm_tokens", APRIL, 2),)))
    assert compare(one.inputs_json, other.inputs_json) == [
        Difference("terms[0].plan_version.price_cents", "5000", "6000"),
        Difference("usage.droplet_hours", '{"runs":[["2026-04-01",30,"1"]]}', ""),
        Difference("usage.llm_tokens", "", '{"runs":[["2026-04-01",30,"2"]]}'),
    ]
    assert compare(one.inputs_json, one.inputs_json) == []


def test_usage_is_named_by_its_dimensions_and_verifies_with_them() -> None:
    sized = UsageSeries(
        "droplet_hours", (UsageRun(APRIL.start, 30, Decimal(72)),), "f" * 64, (("size", "s-1"),)
    )
    _, proof = prove(month_of_plan(usage=(sized,)))
    assert '"droplet_hours[size=s-1]":{"dimensions":{"size":"s-1"}' in proof.inputs_json
    assert verify(proof).verified


def test_a_month_that_engine_1_billed_is_priced_again_by_it_without_dimensions() -> None:
    hashes = ("a" * 64, "b" * 64)
    sized = tuple(
        UsageSeries("droplet_hours", (UsageRun(APRIL.start, 30, Decimal(36)),), one, dimensions)
        for one, dimensions in zip(hashes, ((), (("size", "s-1"),)), strict=True)
    )
    [used] = month_inputs(month_of_plan(usage=sized), APRIL).usage
    both = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    assert (used.resource_kind, used.qty, used.facts_hash) == ("droplet_hours", Decimal(2160), both)
    assert month_inputs(month_of_plan(usage=sized[::-1]), APRIL).usage == (used,)
    [alone] = month_inputs(month_of_plan(usage=sized[:1]), APRIL).usage
    assert alone.facts_hash == hashes[0]


@pytest.mark.parametrize("proof", PROOFS_OF_ENGINE_1, ids=lambda proof: proof.inputs_hash[:8])
def test_proofs_of_engine_1_are_verified_by_engine_1_for_good(proof: Proof) -> None:
    assert verify(proof).verified
    assert not verify(replace(proof, result_hash="0" * 64)).verified
    assert not verify(replace(proof, engine_version="2")).verified


def test_a_proof_of_an_engine_that_never_was_is_not_verified() -> None:
    _, proof = prove(three_droplets())
    verification = verify(replace(proof, engine_version="3"))
    assert not verification.verified
    assert "unknown engine '3'" in verification.reason
