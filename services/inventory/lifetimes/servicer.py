"""LookupService: resources, lifetimes and owners for other services."""

from dataclasses import astuple
from datetime import datetime
from uuid import UUID

from arcadia.inventory.v1 import lookup_service_pb2 as pb
from arcadia.inventory.v1 import lookup_service_pb2_grpc

from services.common.db.database import Database
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size
from services.inventory.lifetimes import requests, store
from services.inventory.lifetimes.messages import interval_message, lifetime_message, owner_message
from services.inventory.lifetimes.rules.lifetimes import Mark, Window, existence_page
from services.inventory.requests import batch_of_uuids, known_provider, text
from services.inventory.sync.store.projects import lookup_projects
from services.inventory.sync.store.sweeps import complete_sweep_times

__all__ = ["LookupServicer"]

MAX_KINDS = 100


class LookupServicer(lookup_service_pb2_grpc.LookupServiceServicer):
    """The lookups of billing and metering."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def LookupResources(
        self, request: pb.LookupResourcesRequest, context: Context
    ) -> pb.LookupResourcesResponse:
        """Looks up the resources that match a batch of keys."""
        provider = known_provider(request.provider)
        keys = requests.resource_keys(request)
        async with self._database.read(current_caller().scope) as session:
            found = await store.find_resources(session, provider, keys)
            lives = await store.lifetimes_of(session, sorted({one for ids in found for one in ids}))
        messages = {identifier: lifetime_message(life) for identifier, life in lives.items()}
        return pb.LookupResourcesResponse(
            results=[
                pb.ResourceCandidates(lifetimes=[messages[identifier] for identifier in ids])
                for ids in found
            ]
        )

    async def GetSweepTimes(
        self, request: pb.GetSweepTimesRequest, context: Context
    ) -> pb.GetSweepTimesResponse:
        """Returns when each kind was last seen completely."""
        if len(request.kinds) > MAX_KINDS:
            raise InvalidArgument("kinds", f"must not be more than {MAX_KINDS}")
        kinds = [text(f"kinds[{place}]", kind) for place, kind in enumerate(request.kinds)]
        async with self._database.read(current_caller().scope) as session:
            times = await complete_sweep_times(session, kinds)
        return pb.GetSweepTimesResponse(
            sweep_times=[
                pb.SweepTime(kind=kind, completed_sweep_at=times.get(kind)) for kind in kinds
            ]
        )

    async def ListLifetimes(
        self, request: pb.ListLifetimesRequest, context: Context
    ) -> pb.ListLifetimesResponse:
        """Lists the resources whose lifetime overlaps a span."""
        wanted = requests.lifetime_filter(request)
        size = internal_page_size(request.page_size)
        filters = (
            "lifetimes",
            wanted.provider,
            wanted.kind,
            wanted.deployment_id,
            str(wanted.overlap_from),
            str(wanted.overlap_to),
        )
        asked = page_request(request, filters, UUID, size=size)
        async with self._database.read(current_caller().scope) as session:
            found = await store.list_lifetimes(session, wanted, asked)
        return page_message(pb.ListLifetimesResponse, found, lifetime_message)

    async def ListExistenceIntervals(
        self, request: pb.ListExistenceIntervalsRequest, context: Context
    ) -> pb.ListExistenceIntervalsResponse:
        """Lists the intervals of resources within a span."""
        window = requests.window(request)
        wanted = requests.existence_filter(request)
        size = internal_page_size(request.page_size)
        filters = (
            "existence",
            str(window.start),
            str(window.end),
            wanted.kinds,
            wanted.deployment_id,
        )
        asked = page_request(request, filters, UUID, datetime, size=size)
        mark = Mark(*asked.after) if asked.after else None
        async with self._database.read(current_caller().scope) as session:
            now, lives = await store.existing_lifetimes(
                session,
                wanted,
                window,
                from_id=mark.resource_id if mark else None,
                limit=asked.limit,
            )
        page = existence_page(
            lives,
            Window(window.start, min(window.end, now)),
            deployment_id=wanted.deployment_id,
            after=mark,
            size=size,
        )
        return pb.ListExistenceIntervalsResponse(
            intervals=map(interval_message, page.intervals),
            next_page_token=asked.token_after(astuple(page.next)) if page.next else "",
        )

    async def LookupProjects(
        self, request: pb.LookupProjectsRequest, context: Context
    ) -> pb.LookupProjectsResponse:
        """Looks up the projects of a batch of ids, names or tenants."""
        provider = known_provider(request.provider)
        names = requests.texts("names", request.names)
        ids = batch_of_uuids("project_ids", request.project_ids)
        tenants = requests.texts("tenant_ids", request.tenant_ids)
        async with self._database.read(current_caller().scope) as session:
            rows = await lookup_projects(session, provider, names=names, ids=ids, tenants=tenants)
        return pb.LookupProjectsResponse(projects=map(owner_message, rows))
