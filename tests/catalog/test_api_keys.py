"""API keys: created without more rights than their creator, rotated, revoked, resolved."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arcadia.catalog.v1 import api_key_service_pb2 as pb
from arcadia.catalog.v1 import limit_service_pb2 as limit_pb
from arcadia.catalog.v1.limit_service_pb2_grpc import LimitServiceStub
from arcadia.common.v1 import access_pb2
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.catalog.keys import rules
from services.catalog.keys.resolve import resolve
from services.catalog.keys.rules import (
    PLATFORM_ROLES,
    TENANT_ROLES,
    Powers,
    check_may_give,
    check_roles,
)
from services.common.errors import ArcadiaError, PermissionDenied
from services.common.identity.api_keys import EndedKey, hash_of, read_key
from services.common.identity.callers import ALL, OPERATOR_ROLE, Caller, Scope
from services.common.rpc.wire import timestamp
from tests.audit.log import entries_of
from tests.catalog.shop import Shop, Token, refusal
from tests.inventory.account import reason_of, violated_field

INSERT = """
INSERT INTO api_keys (tenant_id, name, roles, secret_hash, created_at, created_by, ends_at)
VALUES ({tenant}, 'x', '{{platform-admin}}', sha256('x'), now(), 'x', now())
"""
NOBODY = "00000000-0000-7000-8000-000000000000"
ROLES = sorted(PLATFORM_ROLES | TENANT_ROLES)
ROLE_SETS = [frozenset(some) for size in range(3) for some in itertools.combinations(ROLES, size)]


def bearer(key: str) -> Token:
    return (("authorization", f"Bearer {key}"),)


async def create(shop: Shop, token: Token | None = None, **said: Any) -> pb.CreateApiKeyResponse:
    request = pb.CreateApiKeyRequest(**{"name": "deploys", "roles": ["admin"], **said})
    return await shop.keys.CreateApiKey(request, metadata=token or shop.acme)


async def rotate(
    shop: Shop, key_id: str, token: Token | None = None, **said: Any
) -> pb.RotateApiKeyResponse:
    request = pb.RotateApiKeyRequest(id=key_id, **said)
    return await shop.keys.RotateApiKey(request, metadata=token or shop.acme)


async def revoke(shop: Shop, key_id: str, token: Token | None = None, **said: Any) -> pb.ApiKey:
    request = pb.RevokeApiKeyRequest(id=key_id, **said)
    return (await shop.keys.RevokeApiKey(request, metadata=token or shop.acme)).api_key


async def look(shop: Shop, key_id: str) -> pb.ApiKey:
    request = pb.GetApiKeyRequest(id=key_id)
    return (await shop.keys.GetApiKey(request, metadata=shop.acme)).api_key


async def proved(shop: Shop, key: str) -> Caller | None:
    """Whom a key proves at the time of the shop."""
    found = await resolve(shop.database, read_key(key), shop.clock())
    return None if isinstance(found, EndedKey) else found


def callers() -> list[Caller]:
    """Everybody who may ask for a key: each set of roles, with and without a tenant or a key."""
    return [
        Caller("who", tenant, roles, key_id=key_id, may_create_keys=may_create)
        for roles in ROLE_SETS
        for tenant in (None, "acme")
        for key_id, may_create in ((None, False), ("k", False), ("k", True))
    ]


def asked_powers() -> list[Powers]:
    return [
        Powers(tenant, roles, may_create_keys=may_create)
        for roles in ROLE_SETS
        for tenant in (None, "acme", "globex")
        for may_create in (False, True)
    ]


def can_do(powers: Powers) -> set[tuple[str | None, str]]:
    """What the holder of a key has: roles, each in a tenant or of the operator, and reading."""
    return {(powers.tenant_id, role) for role in powers.roles | {"reading"}}


def test_nobody_gives_a_key_more_than_they_have_themselves() -> None:
    given = 0
    for caller, asked in itertools.product(callers(), asked_powers()):
        try:
            check_may_give(caller, asked)
            check_roles(asked)
        except ArcadiaError:
            continue
        given += 1
        if caller.key_id:
            assert caller.may_create_keys, (caller, asked)
        if OPERATOR_ROLE in caller.roles:
            continue
        # An admin may do all that any role of the tenant may.
        assert "admin" in caller.roles, (caller, asked)
        own = {(caller.tenant_id, role) for role in caller.roles | TENANT_ROLES | {"reading"}}
        assert can_do(asked) <= own, (caller, asked)
        assert not asked.roles & PLATFORM_ROLES
    assert given > 100


def test_a_key_of_a_tenant_never_has_a_role_of_the_operator() -> None:
    for asked in asked_powers():
        known = TENANT_ROLES if asked.tenant_id else PLATFORM_ROLES
        if asked.roles <= known and (asked.tenant_id or asked.roles):
            check_roles(asked)
        else:
            with pytest.raises(ArcadiaError):
                check_roles(asked)


def test_the_roles_of_keys_are_those_that_methods_name() -> None:
    named = {
        name.removeprefix("ROLE_").lower().replace("_", "-")
        for name in access_pb2.Role.DESCRIPTOR.values_by_name
        if name != "ROLE_UNSPECIFIED"
    }
    assert named | {OPERATOR_ROLE} == rules.PLATFORM_ROLES | rules.TENANT_ROLES


async def test_a_key_is_answered_once_and_kept_as_a_hash(shop: Shop) -> None:
    made = await create(shop, name=" deploys ")
    key = made.api_key
    assert (key.name, key.tenant_id, list(key.roles), key.status) == (
        "deploys",
        "acme",
        ["admin"],
        "active",
    )
    assert made.key.startswith(f"{key.prefix}_")
    assert key.ends_at.ToDatetime(UTC) == shop.clock() + timedelta(days=365)
    secret = made.key.split("_")[2][:64]
    kept = shop.rows("SELECT secret_hash FROM api_keys")
    assert [bytes(row[0]) for row in kept] == [hash_of(secret)]
    dumped = str(shop.rows("SELECT to_jsonb(k)::text FROM api_keys AS k"))
    assert secret not in dumped
    assert await look(shop, key.id) == key
    listed = await shop.keys.ListApiKeys(pb.ListApiKeysRequest(), metadata=shop.acme)
    assert list(listed.api_keys) == [key]


async def test_a_repetition_creates_no_second_key_and_does_not_repeat_the_secret(
    shop: Shop,
) -> None:
    first = await create(shop, request_id="r-1")
    again = await create(shop, request_id="r-1")
    assert first.key
    assert (again.key, again.api_key) == ("", first.api_key)
    rotated = await rotate(shop, first.api_key.id, request_id="r-2")
    repeated = await rotate(shop, first.api_key.id, request_id="r-2")
    assert rotated.key
    assert (repeated.key, repeated.api_key) == ("", rotated.api_key)
    assert await proved(shop, rotated.key)
    answers = b"".join(bytes(row[0]) for row in shop.rows("SELECT answer FROM idempotency_keys"))
    for key in (first.key, rotated.key):
        assert key.split("_")[2].encode() not in answers
    assert shop.rows("SELECT count(*) FROM api_keys") == [(1,)]


async def test_a_key_proves_its_tenant_and_its_roles(shop: Shop) -> None:
    made = await create(shop, may_create_keys=True)
    caller = await proved(shop, made.key)
    assert caller is not None
    assert (caller.tenant_id, caller.roles, caller.key_id, caller.may_create_keys) == (
        "acme",
        frozenset({"admin"}),
        made.api_key.id,
        True,
    )
    assert caller.subject == f"api-key:{made.api_key.id}"
    assert not caller.is_operator
    deployed = await shop.deploy("blog", bearer(made.key))
    assert deployed.tenant_id == "acme"
    other = await shop.deploy("blog", shop.tenant("globex"))
    foreign = shop.look(other.id, bearer(made.key))
    assert (await refusal(foreign, reason_of))[0] == "NOT_FOUND"


async def test_a_key_without_a_role_reads_only(shop: Shop) -> None:
    made = await create(shop, roles=[])
    deployed = await shop.deploy("blog")
    assert (await shop.look(deployed.id, bearer(made.key))).deployment.id == deployed.id
    written = shop.deploy("wiki", bearer(made.key))
    assert await refusal(written, reason_of) == ("PERMISSION_DENIED", "ROLE_REQUIRED")


async def test_an_admin_gives_a_key_the_lesser_role_of_the_tenant(shop: Shop) -> None:
    made = await create(shop, roles=["billing"])
    caller = await proved(shop, made.key)
    assert caller is not None
    assert caller.roles == {"billing"}
    denied = await refusal(create(shop, bearer(made.key), roles=["billing"]), reason_of)
    assert denied[0] == "PERMISSION_DENIED"


async def test_a_key_of_the_operator_is_given_by_the_platform_admin_only(shop: Shop) -> None:
    made = await create(shop, shop.operator, roles=["platform-viewer"])
    assert made.api_key.tenant_id == ""
    await shop.deploy("blog")
    viewer = bearer(made.key)
    listed = await shop.keys.ListApiKeys(pb.ListApiKeysRequest(), metadata=viewer)
    assert [key.id for key in listed.api_keys] == [made.api_key.id]
    # Of a tenant it is not there at all.
    hidden = shop.keys.GetApiKey(pb.GetApiKeyRequest(id=made.api_key.id), metadata=shop.acme)
    assert (await refusal(hidden, reason_of))[0] == "NOT_FOUND"
    for token, roles in (
        (viewer, ["platform-viewer"]),
        (shop.acme, ["platform-viewer"]),
        (shop.user("b", roles=["platform-billing"]), ["platform-billing"]),
        (
            shop.user("b", roles=["platform-billing", "admin"], tenant_id="acme"),
            ["platform-billing"],
        ),
    ):
        status, _ = await refusal(create(shop, token, roles=roles), reason_of)
        assert status in ("PERMISSION_DENIED", "INVALID_ARGUMENT"), roles


async def test_a_key_creates_and_rotates_keys_only_where_it_is_allowed_to(shop: Shop) -> None:
    plain, trusted = await create(shop), await create(shop, may_create_keys=True)
    for call in (
        create(shop, bearer(plain.key)),
        rotate(shop, plain.api_key.id, bearer(plain.key)),
    ):
        denied = await refusal(call, reason_of)
        assert denied == ("PERMISSION_DENIED", "KEY_MAY_NOT_CREATE_KEYS")
    child = await create(shop, bearer(trusted.key))
    assert child.api_key.created_by == f"api-key:{trusted.api_key.id}"
    assert child.api_key.ends_at == trusted.api_key.ends_at
    later = timestamp(trusted.api_key.ends_at.ToDatetime(UTC) + timedelta(seconds=1))
    longer = create(shop, bearer(trusted.key), ends_at=later)
    assert await refusal(longer, violated_field) == ("INVALID_ARGUMENT", "ends_at")


async def test_a_member_without_the_role_admin_manages_no_keys(shop: Shop) -> None:
    member, made = shop.user("m", roles=["member"], tenant_id="acme"), await create(shop)
    for call in (
        create(shop, member, roles=[]),
        rotate(shop, made.api_key.id, member),
        revoke(shop, made.api_key.id, member),
    ):
        assert await refusal(call, reason_of) == ("PERMISSION_DENIED", "ROLE_REQUIRED")
    assert (await look(shop, made.api_key.id)).status == "active"


async def test_a_foreign_tenants_key_is_not_found(shop: Shop) -> None:
    made, globex = await create(shop), shop.tenant("globex")
    for key_id in (made.api_key.id, NOBODY):
        for call in (
            shop.keys.GetApiKey(pb.GetApiKeyRequest(id=key_id), metadata=globex),
            rotate(shop, key_id, globex),
            revoke(shop, key_id, globex),
        ):
            assert await refusal(call, reason_of) == ("NOT_FOUND", "API_KEY_NOT_FOUND")
    foreign = create(shop, globex, tenant_id="acme")
    assert await refusal(foreign, violated_field) == ("INVALID_ARGUMENT", "tenant_id")
    assert await proved(shop, made.key)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\x1b[2J"}, "name"),
        ({"roles": ["owner"]}, "roles"),
        ({"roles": ["admin"] * 21}, "roles"),
        ({"ends_at": timestamp(datetime(2026, 4, 10, 11, 59, tzinfo=UTC))}, "ends_at"),
        ({"ends_at": timestamp(datetime(2029, 1, 1, tzinfo=UTC))}, "ends_at"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused_by_its_field(
    shop: Shop, said: dict[str, Any], field: str
) -> None:
    call = create(shop, shop.operator, **{"tenant_id": "acme", **said})
    assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", field)


async def test_an_expired_key_is_rejected_and_cannot_be_rotated(shop: Shop) -> None:
    made = await create(shop, ends_at=timestamp(shop.clock() + timedelta(days=1)))
    shop.clock.now += timedelta(days=1, microseconds=-1)
    assert await proved(shop, made.key)
    shop.clock.now += timedelta(microseconds=1)
    assert await proved(shop, made.key) is None
    assert (await look(shop, made.api_key.id)).status == "expired"
    call = rotate(shop, made.api_key.id)
    assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "KEY_ENDED")


async def test_a_rotated_key_works_by_both_secrets_until_the_overlap_ends(shop: Shop) -> None:
    made = await create(shop)
    rotated = await rotate(shop, made.api_key.id, overlap_seconds=3600)
    assert rotated.api_key.id == made.api_key.id
    assert rotated.api_key.previous_ends_at.ToDatetime(UTC) == shop.clock() + timedelta(hours=1)
    old = await proved(shop, made.key)
    assert old is not None
    assert old.expires_at == (shop.clock() + timedelta(hours=1)).timestamp()
    assert await proved(shop, rotated.key)
    shop.clock.now += timedelta(hours=1)
    assert await proved(shop, made.key) is None
    assert await proved(shop, rotated.key)


async def test_a_second_rotation_ends_the_oldest_secret_and_no_overlap_the_present_one(
    shop: Shop,
) -> None:
    made = await create(shop)
    second = await rotate(shop, made.api_key.id)
    third = await rotate(shop, made.api_key.id)
    assert [await proved(shop, key) is not None for key in (made.key, second.key, third.key)] == [
        False,
        True,
        True,
    ]
    fourth = await rotate(shop, made.api_key.id, overlap_seconds=0)
    assert await proved(shop, third.key) is None
    assert await proved(shop, fourth.key)
    assert not fourth.api_key.HasField("previous_ends_at")
    for overlap in (-1, 30 * 86_400 + 1):
        call = rotate(shop, made.api_key.id, overlap_seconds=overlap)
        assert await refusal(call, violated_field) == ("INVALID_ARGUMENT", "overlap_seconds")


async def test_a_revoked_key_is_rejected_with_any_of_its_secrets_permanently(
    shop: Shop,
) -> None:
    made = await create(shop)
    rotated = await rotate(shop, made.api_key.id)
    revoked = await revoke(shop, made.api_key.id, reason="leaked")
    assert (revoked.status, revoked.revoked_by, revoked.revoked_reason) == (
        "revoked",
        "member of acme",
        "leaked",
    )
    assert [await proved(shop, key) for key in (made.key, rotated.key)] == [None, None]
    shop.clock.now += timedelta(hours=1)
    assert await revoke(shop, made.api_key.id, reason="again") == revoked
    with pytest.raises(DBAPIError, match="stays as it is"):
        async with shop.database.write(ALL) as session:
            await session.execute(text("UPDATE api_keys SET revoked_at = NULL"))


async def test_a_changed_hash_or_secret_is_rejected(shop: Shop) -> None:
    made, other = await create(shop), await create(shop)
    presented = read_key(made.key)
    for byte in range(32):
        changed = bytearray(presented.secret_hash)
        changed[byte] ^= 1
        forged = type(presented)(presented.id, bytes(changed))
        assert await resolve(shop.database, forged, shop.clock()) is None
    swapped = type(presented)(presented.id, read_key(other.key).secret_hash)
    assert await resolve(shop.database, swapped, shop.clock()) is None


async def test_the_use_of_a_key_is_noted_at_most_once_a_minute(shop: Shop) -> None:
    made = await create(shop)
    used: list[datetime] = []
    for seconds in (0, 59, 1, 60, 1):
        shop.clock.now += timedelta(seconds=seconds)
        await proved(shop, made.key)
        used.append((await look(shop, made.api_key.id)).last_used_at.ToDatetime(UTC))
    start = shop.clock() - timedelta(seconds=121)
    assert [(each - start).total_seconds() for each in used] == [0, 0, 0, 120, 120]


async def test_a_tenant_has_so_many_keys_that_work_and_ended_ones_do_not_count(
    shop: Shop,
) -> None:
    set_limit = limit_pb.SetTenantLimitRequest(tenant_id="acme", name="api_keys", limit=2)
    limits: Any = LimitServiceStub(shop.channel)
    await limits.SetTenantLimit(set_limit, metadata=shop.operator)
    first, _ = await create(shop), await create(shop)
    refused = await refusal(create(shop), reason_of)
    assert refused == ("RESOURCE_EXHAUSTED", "QUOTA_API_KEYS")
    assert (await create(shop, shop.tenant("globex"))).key
    await revoke(shop, first.api_key.id)
    assert (await create(shop)).key
    answer = await limits.GetLimits(limit_pb.GetLimitsRequest(), metadata=shop.acme)
    assert {one.name: one.used for one in answer.limits}["api_keys"] == 2


async def test_the_operator_has_a_bound_of_its_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_OPERATOR_KEYS", 1)
    made = await create(shop, shop.operator, roles=["platform-viewer"])
    another = create(shop, shop.operator, roles=["platform-viewer"])
    assert await refusal(another, reason_of) == ("RESOURCE_EXHAUSTED", "TOO_MANY_KEYS")
    assert (await create(shop)).key
    await revoke(shop, made.api_key.id, shop.operator)
    assert (await create(shop, shop.operator, roles=["platform-viewer"])).key


async def test_keys_are_listed_by_pages_tenants_and_status(shop: Shop) -> None:
    made = [await create(shop) for _ in range(3)]
    await create(shop, shop.tenant("globex"))
    await revoke(shop, made[1].api_key.id)
    seen, token = [], ""
    while True:
        request = pb.ListApiKeysRequest(page_size=2, page_token=token)
        answer = await shop.keys.ListApiKeys(request, metadata=shop.acme)
        seen += [key.id for key in answer.api_keys]
        if not (token := answer.next_page_token):
            break
    assert seen == [each.api_key.id for each in made]
    for status, ids in (("active", [seen[0], seen[2]]), ("revoked", [seen[1]]), ("expired", [])):
        request = pb.ListApiKeysRequest(tenant_id="acme", status=status)
        answer = await shop.keys.ListApiKeys(request, metadata=shop.operator)
        assert [key.id for key in answer.api_keys] == ids


@pytest.mark.parametrize(
    ("statement", "refusal_of"),
    [
        ("UPDATE api_keys SET roles = '{platform-admin}'", "permission denied"),
        ("UPDATE api_keys SET tenant_id = 'acme'", "permission denied"),
        ("DELETE FROM api_keys", "permission denied"),
        (INSERT.format(tenant="NULL"), "row-level security"),
        (INSERT.format(tenant="'acme'"), "api_keys_roles_check"),
    ],
)
async def test_the_database_itself_keeps_a_tenant_from_more_power(
    shop: Shop, statement: str, refusal_of: str
) -> None:
    await create(shop)
    with pytest.raises((DBAPIError, IntegrityError), match=refusal_of):
        async with shop.database.write(Scope("acme")) as session:
            await session.execute(text(statement))


@pytest.mark.parametrize(
    "asked",
    [
        Powers("globex", frozenset({"admin"}), may_create_keys=False),
        Powers(None, frozenset({"platform-viewer"}), may_create_keys=False),
        Powers("acme", frozenset({"admin", "platform-viewer"}), may_create_keys=False),
        Powers("acme", frozenset({"a role of later"}), may_create_keys=False),
    ],
)
def test_a_caller_cannot_grant_powers_that_it_lacks(asked: Powers) -> None:
    with pytest.raises(PermissionDenied):
        check_may_give(Caller("m", "acme", frozenset({"admin"})), asked)


async def test_the_audit_log_names_a_key_and_holds_neither_its_secret_nor_a_hash(
    shop: Shop,
) -> None:
    made = await create(shop)
    rotated = await rotate(shop, made.api_key.id)
    await shop.deploy("blog", bearer(rotated.key))
    kept = entries_of(shop.admin_url)
    assert [entry.content["rpc"].rpartition("/")[2] for entry in kept] == [
        "CreateApiKey",
        "RotateApiKey",
        "CreateDeployment",
    ]
    assert made.api_key.id in kept[2].raw
    for key in (made.key, rotated.key):
        secret = key.split("_")[2][:64]
        for written in (secret, hash_of(secret).hex()):
            assert not any(written in entry.raw for entry in kept)
