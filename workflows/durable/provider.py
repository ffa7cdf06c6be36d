"""Whom the workers ask at the provider: a client a queue, one budget a token."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from fractions import Fraction
from typing import Final

from contracts.queues import TaskQueue
from providers.digitalocean.api.client import DigitalOcean
from providers.digitalocean.api.rate import LEFT_FOR_OTHERS, RateBudgets
from providers.digitalocean.spaces import Spaces, SpacesKeys
from services.common.settings import Settings

__all__ = ["ProviderTokens", "spaces_of"]

FOR_THE_SIMULATOR: Final = "simulator"
"""Where no token is configured: the simulator takes any."""

SWEEPING: Final = frozenset(
    {TaskQueue.CLOUD_SYNC_FULL, TaskQueue.CLOUD_SYNC_SLOW, TaskQueue.CLOUD_BILLING}
)
"""The queues that would use up whatever there is."""


class ProviderTokens:
    """The tokens by purpose. A token's budget is shared by all whom it serves."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budgets = RateBudgets()

    def client(self, queue: TaskQueue) -> AbstractAsyncContextManager[DigitalOcean]:
        """The client of a queue's activities."""
        token = self._token(queue)
        budget = self._budgets.of(token).share(self.leaving(queue))
        return DigitalOcean.open(self._settings.provider_url(), token, budget)

    def leaving(self, queue: TaskQueue) -> Fraction:
        """The part of the budget that a queue leaves to provisioning, where both have one token."""
        if queue in SWEEPING and self._token(queue) == self._token(TaskQueue.PROVISIONING):
            return LEFT_FOR_OTHERS
        return Fraction(0)

    def _token(self, purpose: str) -> str:
        return self._settings.provider_token(purpose) or FOR_THE_SIMULATOR


@asynccontextmanager
async def spaces_of(settings: Settings) -> AsyncIterator[Spaces | None]:
    """The client of Spaces; None where no keys are configured."""
    secret = settings.spaces_secret_access_key.get_secret_value()
    endpoint = settings.spaces_endpoint
    keys = SpacesKeys(settings.spaces_access_key_id, secret)
    if settings.simulated and not (keys.access_key_id or secret):
        # As with tokens: the simulator takes any.
        endpoint = f"{settings.provider_url()}/s3/{{region}}"
        keys = SpacesKeys(FOR_THE_SIMULATOR, FOR_THE_SIMULATOR)
    if not (keys.access_key_id and keys.secret_access_key):
        yield None
        return
    regions = tuple(settings.spaces_regions.split())
    async with Spaces.open(endpoint, regions, keys) as spaces:
        yield spaces
