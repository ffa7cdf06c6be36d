"""A process's cache of tenants' limits, refreshed in the background without blocking calls.

A new value reaches every process within seconds. If the catalog does not answer, the last known
value or the default applies, so no call fails for that reason and no tenant is without limits.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from arcadia.catalog.v1 import limit_service_pb2 as pb
from arcadia.catalog.v1.limit_service_pb2_grpc import LimitServiceStub

from services.common.limits.declared import Limit
from services.common.rpc.clients import connect
from services.common.settings import Service, Settings

__all__ = ["KnownLimits", "LoadLimits", "ask_catalog"]

FRESH_SECONDS: Final = 5.0
"""Age up to which a value counts as fresh."""

MAX_TENANTS: Final = 10_000
"""Size of the cache; the least recently read tenant is evicted first."""

MAX_BATCH: Final = 1_000
WAIT_SECONDS: Final = 2.0

LoadLimits = Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, int]]]]
"""Reads the overrides of defaults, by tenant and limit."""

log = structlog.get_logger("limits")


@dataclass(frozen=True, slots=True)
class _Known:
    values: Mapping[str, int]
    fresh_until: float


class KnownLimits:
    """The cached limits of tenants."""

    def __init__(self, load: LoadLimits) -> None:
        self._load = load
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asked: set[str] = set()
        """The tenants of the next read; the running one may have begun too early."""
        self._being_read: set[str] = set()
        self._reading: asyncio.Task[None] | None = None
        self._read_ended = asyncio.Event()

    def value(self, tenant_id: str, limit: Limit) -> int:
        """The known value for a tenant; refreshed in the background if it is not fresh."""
        known = self._known.get(tenant_id)
        if known is None or known.fresh_until <= time.monotonic():
            self._ask(tenant_id)
        return limit.default if known is None else known.values.get(limit.name, limit.default)

    async def fresh_value(self, tenant_id: str, limit: Limit) -> int:
        """The current value for a tenant, read after this call began.

        Use it before refusing a call.
        """
        self._ask(tenant_id)
        while tenant_id in self._asked or tenant_id in self._being_read:
            await self._read_ended.wait()
        return self.value(tenant_id, limit)

    def _ask(self, tenant_id: str) -> None:
        self._asked.add(tenant_id)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Reads one batch at a time, each for all tenants requested before it began."""
        try:
            while self._asked:
                batch = sorted(self._asked)[:MAX_BATCH]
                self._being_read.update(batch)
                self._asked.difference_update(batch)
                try:
                    found = await self._load(batch)
                except Exception as error:  # noqa: BLE001  (the last values apply)
                    log.warning("the limits of tenants were not read", error=str(error)[:200])
                    self._keep({one: self._last(one) for one in batch})
                else:
                    self._keep({one: found.get(one, {}) for one in batch})
                self._end_read()
        finally:  # also if it is cancelled, when nobody waits for it
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
    """Reads them from the catalog. Raises AioRpcError if it is down."""

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
