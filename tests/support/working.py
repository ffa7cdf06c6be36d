"""Workers inside the test's process: they start fast, and cannot be killed."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

from temporalio.client import Client

from services.common.settings import Settings
from workflows.worker import workers

__all__ = ["Workers"]


class Workers:
    """Starts workers of all queues, and stops them all."""

    def __init__(self) -> None:
        self._working: list[asyncio.Task[None]] = []

    def start(self, settings: Settings, client: Client) -> None:
        """Starts workers; they run whenever the test awaits."""
        self._working.append(asyncio.create_task(_work(settings, client)))

    async def stop(self) -> None:
        """Stops them without waiting for running activities."""
        for working in self._working:
            working.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        self._working.clear()


async def _work(settings: Settings, client: Client) -> None:
    async with AsyncExitStack() as running:
        made = workers(settings, client, grace=timedelta(0))
        for worker in await running.enter_async_context(made):
            await running.enter_async_context(worker)
        await asyncio.Event().wait()
