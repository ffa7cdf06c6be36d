"""LimitService: quotas and rate limits of tenants, which operators set."""

from typing import Final

from arcadia.catalog.v1 import limit_service_pb2 as pb
from arcadia.catalog.v1 import limit_service_pb2_grpc

from services.catalog import requests
from services.catalog.limits.messages import limit_message
from services.catalog.limits.read_limits import read_limits, read_values
from services.catalog.limits.rules.limit_values import NewValue, check_new_value, limit_of
from services.catalog.limits.store.values import set_value
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.identity.callers import current_caller
from services.common.limits.declared import LIMITS
from services.common.limits.known import KnownLimits
from services.common.rpc.wire import Context
from services.common.values.clock import Clock
from services.common.values.periods import read_day

__all__ = ["LimitServicer"]

MAX_TENANTS: Final = 1_000


class LimitServicer(limit_service_pb2_grpc.LimitServiceServicer):
    """Reads and sets limits."""

    def __init__(self, database: Database, now: Clock, limits: KnownLimits) -> None:
        self._database = database
        self._now = now
        self._limits = limits

    async def GetLimits(
        self, request: pb.GetLimitsRequest, context: Context
    ) -> pb.GetLimitsResponse:
        """Returns the limits of the caller's own tenant."""
        caller = current_caller()
        if not caller.tenant_id:
            raise FailedPrecondition(
                "the token names no tenant: ask for /api/v1/tenants/{tenant_id}/limits",
                reason="TENANT_REQUIRED",
            )
        async with self._database.read(caller.scope) as session:
            found = await read_limits(session, caller.tenant_id, self._now())
        limits = [limit_message(one, for_operator=False) for one in found]
        return pb.GetLimitsResponse(limits=limits)

    async def GetTenantLimits(
        self, request: pb.GetTenantLimitsRequest, context: Context
    ) -> pb.GetTenantLimitsResponse:
        """Returns the limits of a tenant, with who set them."""
        tenant_id = _tenant(request.tenant_id)
        async with self._database.read(current_caller().scope) as session:
            found = await read_limits(session, tenant_id, self._now())
        limits = [limit_message(one, for_operator=True) for one in found]
        return pb.GetTenantLimitsResponse(limits=limits)

    async def SetTenantLimit(
        self, request: pb.SetTenantLimitRequest, context: Context
    ) -> pb.SetTenantLimitResponse:
        """Sets a limit of a tenant, or resets it to the default."""
        answer = await self._set(request)
        # It is committed: this process applies it immediately, others within seconds.
        await self._limits.fresh_value(request.tenant_id, LIMITS[answer.limit.name])
        return answer

    @once
    async def _set(
        self, session: WriteSession, request: pb.SetTenantLimitRequest
    ) -> pb.SetTenantLimitResponse:
        new = NewValue(
            tenant_id=_tenant(request.tenant_id),
            limit=limit_of("name", requests.required("name", request.name)),
            value=request.limit if request.HasField("limit") else None,
            ends_on=read_day(request.ends_on, "ends_on") if request.ends_on else None,
            set_by=current_caller().subject,
            reason=requests.prose("reason", request.reason),
            set_at=self._now(),
        )
        check_new_value(new)
        await set_value(session, new)
        found = await read_limits(session, new.tenant_id, new.set_at)
        [state] = [one for one in found if one.limit is new.limit]
        return pb.SetTenantLimitResponse(limit=limit_message(state, for_operator=True))

    async def LookupTenantLimits(
        self, request: pb.LookupTenantLimitsRequest, context: Context
    ) -> pb.LookupTenantLimitsResponse:
        """Returns the overrides of some tenants."""
        if len(request.tenant_ids) > MAX_TENANTS:
            raise InvalidArgument("tenant_ids", f"must not be more than {MAX_TENANTS:,}")
        tenant_ids = [requests.text("tenant_ids", one) for one in request.tenant_ids]
        found = await read_values(self._database, tenant_ids, self._now().date())
        return pb.LookupTenantLimitsResponse(
            values=[
                pb.LimitValue(tenant_id=tenant_id, name=name, limit=value)
                for tenant_id, values in found.items()
                for name, value in values.items()
            ]
        )


def _tenant(said: str) -> str:
    return requests.line("tenant_id", requests.required("tenant_id", said))
