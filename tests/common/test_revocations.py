"""Tokens that are refused before they expire."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest
from grpc_health.v1 import health as standard
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.common.db.database import Database
from services.common.errors import ArcadiaError, Unavailable
from services.common.health import HealthWatch
from services.common.identity import revocations as revocations_module
from services.common.identity.callers import Caller
from services.common.identity.revocations import LiveRevocations, Revocation, Revocations
from services.common.settings import Service, Settings

CALLER = Caller("m", "acme", frozenset({"admin"}), issued_at=100.0, token_id="jti-1")


class Catalog:
    """Answers the revocations."""

    def __init__(self, *revocations: Revocation) -> None:
        self.revocations = revocations
        self.fails = False

    async def fetch(self, known_version: str) -> LiveRevocations | None:
        if self.fails:
            raise Unavailable("down", reason="DOWN")
        version = str(hash(self.revocations))
        return None if version == known_version else LiveRevocations(version, self.revocations)


async def learned(*revocations: Revocation) -> Revocations:
    found = Revocations(Catalog(*revocations).fetch)
    await found.refresh()
    return found


def refused(revocations: Revocations, caller: Caller) -> str | None:
    try:
        revocations.check(caller)
    except ArcadiaError as error:
        return error.reason
    return None


NAMES = st.sampled_from([None, "a", "b"])
TARGETS = st.builds(Revocation, NAMES, NAMES, NAMES, st.sampled_from([50.0, 100.0, 150.0])).filter(
    lambda one: (one.tenant_id, one.subject, one.token_id) != (None, None, None)
)
CALLERS = st.builds(
    lambda subject, tenant, token_id, issued_at: Caller(
        subject, tenant, frozenset(), issued_at=issued_at, token_id=token_id
    ),
    st.sampled_from(["a", "b"]),
    NAMES,
    NAMES,
    st.sampled_from([50.0, 100.0, 150.0]),
)


@given(st.lists(TARGETS, unique_by=lambda one: (one.tenant_id, one.subject, one.token_id)), CALLERS)
async def test_a_token_is_refused_where_all_applies_that_some_revocation_names(
    targets: list[Revocation], caller: Caller
) -> None:
    expected = any(
        each.tenant_id in (None, caller.tenant_id)
        and each.subject in (None, caller.subject)
        and each.token_id in (None, caller.token_id)
        and caller.issued_at <= each.revoked_at
        for each in targets
    )
    revocations = await learned(*targets)
    assert (refused(revocations, caller) == "TOKEN_REVOKED") == expected


async def test_a_token_that_does_not_say_when_it_was_issued_is_old() -> None:
    revocations = await learned(Revocation("acme", None, None, 100.0))
    assert refused(revocations, Caller("m", "acme", frozenset())) == "TOKEN_REVOKED"


async def test_a_token_that_is_issued_after_the_revocation_is_accepted() -> None:
    revocations = await learned(Revocation(None, "m", None, 100.5))
    assert refused(revocations, CALLER) == "TOKEN_REVOKED"
    assert refused(revocations, replace(CALLER, issued_at=101.0)) is None


async def test_new_revocations_are_read_and_expired_ones_are_dropped() -> None:
    catalog = Catalog()
    revocations = Revocations(catalog.fetch)
    await revocations.refresh()
    assert refused(revocations, CALLER) is None
    catalog.revocations = (Revocation("acme", "m", None, 100.0),)
    await revocations.refresh()
    assert refused(revocations, CALLER) == "TOKEN_REVOKED"
    catalog.revocations = ()
    await revocations.refresh()
    assert refused(revocations, CALLER) is None


async def test_the_last_list_holds_while_the_catalog_does_not_answer() -> None:
    catalog = Catalog(Revocation("acme", "m", None, 100.0))
    revocations = Revocations(catalog.fetch)
    await revocations.refresh()
    catalog.fails = True
    await revocations.refresh()
    assert refused(revocations, CALLER) == "TOKEN_REVOKED"
    assert refused(revocations, replace(CALLER, subject="n")) is None


async def test_the_list_is_fetched_again_after_any_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations_module, "REFRESH_SECONDS", 0)
    fetched_again = asyncio.Event()
    failures = [RuntimeError("unexpected"), OSError("no route"), Unavailable("x", reason="X")]

    async def fetch(_: str) -> None:
        if failures:
            raise failures.pop()
        fetched_again.set()

    running = asyncio.create_task(Revocations(fetch).run())
    await asyncio.wait(
        {running, again := asyncio.create_task(fetched_again.wait())},
        return_when=asyncio.FIRST_COMPLETED,
    )
    assert again.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_list_not_refreshed_for_half_a_minute_is_reported_as_stale() -> None:
    catalog, now = Catalog(), [0.0]
    revocations = Revocations(catalog.fetch, clock=lambda: now[0])
    health = HealthWatch(
        Service.BILLING,
        Settings(),
        cast("Database", None),
        cast("standard.aio.HealthServicer", None),
        revocations,
        serving=True,
    )
    await revocations.refresh()
    catalog.fails = True
    with capture_logs() as logs:
        for now[0] in (10.0, 30.0):
            await revocations.refresh()
        assert (revocations.stale, health.report().health.status) == (False, "ok")
        for now[0] in (31.0, 33.0, 50.0, 70.0):
            await revocations.refresh()
    errors = [each["age_seconds"] for each in logs if each["log_level"] == "error"]
    assert errors == [31, 70]
    assert (revocations.stale, health.report().health.status) == (True, "degraded")
    catalog.fails = False
    await revocations.refresh()
    assert (revocations.stale, health.report().health.status) == (False, "ok")


@pytest.mark.parametrize("required", [True, False])
async def test_where_a_first_list_is_required_nobody_is_accepted_before_it(
    *, required: bool
) -> None:
    catalog = Catalog()
    catalog.fails = True
    revocations = Revocations(catalog.fetch, required=required)
    await revocations.refresh()
    assert refused(revocations, CALLER) == ("REVOCATIONS_UNKNOWN" if required else None)
    catalog.fails = False
    await revocations.refresh()
    assert refused(revocations, CALLER) is None
