"""API keys: their format, and the cache of their holders."""

import asyncio
import re
import time
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import ArcadiaError, Unauthenticated, Unavailable
from services.common.identity.api_keys import (
    KEY_PATTERN,
    ApiKeys,
    PresentedKey,
    hash_of,
    new_secret,
    read_key,
    written_key,
)
from services.common.identity.callers import Caller
from services.common.rpc.requests import set_address

IDS = st.uuids()
SECRETS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def holder(key: PresentedKey, ends_at: float) -> Caller:
    return Caller(
        f"api-key:{key.id}", "acme", frozenset({"admin"}), expires_at=ends_at, key_id=str(key.id)
    )


class Catalog:
    """Answers who holds a key, and counts how often it was asked."""

    def __init__(self) -> None:
        self.known: dict[PresentedKey, Caller] = {}
        self.asked = 0
        self.fails: ArcadiaError | None = None

    def issue(self, ends_in: float = 3600.0) -> str:
        secret, key_id = new_secret(), uuid4()
        key = PresentedKey(key_id, hash_of(secret))
        self.known[key] = holder(key, time.time() + ends_in)
        return written_key(key_id, secret)

    async def resolve(self, key: PresentedKey) -> Caller | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        return self.known.get(key)


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


def made_up() -> str:
    return written_key(uuid4(), new_secret())


async def reason(keys: ApiKeys, token: str) -> str:
    with pytest.raises(ArcadiaError) as refused:
        await keys.caller_of(token)
    return refused.value.reason


@given(IDS, SECRETS)
def test_a_key_that_is_written_reads_as_its_id_and_the_hash_of_its_secret(
    key_id: UUID, secret: str
) -> None:
    written = written_key(key_id, secret)
    assert read_key(written) == PresentedKey(key_id, hash_of(secret))
    assert re.fullmatch(KEY_PATTERN, written)
    assert secret not in repr(read_key(written))


@given(IDS, SECRETS, st.data())
def test_one_wrong_character_is_refused_without_asking(
    key_id: UUID, secret: str, data: st.DataObject
) -> None:
    written = written_key(key_id, secret)
    place = data.draw(st.integers(0, len(written) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != written[place]))
    with pytest.raises(Unauthenticated) as refused:
        read_key(written[:place] + other + written[place + 1 :])
    assert refused.value.reason == "KEY_MALFORMED"


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        read_key(f"arc_{text}")


def test_secrets_have_256_random_bits_and_never_repeat() -> None:
    secrets = {new_secret() for _ in range(1_000)}
    assert len(secrets) == 1_000
    assert {len(bytes.fromhex(secret)) for secret in secrets} == {32}


async def test_who_asks_at_once_or_soon_after_shares_one_question(catalog: Catalog) -> None:
    keys, token = ApiKeys(catalog.resolve), catalog.issue()
    callers = await asyncio.gather(*(keys.caller_of(token) for _ in range(100)))
    assert {caller.key_id for caller in callers} == {str(read_key(token).id)}
    await keys.caller_of(token)
    assert catalog.asked == 1


async def test_a_revoked_key_is_rejected_once_the_cache_expires(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiKeys, "FRESH_SECONDS", 0.01)
    keys, token = ApiKeys(catalog.resolve), catalog.issue()
    await keys.caller_of(token)
    catalog.known.clear()
    while catalog.asked < 3:
        try:
            await keys.caller_of(token)
        except Unauthenticated:
            break
        await asyncio.sleep(0.005)
    assert await reason(keys, token) == "KEY_INVALID"


async def test_a_key_ends_at_its_moment_also_where_it_is_remembered(catalog: Catalog) -> None:
    keys, token = ApiKeys(catalog.resolve), catalog.issue(ends_in=-0.001)
    assert await reason(keys, token) == "KEY_EXPIRED"


async def test_an_unknown_key_is_looked_up_once(catalog: Catalog) -> None:
    keys, token = ApiKeys(catalog.resolve), written_key(uuid4(), new_secret())
    for _ in range(50):
        assert await reason(keys, token) == "KEY_INVALID"
    assert catalog.asked == 1


async def test_made_up_keys_are_bounded_and_do_not_shut_out_a_known_one(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1_000.0, raising=False)
    monkeypatch.setattr(ApiKeys, "FRESH_SECONDS", 0.0)
    keys, token = ApiKeys(catalog.resolve), catalog.issue()
    await keys.caller_of(token)
    reasons = []
    for place in range(300):
        set_address(f"203.0.113.{place % 100}", "")
        reasons.append(await reason(keys, made_up()))
    assert reasons.count("KEY_INVALID") == ApiKeys.UNKNOWN_A_SECOND - 1
    assert set(reasons[ApiKeys.UNKNOWN_A_SECOND - 1 :]) == {"TOO_MANY_UNKNOWN_KEYS"}
    assert catalog.asked == ApiKeys.UNKNOWN_A_SECOND
    assert (await keys.caller_of(token)).tenant_id == "acme"


@pytest.mark.parametrize(
    ("inventing", "other"),
    [
        (["203.0.113.7"], "203.0.113.8"),
        (["2001:db8:0:1::1", "2001:db8:0:1:ffff::2"], "2001:db8:0:2::1"),
        (["::ffff:203.0.113.7", "203.0.113.7"], "::ffff:203.0.113.8"),
        ([""], "203.0.113.8"),
    ],
)
async def test_made_up_keys_of_one_address_do_not_shut_out_a_new_key_of_another(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, inventing: list[str], other: str
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1_000.0, raising=False)
    keys = ApiKeys(catalog.resolve)
    reasons = []
    for place in range(400):
        set_address(inventing[place % len(inventing)], "ipv4:127.0.0.1:5000")
        reasons.append(await reason(keys, made_up()))
    assert reasons.count("KEY_INVALID") == ApiKeys.UNKNOWN_OF_ADDRESS
    assert set(reasons[ApiKeys.UNKNOWN_OF_ADDRESS :]) == {"TOO_MANY_UNKNOWN_KEYS"}
    set_address(other, "ipv4:127.0.0.1:5000")
    assert (await keys.caller_of(catalog.issue())).tenant_id == "acme"


async def test_the_cache_of_keys_is_bounded(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiKeys, "CACHED_KEYS", 8)
    monkeypatch.setattr(ApiKeys, "UNKNOWN_A_SECOND", 1_000)
    monkeypatch.setattr(ApiKeys, "UNKNOWN_OF_ADDRESS", 1_000)
    keys = ApiKeys(catalog.resolve)
    for _ in range(40):
        await keys.caller_of(catalog.issue())
    assert keys.remembered() <= 8
    assert catalog.asked == 40


async def test_without_the_catalog_nobody_is_let_in_and_nothing_is_remembered(
    catalog: Catalog,
) -> None:
    keys, known, token = ApiKeys(catalog.resolve), catalog.issue(), catalog.issue()
    await keys.caller_of(known)
    catalog.fails = Unavailable("down", reason="IDENTITY_UNAVAILABLE")
    assert await reason(keys, token) == "IDENTITY_UNAVAILABLE"
    assert (await keys.caller_of(known)).tenant_id == "acme"
    catalog.fails = None
    assert (await keys.caller_of(token)).tenant_id == "acme"
