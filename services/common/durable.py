"""The connection to Temporal, with which a service starts and signals workflows.

A workflow is started by its contract, never by importing it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, RPCError

from contracts.flows import Start, start_flow
from services.common.audit.calls import announce_effect
from services.common.errors import Unavailable
from services.common.settings import Settings

__all__ = ["FlowClient", "Started", "connect"]

REFUSED: Final = "ConnectionRefused"
"""A fragment of the client library's connection error."""

CONNECT_SECONDS: Final = 5.0
SIGNAL_SECONDS: Final = 2.0
"""Timeout of a signal: a payment or decision must not wait for Temporal."""


async def connect(
    settings: Settings, *, interceptors: Sequence[Interceptor] = (), runtime: Runtime | None = None
) -> Client:
    """A client of the configured namespace. Raises RuntimeError if Temporal does not respond."""
    try:
        return await Client.connect(
            settings.temporal(),
            namespace=settings.temporal_namespace,
            data_converter=pydantic_data_converter,
            interceptors=interceptors,
            runtime=runtime,
            # Payloads are small, so compression costs more than it saves.
            grpc_compression=GrpcCompression.NONE,
        )
    except RuntimeError as error:
        if REFUSED not in str(error):
            raise
        raise RuntimeError(
            f"nothing listens at {settings.temporal()}: `arcadia status` shows the stack"
        ) from error


@dataclass(frozen=True, slots=True)
class Started:
    """A run of a flow."""

    workflow_id: str
    run_id: str


class FlowClient:
    """Starts and signals workflows. Connects to Temporal on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None

    async def start(
        self,
        start: Start[Any],
        *,
        replace: bool = False,
        signal: str = "",
        signal_args: Sequence[Any] = (),
    ) -> Started:
        """Starts a run, or returns the running one; see `contracts.flows.start_flow`.

        Raises Unavailable while Temporal does not respond.
        """
        client = await self._connected()
        await announce_effect()
        try:
            handle = await start_flow(
                client, start, replace=replace, signal=signal, signal_args=signal_args
            )
        except RPCError as error:
            raise _temporal_down() from error
        return Started(start.id, handle.first_execution_run_id or handle.result_run_id or "")

    async def first_run_id(self, workflow_id: str) -> str:
        """The first run of the running chain of an id (continue-as-new).

        Raises Unavailable while Temporal does not respond.
        """
        client = await self._connected()
        try:
            description = await client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            raise _temporal_down() from error
        return description.raw_description.workflow_execution_info.first_run_id

    async def notify(self, to: Start[Any] | str, signal: str) -> None:
        """Signals the run of an id if there is one; with a start, uses signal-with-start.

        For changes that the run also polls for: if Temporal is down, the signal is lost and the run
        is late, but the caller gets no error.
        """
        with suppress(Unavailable, RPCError, TimeoutError):
            async with asyncio.timeout(SIGNAL_SECONDS):
                if isinstance(to, Start):
                    await self.start(to, signal=signal)
                else:
                    client = await self._connected()
                    await announce_effect()
                    await client.get_workflow_handle(to).signal(signal)

    async def _connected(self) -> Client:
        if self._client is None:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._client = await connect(self._settings)
            except (RuntimeError, TimeoutError) as error:
                raise _temporal_down() from error
        return self._client


def _temporal_down() -> Unavailable:
    """The error of a call that Temporal did not answer."""
    return Unavailable("Temporal does not respond", reason="TEMPORAL_DOWN")
