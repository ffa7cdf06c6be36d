"""Each purpose has its token; a token for several is shared fairly."""

from fractions import Fraction

import pytest

from contracts.flows import TaskQueue
from providers.digitalocean.api.rate import LEFT_FOR_OTHERS
from services.common.settings import Settings
from workflows.assembly import ProviderTokens, spaces_of
from workflows.sync.starts import HOURLY_KINDS, SLOW_KINDS, SYNCED_KINDS

SWEEPING = (TaskQueue.CLOUD_SYNC_FULL, TaskQueue.CLOUD_SYNC_SLOW, TaskQueue.CLOUD_BILLING)


@pytest.mark.parametrize("queue", SWEEPING)
def test_a_sweep_or_a_walk_leaves_some_of_a_token_that_provisioning_uses_too(
    queue: TaskQueue,
) -> None:
    assert ProviderTokens(Settings(DO_API_TOKEN="one-for-all")).leaving(queue) == LEFT_FOR_OTHERS


def test_a_sweep_with_a_token_of_its_own_may_use_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_API_TOKEN_CLOUD_SYNC_FULL", "its-own")
    tokens = ProviderTokens(Settings(DO_API_TOKEN="for-the-others"))

    assert tokens.leaving(TaskQueue.CLOUD_SYNC_FULL) == Fraction(0)
    assert tokens.leaving(TaskQueue.CLOUD_SYNC_SLOW) == LEFT_FOR_OTHERS


def test_a_sync_after_an_action_does_not_wait_for_a_sweep() -> None:
    assert ProviderTokens(Settings()).leaving(TaskQueue.CLOUD_SYNC_FAST) == Fraction(0)


async def test_without_keys_there_is_no_client_of_spaces() -> None:
    async with spaces_of(Settings(DO_API_TOKEN="of-an-account")) as spaces:
        assert spaces is None


async def test_the_simulators_spaces_need_no_keys() -> None:
    async with spaces_of(Settings()) as spaces:
        assert spaces is not None


async def test_with_keys_every_configured_region_is_asked() -> None:
    settings = Settings(
        SPACES_ACCESS_KEY_ID="DO00", SPACES_SECRET_ACCESS_KEY="s", SPACES_REGIONS="nyc3 ams3"
    )
    async with spaces_of(settings) as spaces:
        assert spaces is not None
        assert spaces.regions == ("nyc3", "ams3")


def test_every_kind_is_read_by_one_schedule_and_only_one() -> None:
    assert sorted(HOURLY_KINDS + SLOW_KINDS) == sorted(SYNCED_KINDS)
    assert set(SLOW_KINDS) == {
        "alert_policy", "cdn_endpoint", "certificate", "container_registry", "database_replica",
        "domain", "functions_namespace", "image", "partner_attachment", "spaces_bucket",
        "spaces_key", "ssh_key", "uptime_check", "vpc", "vpc_peering",
    }  # fmt: skip  # a table
