"""The fuzzer: every RPC of the descriptor set, with hostile values and real and forged tokens."""

import asyncio
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import grpc
import httpx
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bench.attack.connections import Outcomes, all_of
from bench.attack.target import ADDRESS, Target
from gateway.routes import DESCRIPTORS, Rpc, read_rpcs

__all__ = ["FAULTS", "fuzz", "requests"]

STAMPS: Final = (
    "2026-05", "2026-05-01", "2026-13-45", "9999-12-31", "0001-01-01", "2026-05-20T10:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
)  # fmt: skip  # a table
TEXTS: Final = (
    *STAMPS,
    "", " ", "\0", "x" * 2_000, "9" * 400, "-1", "1e400", "NaN", "Infinity", "\u0663", "\ud800",
    "\U0001d7d9", "'; DROP TABLE x; --", '" OR 1=1', "%", "_", "../../etc/passwd", "{{7*7}}",
    "${jndi:ldap://x}", "=cmd()", "a\r\nset-cookie: b", "AUD", "XXX", "droplet", "attacker",
    "platform-admin", "00000000-0000-7000-8000-000000000000",
)  # fmt: skip  # a table
INTEGERS: Final = (0, 1, 2, 20, 50, 500, -1, 501, 2**31 - 1, 2**31, -(2**63), 2**63, 2**64, 10**30)
WRONG: Final[tuple[Any, ...]] = (
    None,
    True,
    {},
    [],
    [[]],
    {"a": 1},
    "x",
    1.5,
    1e308,
    [None],
    {"": {"": []}},
)
"""Values mostly of a type that the field does not have."""
MAX_DEPTH: Final = 3
VARIABLE: Final = re.compile(r"\{([a-z_.]+)\}")
WRONG_TYPES: Final = 0.02
"""The number of values of a wrong type."""


HARMLESS: Final = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ABORTED,
        grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)  # fmt: skip  # a table
"""Allowed errors of a gRPC call."""
FAULTS: Final = ("5", "foreign", "let in", "grpc")
"""Prefixes of forbidden outcomes."""
PACE: Final = 0.01
"""Seconds between two tries of one caller: contents are tested here, not rates."""


async def fuzz(target: Target, outcomes: Outcomes) -> None:
    """Three callers over HTTP and one over gRPC, each in sequence."""
    async with (
        httpx.AsyncClient(
            base_url=f"http://{ADDRESS}:{target.port}", timeout=60, trust_env=False
        ) as http,
        grpc.aio.insecure_channel(f"{ADDRESS}:{target.port}") as channel,
    ):
        await all_of(
            [
                *(_over_http(http, target, outcomes, seed) for seed in range(3)),
                _over_grpc(channel, target, outcomes, seed=3),
            ]
        )


async def _over_http(
    http: httpx.AsyncClient, target: Target, outcomes: Outcomes, seed: int
) -> None:
    for each in requests(target, seed):
        try:
            answer = await http.request(
                each.method,
                each.path,
                content=each.body,
                headers={"authorization": f"Bearer {each.token}".strip()},
            )
        except httpx.HTTPError as error:
            outcomes[f"5xx: {type(error).__name__} of {each.rpc}"] += 1
            continue
        outcomes[_outcome(each, answer, target)] += 1
        await asyncio.sleep(PACE)


def _outcome(each: "_Request", answer: httpx.Response, target: Target) -> str:
    # A busy machine may cause timeouts.
    if answer.status_code >= 500 and answer.status_code != 504:
        return f"{answer.status_code} of {each.rpc}"
    if each.forged and answer.status_code not in {400, 401, 403, 404, 405, 413, 414, 429, 431}:
        return f"let in to {each.rpc}"
    if each.foreign and any(mark in answer.text for mark in target.marks):
        return f"foreign row of {each.rpc}"
    return "answered" if answer.is_success else "refused"


async def _over_grpc(
    channel: grpc.aio.Channel, target: Target, outcomes: Outcomes, seed: int
) -> None:
    for path, message, token in _messages(target, seed):
        call: Any = channel.unary_unary(path)
        try:
            await call(message, metadata=(("authorization", f"Bearer {token}"),), timeout=60)
            outcomes["answered"] += 1
        except grpc.aio.AioRpcError as error:
            refused = error.code() in HARMLESS
            name = path.rpartition("/")[2]
            outcomes["refused" if refused else f"grpc {error.code().name} of {name}"] += 1
        await asyncio.sleep(PACE)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request, and its forbidden outcomes."""

    rpc: str
    method: str
    path: str
    body: bytes
    token: str
    forged: bool
    """The token is forged and must be rejected."""
    foreign: bool
    """Data of others, which the response must not contain."""


def requests(target: Target, seed: int) -> Iterator[_Request]:
    """Yields HTTP requests endlessly: the RPCs that need a token, in turn."""
    chance = random.Random(seed)
    values = _Values(chance, target.ids)
    rpcs = [rpc for rpc in read_rpcs() if rpc.shown and not rpc.public and rpc.bindings]
    while True:
        chance.shuffle(rpcs)
        for rpc in rpcs:
            token, forged, foreign = _caller(target, chance)
            binding = chance.choice(rpc.bindings)
            message = values.message(rpc)
            if chance.random() < 0.9:  # otherwise the body repeats the fields of the path
                for name in VARIABLE.findall(binding.template):
                    message.pop(name, None)
            path = VARIABLE.sub(
                lambda _: quote(values.text() or "-", safe="", errors="replace"), binding.template
            )
            body = b""
            if binding.body:
                body = json.dumps(message).encode()
            elif message:
                names = [(name, _flat(value)) for name, value in message.items()]
                path += "?" + urlencode(names, errors="replace")
            yield _Request(rpc.name, binding.http_method, path, body, token, forged, foreign)


def _messages(target: Target, seed: int) -> Iterator[tuple[str, bytes, str]]:
    """Yields gRPC calls endlessly: a path, also of internal RPCs, random bytes, and a token."""
    chance = random.Random(seed)
    rpcs = [rpc for rpc in read_rpcs() if not rpc.streaming]
    while True:
        chance.shuffle(rpcs)
        for rpc in rpcs:
            length = chance.choice((0, 1, 2, 8, 60, 900))
            tag = bytes(
                [chance.randrange(1, 12) << 3 | chance.choice((0, 2)), chance.randrange(60)]
            )
            message = chance.choice((b"", tag)) + chance.randbytes(length)
            yield rpc.path, message, chance.choice(target.tenant_tokens + target.operator_tokens)


def _caller(target: Target, chance: random.Random) -> tuple[str, bool, bool]:
    """A token, whether it is forged, and whether it must not see others' data."""
    drawn = chance.random()
    if drawn < 0.2:
        return chance.choice(target.forged_tokens), True, True
    if drawn < 0.4:
        return chance.choice(target.operator_tokens), False, False
    return chance.choice(target.tenant_tokens), False, True


def _flat(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class _Values:
    """Generates hostile JSON from the fields of a message."""

    def __init__(self, chance: random.Random, ids: tuple[str, ...]) -> None:
        self._chance = chance
        self._ids = ids
        self._pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
        for file in files.file:
            self._pool.Add(file)

    def message(self, rpc: Rpc) -> dict[str, Any]:
        """A request of an RPC without many of its fields."""
        return self._fields(self._pool.FindMessageTypeByName(rpc.request.lstrip(".")), 0)

    def text(self) -> str:
        """A harmful text, or the id of another tenant's object."""
        return self._chance.choice(self._ids if self._chance.random() < 0.4 else TEXTS)

    def _fields(self, described: Descriptor, depth: int) -> dict[str, Any]:
        filled = self._chance.choice((0.0, 0.1, 0.4, 1.0))
        return {
            field.name: self._field(field, depth)
            for field in described.fields
            if self._chance.random() < filled
        }

    def _field(self, field: FieldDescriptor, depth: int) -> Any:
        if self._chance.random() < WRONG_TYPES:
            return self._chance.choice(WRONG)
        if not field.is_repeated:
            return self._one(field, depth)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            entry: Mapping[str, FieldDescriptor] = field.message_type.fields_by_name
            return {
                self.text(): self._one(entry["value"], depth)
                for _ in range(self._chance.randrange(3))
            }
        count = self._chance.choice((0, 1, 1, 2, 600 if depth == 0 else 3))
        return [self._one(field, depth)] * count

    def _one(self, field: FieldDescriptor, depth: int) -> Any:
        if field.message_type is not None:
            return self._message(field.message_type, depth)
        if field.enum_type is not None:
            names = [value.name for value in field.enum_type.values]
            return self._chance.choice([*names, "NO_SUCH_VALUE", 7, -1])
        if field.type == FieldDescriptor.TYPE_BOOL:
            return self._chance.choice((True, False))
        if field.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}:
            return self.text()
        return self._chance.choice(INTEGERS)

    def _message(self, described: Descriptor, depth: int) -> Any:
        match described.full_name:
            case "google.protobuf.Timestamp":
                return self._chance.choice(STAMPS)
            case "google.protobuf.Duration":
                return self._chance.choice(("1s", "-1s", "315576000000s", "1e9s"))
            case "google.protobuf.FieldMask":
                return self.text()
            case full if full.startswith("google.protobuf."):
                return self._chance.choice((*WRONG, {"x": self.text()}))
        return self._fields(described, depth + 1) if depth < MAX_DEPTH else {}
