"""`arcadia keys` and `arcadia token revoke`, against a served catalog."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable

import jwt
import pytest

from services.common.identity.api_keys import read_key
from services.common.settings import Service, Settings
from tests.support.environment import environment_of
from tests.support.ports import free_port
from tests.support.serving import served


@pytest.fixture
async def settings(fresh_settings: Callable[..., Settings]) -> AsyncIterator[Settings]:
    """Of a catalog that is served."""
    address = f"127.0.0.1:{free_port()}"
    made = fresh_settings(Service.CATALOG, catalog_address=address, log_level="warning")
    async with served(Service.CATALOG, made):
        yield made


async def arcadia(settings: Settings, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """The exit code, and what was printed and said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.app", *arguments),
        env={**environment_of(settings), **variables},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 240)
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_key_is_created_used_by_the_command_line_rotated_and_revoked(
    settings: Settings,
) -> None:
    code, key, told = await arcadia(
        settings, "keys", "create", "the backup", "--role", "platform-admin", "--days", "7"
    )
    assert (code, "the backup" in told, key.strip() in told) == (0, True, False)
    key = key.strip()
    key_id = str(read_key(key).id)
    by_key = {"ARCADIA_TOKEN": key}
    code, listed, _ = await arcadia(settings, "keys", "list", **by_key)
    assert (code, key_id in listed, "active" in listed) == (0, True, True)
    assert key.split("_")[2] not in listed
    code, _, refused = await arcadia(settings, "keys", "create", "a child", **by_key)
    assert (code, "may not create or rotate keys" in refused) == (1, True)
    code, rotated, told = await arcadia(settings, "keys", "rotate", key_id, "--overlap-hours", "2")
    assert (code, "The previous secret is valid until" in told) == (0, True)
    assert read_key(rotated.strip()).id == read_key(key).id
    code, told, _ = await arcadia(settings, "keys", "revoke", key_id, "--reason", "leaked")
    assert (code, "revoked" in told) == (0, True)
    code, _, refused = await arcadia(settings, "keys", "list", ARCADIA_TOKEN=rotated.strip())
    assert (code, "UNAUTHENTICATED" in refused, rotated.strip() in refused) == (1, True, False)
    code, listed, _ = await arcadia(settings, "keys", "list", "--status", "revoked")
    assert key_id in listed


async def test_tokens_are_revoked_and_a_token_is_still_printed(settings: Settings) -> None:
    code, printed, _ = await arcadia(settings, "token", "--tenant", "acme", "--subject", "m")
    claims = jwt.decode(printed.strip(), options={"verify_signature": False})
    assert (code, claims["sub"], claims["tenant_id"]) == (0, "m", "acme")
    code, _, refused = await arcadia(settings, "token", "revoke")
    assert (code, "--subject" in refused) == (2, True)
    code, told, _ = await arcadia(
        settings, "token", "revoke", "--tenant", "acme", "--subject", "m", "--reason", "left"
    )
    assert (code, "Revoked: tenant acme, subject m" in told) == (0, True)
    code, listed, _ = await arcadia(settings, "token", "revocations")
    assert (code, "tenant acme, subject m" in listed, "left" in listed) == (0, True, True)
