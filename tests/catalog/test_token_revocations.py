"""Revocations of tokens by operators and tenants' admins."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from arcadia.catalog.v1 import token_revocation_service_pb2 as pb

from services.catalog.keys import identity_servicer
from services.catalog.keys.identity import OwnIdentity
from services.catalog.revocations import rules
from services.catalog.revocations.live import live_revocations
from services.common.identity.revocations import Revocation
from services.common.rpc.catalog_identity import CatalogIdentity
from services.common.settings import Service
from tests.catalog.shop import Shop, Token, refusal
from tests.inventory.account import reason_of, violated_field


async def revoke(shop: Shop, token: Token | None = None, **said: Any) -> pb.TokenRevocation:
    request = pb.RevokeTokensRequest(**said)
    return (await shop.tokens.RevokeTokens(request, metadata=token or shop.acme)).revocation


async def listed(shop: Shop, token: Token, **said: Any) -> list[str]:
    request = pb.ListRevocationsRequest(**said)
    answer = await shop.tokens.ListRevocations(request, metadata=token)
    return [each.id for each in answer.revocations]


async def test_a_tenants_admin_revokes_tokens_of_the_tenant_only(shop: Shop) -> None:
    made = await revoke(shop, subject="m", reason="left the company")
    assert (made.tenant_id, made.subject, made.revoked_by) == ("acme", "m", "member of acme")
    foreign = revoke(shop, tenant_id="globex", subject="m")
    assert await refusal(foreign, violated_field) == ("INVALID_ARGUMENT", "tenant_id")
    member = shop.user("m", roles=["member"], tenant_id="acme")
    denied = await refusal(revoke(shop, member, subject="n"), reason_of)
    assert denied == ("PERMISSION_DENIED", "ROLE_REQUIRED")
    # Without a subject all of the tenant's.
    whole = await revoke(shop)
    assert (whole.tenant_id, whole.subject, whole.token_id) == ("acme", "", "")
    assert await listed(shop, shop.acme) == [made.id, whole.id]
    assert await listed(shop, shop.tenant("globex")) == []


async def test_an_operator_revokes_anybodys_tokens_but_not_everybodys(shop: Shop) -> None:
    made = [
        await revoke(shop, shop.operator, subject="m"),
        await revoke(shop, shop.operator, token_id="jti-1"),
        await revoke(shop, shop.operator, tenant_id="acme"),
    ]
    nothing = revoke(shop, shop.operator)
    assert await refusal(nothing, violated_field) == ("INVALID_ARGUMENT", "subject")
    for role in ("platform-billing", "platform-operations", "platform-viewer"):
        denied = revoke(shop, shop.user("o", roles=[role]), subject="m")
        assert (await refusal(denied, reason_of))[0] == "PERMISSION_DENIED"
    viewer = shop.user("v", roles=["platform-viewer"])
    assert await listed(shop, viewer) == [each.id for each in made]
    assert await listed(shop, shop.operator, tenant_id="acme") == [made[2].id]


async def test_tokens_that_are_revoked_again_keep_one_revocation_of_the_later_moment(
    shop: Shop,
) -> None:
    first = await revoke(shop, subject="m")
    shop.clock.now += timedelta(hours=1)
    second = await revoke(shop, subject="m", reason="again")
    assert second.id == first.id
    assert second.revoked_at.ToDatetime(UTC) == shop.clock()
    assert shop.rows("SELECT count(*) FROM token_revocations") == [(1,)]


async def test_a_revocation_is_deleted_when_its_tokens_have_expired(shop: Shop) -> None:
    made = await revoke(shop, subject="m")
    longest = timedelta(days=shop.settings.jwt_max_days)
    assert made.ends_at.ToDatetime(UTC) == shop.clock() + longest + timedelta(minutes=2)
    shop.clock.now += longest + timedelta(seconds=119)
    assert await listed(shop, shop.acme) == [made.id]
    shop.clock.now += timedelta(seconds=1)
    assert await listed(shop, shop.acme) == []
    await revoke(shop, subject="n")
    assert shop.rows("SELECT subject FROM token_revocations") == [("n",)]


async def test_services_learn_the_live_revocations_where_they_changed(shop: Shop) -> None:
    await revoke(shop, subject="m")
    await revoke(shop, shop.operator, token_id="jti-1")
    at = shop.clock().timestamp()
    found = await live_revocations(shop.database, "", shop.clock())
    assert found is not None
    assert set(found.revocations) == {
        Revocation("acme", "m", None, at),
        Revocation(None, None, "jti-1", at),
    }
    assert await live_revocations(shop.database, found.version, shop.clock()) is None
    shop.clock.now += timedelta(seconds=1)
    await revoke(shop, subject="m")
    changed = await live_revocations(shop.database, found.version, shop.clock())
    assert changed is not None
    assert Revocation("acme", "m", None, at + 1) in changed.revocations
    # One that is committed late has an earlier moment, and is learned all the same.
    shop.clock.now -= timedelta(seconds=30)
    await revoke(shop, subject="late")
    late = await live_revocations(shop.database, changed.version, shop.clock())
    assert late is not None
    assert Revocation("acme", "late", None, at - 29) in late.revocations
    shop.clock.now += timedelta(days=40)
    ended = await live_revocations(shop.database, late.version, shop.clock())
    assert ended is not None
    assert ended.revocations == ()


async def test_the_revocations_of_a_tenant_are_bounded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_REVOCATIONS", 2)
    for subject in ("a", "b", "a"):
        await revoke(shop, subject=subject)
    refused = await refusal(revoke(shop, subject="c"), reason_of)
    assert refused == ("RESOURCE_EXHAUSTED", "TOO_MANY_REVOCATIONS")
    assert (await revoke(shop, subject="b")).subject == "b"
    assert (await revoke(shop, shop.tenant("globex"), subject="c")).subject == "c"
    # All tokens of the tenant are always revoked, as the refusal advises.
    assert (await revoke(shop)).tenant_id == "acme"


async def test_the_revocations_of_all_tenants_are_bounded_and_leave_the_operator_room(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_OF_TENANTS", 2)
    await revoke(shop, subject="a")
    globex = shop.tenant("globex")
    await revoke(shop, globex, subject="a")
    for token in (shop.acme, globex, shop.tenant("initech")):
        refused = await refusal(revoke(shop, token, subject="b"), reason_of)
        assert refused == ("RESOURCE_EXHAUSTED", "TOO_MANY_REVOCATIONS")
    assert (await revoke(shop, globex, subject="a")).subject == "a"
    assert (await revoke(shop, shop.operator, subject="b")).subject == "b"


@pytest.mark.parametrize("field", ["subject", "token_id"])
async def test_a_name_of_more_than_255_bytes_is_refused(shop: Shop, field: str) -> None:
    await revoke(shop, None, **{field: "é" * 127})
    refused = await refusal(revoke(shop, None, **{field: "é" * 128}), violated_field)
    assert refused == ("INVALID_ARGUMENT", field)


async def test_every_change_changes_the_version_of_the_list(shop: Shop) -> None:
    versions = set()
    # Again in the same moment, by an earlier clock, and while another one ends.
    for subject, moved in (
        ("m", 0),
        ("m", 0),
        ("n", 60),
        ("m", -30),
        ("n", -1),
        ("m", 40 * 86_400),
    ):
        shop.clock.now += timedelta(seconds=moved)
        await revoke(shop, subject=subject)
        found = await live_revocations(shop.database, "", shop.clock())
        assert found is not None
        versions.add(found.version)
    assert len(versions) == 6


async def test_services_read_the_list_in_pages_as_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_servicer, "PAGE_SIZE", 2)
    names = {f"m{number}" for number in range(5)}
    for name in sorted(names):
        await revoke(shop, subject=name)
    settings = shop.settings.model_copy(update={"catalog_address": shop.address})
    identity = CatalogIdentity(settings, caller=Service.BILLING)
    found = await identity.live_revocations("")
    assert found is not None
    assert len(found.revocations) == 5
    assert {each.subject for each in found.revocations} == names
    assert await identity.live_revocations(found.version) is None


async def test_a_list_that_changes_between_two_pages_is_read_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_servicer, "PAGE_SIZE", 2)
    for name in ("a", "b", "c"):
        await revoke(shop, subject=name)
    settings = shop.settings.model_copy(update={"catalog_address": shop.address})
    identity = CatalogIdentity(settings, caller=Service.BILLING)
    read, pages = OwnIdentity.live_page, 0

    async def changing(own: OwnIdentity, version: str, **page: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 2:
            shop.clock.now += timedelta(seconds=9)
            await revoke(shop, subject="a")
        return await read(own, version, **page)

    monkeypatch.setattr(OwnIdentity, "live_page", changing)
    found = await identity.live_revocations("")
    assert found is not None
    at = {each.subject: each.revoked_at for each in found.revocations}
    assert at["a"] == shop.clock().timestamp()
    assert (pages, len(found.revocations), set(at)) == (4, 3, {"a", "b", "c"})
