"""AuditService: returns a service's own log, and queries the other services."""

import asyncio
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from arcadia.common.v1 import audit_pb2 as pb
from arcadia.common.v1 import audit_pb2_grpc
from grpc.aio import AioRpcError

from services.common.audit.chain import verify_links
from services.common.audit.entries import Outcome
from services.common.audit.messages import PAGE_BYTES, entry_message, page_of, position_of
from services.common.audit.store import reading
from services.common.audit.store.reading import Filter
from services.common.db.database import Database
from services.common.errors import InvalidArgument, Unavailable
from services.common.identity.callers import ALL, Scope, current_caller
from services.common.rpc.clients import open_channel
from services.common.rpc.fields import one_of
from services.common.rpc.messages import message_of, messages_of
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.rpc.wire import Context, instant_of, text, timestamp, uuid_of
from services.common.settings import Service, Settings
from services.common.values.clock import utc_now

if TYPE_CHECKING:
    from arcadia.common.v1.audit_pb2_grpc import AuditServiceAsyncStub

__all__ = ["AuditServicer"]

LARGEST_PAGE: Final = 100
"""An entry has up to a hundred kilobytes."""

DEFAULT_SPAN: Final = timedelta(days=90)
"""The default period of a search without a beginning, because a log has years of entries."""

LINKS_A_PAGE: Final = 1_000
LINK_BYTES: Final = 4_000_000
"""Maximum size of the entries that one call verifies; an entry has up to 120,000."""
MAX_UNLINKED: Final = 5

NAMES: Final = ("object", "actor", "tenant_id", "rpc", "outcome", "by_request_id")


class AuditServicer(audit_pb2_grpc.AuditServiceServicer):
    """Reads the audit log."""

    def __init__(self, service: Service, settings: Settings, database: Database) -> None:
        self._service = service
        self._database = database
        self._peer = cache(lambda peer: _peer(settings, peer, caller=service))

    async def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: Context
    ) -> pb.ListAuditEntriesResponse:
        """Entries of all services, newest first."""
        caller = current_caller()
        size = min(page_size(request.page_size), LARGEST_PAGE)
        services = list(Service)
        if request.service:
            services = [Service(one_of("service", request.service, list(Service)))]
        wanted = _filter(request)
        filters = ("audit", request.service, str(wanted), caller.scope.tenant_id or "")
        position = decode_token(request.page_token, filters, (str, str))
        asked = pb.ReadAuditEntriesRequest(
            filter=request,
            tenant_id=caller.scope.tenant_id or "",
            position_at=timestamp(_instant("page_token", position[0])) if position else None,
            position_id=str(uuid_of("page_token", position[1])) if position else "",
        )
        asked.filter.page_size = size
        if wanted.after is None:
            asked.filter.after = _begin(wanted.before or utc_now()).isoformat()
        read = await asyncio.gather(*(self._read(service, asked) for service in services))
        entries = [entry for answer in read for entry in answer.entries]
        entries.sort(key=position_of, reverse=True)
        page = page_of(entries, size)
        response = pb.ListAuditEntriesResponse()
        for entry in page:
            response.entries.append(entry_message(entry, operator=caller.is_operator))
            await asyncio.sleep(0)  # let other calls run between large entries
        if len(page) < len(entries) or any(answer.more for answer in read):
            response.next_page_token = encode_token(filters, position_of(page[-1]))
        return response

    async def ReadAuditEntries(
        self, request: pb.ReadAuditEntriesRequest, context: Context
    ) -> pb.ReadAuditEntriesResponse:
        """Entries of this service alone."""
        wanted = _filter(request.filter)
        scope = Scope(request.tenant_id) if request.tenant_id else ALL
        before = None
        if request.position_id:
            before = (
                instant_of(request.position_at, "position_at"),
                uuid_of("position_id", request.position_id),
            )
        limit = min(max(request.filter.page_size, 1), LARGEST_PAGE) + 1
        async with self._database.read(scope) as session:
            kept = await reading.list_entries(
                session, wanted, scope, before=before, limit=limit, max_bytes=PAGE_BYTES
            )
        page = kept[: limit - 1]
        return pb.ReadAuditEntriesResponse(
            entries=messages_of(pb.KeptAuditEntry, page),
            more=bool(page) and len(page) < kept[0].found,
        )

    async def VerifyAuditLog(
        self, request: pb.VerifyAuditLogRequest, context: Context
    ) -> pb.VerifyAuditLogResponse:
        """Verifies a part of the chain of one service."""
        service = Service(one_of("service", request.service, list(Service)))
        for name in ("after_seq", "page_size"):
            if getattr(request, name) < 0:
                raise InvalidArgument(name, "must not be negative")
        asked = pb.CheckAuditLinksRequest(after_seq=request.after_seq, page_size=request.page_size)
        if service is self._service:
            return (await self.CheckAuditLinks(asked, context)).verification
        try:
            return (await self._peer(service).CheckAuditLinks(asked)).verification
        except AioRpcError as error:
            raise _does_not_answer(service, error) from error

    async def CheckAuditLinks(
        self, request: pb.CheckAuditLinksRequest, context: Context
    ) -> pb.CheckAuditLinksResponse:
        """Verifies a part of this service's chain."""
        size = min(max(request.page_size, 0) or LINKS_A_PAGE, LINKS_A_PAGE)
        async with self._database.read(ALL) as session:
            before, links, complete = await reading.links_after(
                session, request.after_seq, limit=size, max_bytes=LINK_BYTES
            )
            found = verify_links(request.after_seq, before, links, await reading.kept_from(session))
            strays = await reading.unlinked_entries(session, MAX_UNLINKED) if complete else []
        faults = [*found.faults, *(f"the entry {stray} is not in the chain" for stray in strays)]
        return pb.CheckAuditLinksResponse(
            verification=message_of(
                pb.VerifyAuditLogResponse, found, faults=faults, complete=complete
            )
        )

    async def _read(
        self, service: Service, asked: pb.ReadAuditEntriesRequest
    ) -> pb.ReadAuditEntriesResponse:
        if service is self._service:
            return await self.ReadAuditEntries(asked, None)  # type: ignore[arg-type]  # not used
        try:
            return await self._peer(service).ReadAuditEntries(asked)
        except AioRpcError as error:
            raise _does_not_answer(service, error) from error


def _peer(settings: Settings, service: Service, *, caller: Service) -> "AuditServiceAsyncStub":
    return audit_pb2_grpc.AuditServiceStub(open_channel(settings, service, caller=caller))


def _does_not_answer(service: Service, error: AioRpcError) -> Unavailable:
    """Raises Unavailable, because a list without the entries of a service would look complete."""
    return Unavailable(
        f"the service {service} does not answer ({error.code().name}: {error.details()}): name"
        " another one by `service` to read its entries alone",
        reason="PEER_UNAVAILABLE",
        metadata={"service": service},
    )


def _filter(request: pb.ListAuditEntriesRequest) -> Filter:
    named = {name: text(name, getattr(request, name)) for name in NAMES}
    if named["outcome"]:
        one_of("outcome", named["outcome"], list(Outcome))
    return Filter(
        **named,
        after=_instant("after", request.after) if request.after else None,
        before=_instant("before", request.before) if request.before else None,
    )


def _begin(before: datetime) -> datetime:
    """The default beginning of a search."""
    return before - min(DEFAULT_SPAN, before - datetime.min.replace(tzinfo=before.tzinfo))


def _instant(field: str, said: str) -> datetime:
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InvalidArgument(field, "is not an instant with its offset, as 2026-04-10T12:00:00Z")
    return instant
