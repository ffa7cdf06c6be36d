"""Keys created by keys: no key takes over another, and a leaked one is revoked with its own."""

from typing import Final

from arcadia.catalog.v1 import api_key_service_pb2 as pb

from tests.catalog.shop import Shop, refusal
from tests.catalog.test_api_keys import bearer, create, look, proved, revoke, rotate
from tests.catalog.test_concurrency import meeting
from tests.inventory.account import reason_of

QUOTA: Final = "SELECT pg_advisory_xact_lock(hashtextextended('quota/api_keys/acme', 0))"


async def test_a_key_rotates_only_itself_and_a_person_any_key_of_the_tenant(shop: Shop) -> None:
    trusted, other = await create(shop, may_create_keys=True), await create(shop, roles=[])
    child = await create(shop, bearer(trusted.key), roles=["billing"])
    platform = await create(shop, shop.operator, roles=["platform-admin"], may_create_keys=True)
    for key, by in ((other, trusted), (child, trusted), (trusted, platform)):
        denied = await refusal(rotate(shop, key.api_key.id, bearer(by.key)), reason_of)
        assert denied == ("PERMISSION_DENIED", "KEY_MAY_ROTATE_ONLY_ITSELF")
        assert await proved(shop, key.key)
    assert (await rotate(shop, trusted.api_key.id, bearer(trusted.key))).key
    assert (await rotate(shop, other.api_key.id)).key
    assert (await rotate(shop, child.api_key.id, shop.operator)).key


async def test_a_revoked_key_takes_with_it_the_keys_that_it_created_and_theirs(
    shop: Shop,
) -> None:
    leaked, other = await create(shop, may_create_keys=True), await create(shop)
    child = await create(shop, bearer(leaked.key), may_create_keys=True)
    grandchild = await create(shop, bearer(child.key))
    request = pb.RevokeApiKeyRequest(id=leaked.api_key.id, reason="leaked")
    answer = await shop.keys.RevokeApiKey(request, metadata=shop.acme)
    assert (answer.api_key.status, answer.created_keys_revoked) == ("revoked", 2)
    for key in (leaked, child, grandchild):
        assert await proved(shop, key.key) is None
        assert (await look(shop, key.api_key.id)).revoked_reason == "leaked"
    assert await proved(shop, other.key)
    again = await shop.keys.RevokeApiKey(request, metadata=shop.acme)
    assert (again.api_key, again.created_keys_revoked) == (answer.api_key, 0)


async def test_a_key_stays_where_one_that_it_created_is_revoked(shop: Shop) -> None:
    parent = await create(shop, may_create_keys=True)
    child = await create(shop, bearer(parent.key))
    await revoke(shop, child.api_key.id)
    assert await proved(shop, child.key) is None
    assert await proved(shop, parent.key)


async def test_a_revoked_key_creates_none_where_it_is_still_remembered(shop: Shop) -> None:
    leaked = await create(shop, may_create_keys=True)
    await create(shop, bearer(leaked.key))
    await revoke(shop, leaked.api_key.id)
    late = await refusal(create(shop, bearer(leaked.key)), reason_of)
    assert late == ("UNAUTHENTICATED", "KEY_INVALID")
    assert shop.rows("SELECT 1 FROM api_keys WHERE revoked_at IS NULL") == []


async def test_a_key_that_is_being_created_is_revoked_with_its_creator(shop: Shop) -> None:
    leaked = await create(shop, may_create_keys=True)
    child = await create(shop, bearer(leaked.key), may_create_keys=True)
    async with meeting(shop, QUOTA) as met:
        await met.join(create(shop, bearer(child.key)), revoke(shop, leaked.api_key.id))
    created, revoked = await met.ended()
    assert (created.api_key.status, revoked.status) == ("active", "revoked")
    assert shop.rows("SELECT 1 FROM api_keys WHERE revoked_at IS NULL") == []
