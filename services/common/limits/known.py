"""What a process knows of the limits of tenants: read in the background, and never waited for.

A value that was set reaches every process within some seconds. While the catalog does not answer,
what was known last goes on to hold, else the default: no call is refused for that alone, and no
tenant is without limits.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc
import structlog
from arcadia.catalog.v1 import limit_service_pb2 as pb
from arcadia.catalog.v1.limit_service_pb2_grpc import LimitServiceStub

from services.common.errors import ArcadiaError
from services.common.limits.declared import Limit
from services.common.rpc.clients import connect
from services.common.settings import Service, Settings

__all__ = ["KnownLimits", "LoadLimits", "ask_catalog"]

FRESH_SECONDS: Final = 5.0
"""For so long a value is taken as it was read."""

MAX_TENANTS: Final = 10_000
"""Known at once; the one that was read longest ago is forgotten first."""

MAX_BATCH: Final = 1_000
WAIT_SECONDS: Final = 2.0

LoadLimits = Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, int]]]]
"""Reads the values that hold instead of defaults: by tenant, by the limit's name."""

log = structlog.get_logger("limits")


@dataclass(frozen=True, slots=True)
class _Known:
    values: Mapping[str, int]
    fresh_until: float


class KnownLimits:
    """The limits of tenants, as this process knows them."""

    def __init__(self, load: LoadLimits) -> None:
        self._load = load
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asked: set[str] = set()
        """Those that the next read is for; the one that runs may have begun too early."""
        self._being_read: set[str] = set()
        self._reading: asyncio.Task[None] | None = None
        self._read_ended = asyncio.Event()

    def value(self, tenant_id: str, limit: Limit) -> int:
        """What holds for a tenant as far as is known; read again when it is some seconds old."""
        known = self._known.get(tenant_id)
        if known is None or known.fresh_until <= time.monotonic():
            self._ask(tenant_id)
        return limit.default if known is None else known.values.get(limit.name, limit.default)

    async def fresh_value(self, tenant_id: str, limit: Limit) -> int:
        """What holds for a tenant, read from now on: for who would refuse by what is known."""
        self._ask(tenant_id)
        while tenant_id in self._asked or tenant_id in self._being_read:
            await self._read_ended.wait()
        return self.value(tenant_id, limit)

    def _ask(self, tenant_id: str) -> None:
        self._asked.add(tenant_id)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """One read at a time, each for all tenants that were asked for by its beginning."""
        try:
            while self._asked:
                batch = sorted(self._asked)[:MAX_BATCH]
                self._being_read.update(batch)
                self._asked.difference_update(batch)
                try:
                    found = await self._load(batch)
                except (ArcadiaError, grpc.aio.AioRpcError, OSError) as error:
                    log.warning("the limits of tenants were not read", error=str(error)[:200])
                    self._keep({one: self._last(one) for one in batch})
                else:
                    self._keep({one: found.get(one, {}) for one in batch})
                self._end_read()
        finally:  # also when it is cancelled: nobody waits for it then
            self._asked.clear()
            self._end_read()
            self._reading = None

    def _end_read(self) -> None:
        self._being_read.clear()
        ended, self._read_ended = self._read_ended, asyncio.Event()
        ended.set()

    def _last(self, tenant_id: str) -> Mapping[str, int]:
        known = self._known.get(tenant_id)
        return {} if known is None else known.values

    def _keep(self, found: Mapping[str, Mapping[str, int]]) -> None:
        fresh_until = time.monotonic() + FRESH_SECONDS
        for tenant_id, values in found.items():
            self._known[tenant_id] = _Known(values, fresh_until)
            self._known.move_to_end(tenant_id)
        while len(self._known) > MAX_TENANTS:
            self._known.popitem(last=False)


def ask_catalog(settings: Settings, service: Service) -> LoadLimits:
    """Reads them from the catalog, as another service. Raises AioRpcError when it is down."""

    async def load(tenant_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        request = pb.LookupTenantLimitsRequest(tenant_ids=tenant_ids)
        async with connect(settings, Service.CATALOG, caller=service) as channel:
            answer = await LimitServiceStub(channel).LookupTenantLimits(
                request, timeout=WAIT_SECONDS
            )
        values: dict[str, dict[str, int]] = {}
        for one in answer.values:
            values.setdefault(one.tenant_id, {})[one.name] = one.limit
        return values

    return load
