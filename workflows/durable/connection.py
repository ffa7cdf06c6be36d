"""The connection to Temporal: one data converter for all who speak through it."""

from collections.abc import Sequence

from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression

from services.common.settings import Settings

__all__ = ["connect"]

REFUSED = "ConnectionRefused"
"""As the client's own library names it, among much else."""


async def connect(
    settings: Settings,
    *,
    interceptors: Sequence[Interceptor] = (),
    runtime: Runtime | None = None,
) -> Client:
    """A client of the configured namespace. Raises RuntimeError when Temporal does not answer."""
    try:
        return await Client.connect(
            settings.temporal(),
            namespace=settings.temporal_namespace,
            data_converter=pydantic_data_converter,
            interceptors=interceptors,
            runtime=runtime,
            # Payloads are small: packing them costs more than it saves.
            grpc_compression=GrpcCompression.NONE,
        )
    except RuntimeError as error:
        if REFUSED not in str(error):
            raise
        raise RuntimeError(
            f"nothing listens at {settings.temporal()}: is the stack up? `arcadia status` tells"
        ) from error
