"""Proofs of quotes: their inputs and engine version. Recomputing verifies a proof."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.catalog.quoting.engine import ENGINE_VERSION, price
from services.catalog.quoting.errors import UnreadableInputs
from services.catalog.quoting.inputs import QuoteInputs
from services.catalog.quoting.lines import Quote
from services.catalog.quoting.proofs.canonical import hash_of, inputs_json, result_json
from services.catalog.quoting.proofs.parse import read_inputs
from services.catalog.quoting.v1 import canonical as v1_canonical
from services.catalog.quoting.v1 import engine as v1_engine
from services.catalog.quoting.v1 import inputs as v1_inputs
from services.catalog.quoting.v1 import reading as v1_reading
from services.catalog.quoting.v1.answers import current_inputs, current_quote
from services.catalog.quoting.v1.converting import converted

__all__ = [
    "Difference",
    "Proof",
    "Recomputed",
    "Verification",
    "compare",
    "inputs_to_reprice",
    "prove",
    "prove_by_first",
    "recompute",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Proof:
    """The inputs as canonical JSON, their hash, the engine version, and the hash of the result."""

    inputs_json: str
    inputs_hash: str
    engine_version: str
    result_hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of recomputing a proof: the new hashes, and in `reason` what differs.

    The hashes are empty if no engine can read the inputs.
    """

    verified: bool
    inputs_hash: str
    result_hash: str
    engine_version: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """An input in which two proofs differ; its values as JSON, empty if absent."""

    path: str
    left_json: str
    right_json: str


def prove(inputs: QuoteInputs) -> tuple[Quote, Proof]:
    """Prices inputs with a proof. Raises NoPriceInForce and AmountOutOfRange."""
    quote = price(inputs)
    frozen = inputs_json(inputs)
    result_hash = hash_of(result_json(quote))
    return quote, Proof(frozen.decode(), hash_of(frozen), ENGINE_VERSION, result_hash)


def prove_by_first(inputs: v1_inputs.QuoteInputs) -> tuple[Quote, Proof]:
    """Like `prove`, with engine 1, for a month that it billed."""
    quote = v1_engine.price(inputs)
    frozen = v1_canonical.inputs_json(inputs)
    result_hash = hash_of(v1_canonical.result_json(quote))
    proof = Proof(frozen.decode(), hash_of(frozen), v1_engine.ENGINE_VERSION, result_hash)
    return current_quote(quote), proof


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The inputs of a proof and their quote, by the engine of the proof."""

    quote: Quote
    inputs: QuoteInputs
    """In the current form; those of engine 1 without usage."""
    inputs_json: str
    result_json: bytes


def recompute(frozen: str, engine_version: str) -> Recomputed:
    """Prices the inputs of a proof with an engine version. Raises UnreadableInputs."""
    again = _ENGINES.get(engine_version)
    if again is None:
        raise UnreadableInputs(f"unknown engine {engine_version!r}")
    try:
        return again(frozen)
    except UnreadableInputs:
        raise
    except ArithmeticError as error:
        raise UnreadableInputs(f"{type(error).__name__}: {error}") from error
    except ValueError as error:  # a price that is not there
        raise UnreadableInputs(str(error)) from error


def inputs_to_reprice(frozen: str, engine_version: str) -> QuoteInputs:
    """The inputs of a proof in the current form, to price them otherwise.

    The usage of engine 1 has no days: see `on_each_day`. Raises UnreadableInputs, and
    CannotReprice for a month of engine 1 in which the days of the usage matter.
    """
    if engine_version == v1_engine.ENGINE_VERSION:
        return converted(v1_reading.read_inputs(frozen))
    if engine_version != ENGINE_VERSION:
        raise UnreadableInputs(f"unknown engine {engine_version!r}")
    return read_inputs(frozen)


def _by_current(frozen: str) -> Recomputed:
    inputs = read_inputs(frozen)
    quote = price(inputs)
    return Recomputed(quote, inputs, inputs_json(inputs).decode(), result_json(quote))


def _by_first(frozen: str) -> Recomputed:
    inputs = v1_reading.read_inputs(frozen)
    quote = v1_engine.price(inputs)
    return Recomputed(
        current_quote(quote),
        current_inputs(inputs),
        v1_canonical.inputs_json(inputs).decode(),
        v1_canonical.result_json(quote),
    )


_ENGINES: Final = {ENGINE_VERSION: _by_current, v1_engine.ENGINE_VERSION: _by_first}
"""Every released engine version, which verifies its own proofs."""


def verify(proof: Proof) -> Verification:
    """Recomputes a proof with its engine; all hashes must match."""
    version = proof.engine_version
    try:
        again = recompute(proof.inputs_json, version)
    except UnreadableInputs as error:
        return Verification(False, "", "", version, f"the inputs cannot be read: {error}")
    inputs_hash = hash_of(proof.inputs_json.encode())
    result_hash = hash_of(again.result_json)
    reason = ""
    if again.inputs_json != proof.inputs_json:
        reason = "the inputs are not in their canonical form"
    elif inputs_hash != proof.inputs_hash:
        reason = "the inputs are not those that were hashed"
    elif result_hash != proof.result_hash:
        reason = "the inputs give another result"
    return Verification(not reason, inputs_hash, result_hash, version, reason)


_ABSENT: Final = object()

MAX_DEPTH: Final = 32
"""Maximum nesting of inputs; valid ones need eight."""


def compare(left: str, right: str) -> list[Difference]:
    """The inputs in which two proofs differ, by path.

    Raises UnreadableInputs, with the side, for invalid JSON or too deep nesting.

    Addons are compared by position, sorted by code.
    """
    found: list[Difference] = []
    _walk("", _content(left, "left"), _content(right, "right"), found)
    return found


def _content(frozen: str, side: str) -> object:
    try:
        content: object = orjson.loads(frozen)
    except ValueError as error:
        raise UnreadableInputs(str(error), side) from error
    level = [content]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise UnreadableInputs("nested too deeply", side)
    return content


def _inside(outer: object) -> Iterable[object]:
    if isinstance(outer, dict):
        return outer.values()
    return outer if isinstance(outer, list) else ()


def _walk(path: str, left: Any, right: Any, found: list[Difference]) -> None:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            inner = f"{path}.{key}" if path else key
            _walk(inner, left.get(key, _ABSENT), right.get(key, _ABSENT), found)
    elif isinstance(left, list) and isinstance(right, list):
        for place in range(max(len(left), len(right))):
            one = left[place] if place < len(left) else _ABSENT
            other = right[place] if place < len(right) else _ABSENT
            _walk(f"{path}[{place}]", one, other, found)
    elif type(left) is not type(right) or left != right:  # absent values have their own type
        found.append(Difference(path, _json(left), _json(right)))


def _json(value: object) -> str:
    return "" if value is _ABSENT else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
