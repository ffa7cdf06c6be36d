"""CatalogService: plans, addons and unit prices, which operators change."""

import asyncio
from datetime import date
from typing import Final

from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1 import catalog_service_pb2_grpc

from kinds.metering import METERS
from services.catalog import requests
from services.catalog.meters.declare import meters_for_sale
from services.catalog.meters.rules.meters import Meters
from services.catalog.meters.store.meters import read_meters
from services.catalog.plans import requests as plan_requests
from services.catalog.plans.apply import Applied, apply_document
from services.catalog.plans.document import hash_of, read_document, write_document
from services.catalog.plans.publish import draft_version, publish_version, redraft_version
from services.catalog.plans.rules.changes import CatalogDocument
from services.catalog.plans.set_price import set_price
from services.catalog.plans.store import plans
from services.catalog.plans.store.addons import create_addon, list_addons, update_addon
from services.catalog.plans.store.prices import list_prices
from services.catalog.plans.store.versions import list_versions
from services.common.db.database import Database, ReadSession, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument, NotFound, PermissionDenied
from services.common.identity.callers import ALL, Scope, current_caller
from services.common.rpc.fields import given
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import Position, page_request
from services.common.rpc.wire import Context
from services.common.values.clock import Clock
from services.common.values.periods import optional_day

__all__ = ["CatalogServicer"]


SOLD: Final = Scope("")
"""The scope of catalog reads: the catalog belongs to no tenant."""


class CatalogServicer(catalog_service_pb2_grpc.CatalogServiceServicer):
    """Reads and changes the catalog."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def ListPlans(
        self, request: pb.ListPlansRequest, context: Context
    ) -> pb.ListPlansResponse:
        """Lists plans with their active versions, cheapest first."""
        if request.include_unpublished and not current_caller().is_operator:
            raise PermissionDenied(
                "only an operator may see unpublished plans", reason="OPERATOR_ONLY"
            )
        asked = page_request(request, ("plans", request.include_unpublished), int, str)
        async with self._database.read(SOLD) as session:
            found = await plans.list_plans(session, asked, unpublished=request.include_unpublished)
        return page_message(pb.ListPlansResponse, found)

    async def GetPlan(self, request: pb.GetPlanRequest, context: Context) -> pb.GetPlanResponse:
        """Returns a plan with its active version."""
        code = requests.code("code", request.code)
        async with self._database.read(SOLD) as session:
            plan = await plans.read_plan(session, code)
        if plan.active_version is None and not current_caller().is_operator:
            raise NotFound("plan", code)
        return message_of(pb.GetPlanResponse, plan=plan)

    async def ListPlanVersions(
        self, request: pb.ListPlanVersionsRequest, context: Context
    ) -> pb.ListPlanVersionsResponse:
        """Lists the versions of a plan, newest first."""
        code = requests.code("plan_code", request.plan_code)
        asked = page_request(request, ("plan-versions", code), Position)
        async with self._database.read(ALL) as session:
            await plans.read_plan(session, code)
            found = await list_versions(session, code, asked)
        return page_message(pb.ListPlanVersionsResponse, found)

    async def ListAddons(
        self, request: pb.ListAddonsRequest, context: Context
    ) -> pb.ListAddonsResponse:
        """Lists addons by code."""
        kind = request.resource_kind
        asked = page_request(request, ("addons", kind), str)
        async with self._database.read(SOLD) as session:
            await _check_kind(session, kind)
            found = await list_addons(session, kind, asked)
        return page_message(pb.ListAddonsResponse, found)

    async def ListResourcePrices(
        self, request: pb.ListResourcePricesRequest, context: Context
    ) -> pb.ListResourcePricesResponse:
        """Lists the unit prices of usage without a plan item, by kind, newest first."""
        kind = request.resource_kind
        day = optional_day(request.in_force_on, "in_force_on")
        filters = ("resource-prices", kind, request.in_force_on)
        asked = page_request(request, filters, str, str, str, date)
        async with self._database.read(SOLD) as session:
            await _check_kind(session, kind)
            found = await list_prices(session, asked, kind=kind, day=day)
        return page_message(pb.ListResourcePricesResponse, found)

    async def ExportCatalog(
        self, request: pb.ExportCatalogRequest, context: Context
    ) -> pb.ExportCatalogResponse:
        """Returns the whole catalog as a YAML document."""
        async with self._database.read(ALL) as session:
            state = await plans.read_state(session)
        return pb.ExportCatalogResponse(document=write_document(state), state_hash=hash_of(state))

    @once
    async def CreatePlan(
        self, session: WriteSession, request: pb.CreatePlanRequest, context: Context
    ) -> pb.CreatePlanResponse:
        """Creates a plan without a version."""
        code, name = requests.code("code", request.code), requests.name("name", request.name)
        plan = await plans.create_plan(session, code, name)
        return message_of(pb.CreatePlanResponse, plan=plan)

    @once
    async def UpdatePlan(
        self, session: WriteSession, request: pb.UpdatePlanRequest, context: Context
    ) -> pb.UpdatePlanResponse:
        """Renames a plan."""
        code, name = requests.code("code", request.code), requests.name("name", request.name)
        plan = await plans.rename_plan(session, code, name)
        return message_of(pb.UpdatePlanResponse, plan=plan)

    @once
    async def CreatePlanVersion(
        self, session: WriteSession, request: pb.CreatePlanVersionRequest, context: Context
    ) -> pb.CreatePlanVersionResponse:
        """Drafts a version of a plan."""
        code = requests.code("plan_code", request.plan_code)
        terms = plan_requests.version_terms(request, await meters_for_sale(session))
        version = await draft_version(session, code, terms)
        return message_of(pb.CreatePlanVersionResponse, plan_version=version)

    @once
    async def UpdatePlanVersion(
        self, session: WriteSession, request: pb.UpdatePlanVersionRequest, context: Context
    ) -> pb.UpdatePlanVersionResponse:
        """Replaces a draft."""
        code = requests.code("plan_code", request.plan_code)
        number = requests.version_number("version", request.version)
        terms = plan_requests.version_terms(request, await meters_for_sale(session))
        version = await redraft_version(session, code, number, terms)
        return message_of(pb.UpdatePlanVersionResponse, plan_version=version)

    @once
    async def PublishPlanVersion(
        self, session: WriteSession, request: pb.PublishPlanVersionRequest, context: Context
    ) -> pb.PublishPlanVersionResponse:
        """Publishes a draft as the active version and retires the previous one."""
        code = requests.code("plan_code", request.plan_code)
        number = requests.version_number("version", request.version)
        published = await publish_version(session, code, number)
        return message_of(pb.PublishPlanVersionResponse, published)

    @once
    async def CreateAddon(
        self, session: WriteSession, request: pb.CreateAddonRequest, context: Context
    ) -> pb.CreateAddonResponse:
        """Creates an addon."""
        code = requests.code("code", request.code)
        terms = plan_requests.addon_terms(request, await meters_for_sale(session))
        addon = await create_addon(session, code, terms)
        return message_of(pb.CreateAddonResponse, addon=addon)

    @once
    async def UpdateAddon(
        self, session: WriteSession, request: pb.UpdateAddonRequest, context: Context
    ) -> pb.UpdateAddonResponse:
        """Changes the terms of an addon for future attachments."""
        code = requests.code("code", request.code)
        qty = given(request, "qty", plan_requests.qty_above_0)
        cents = given(request, "price_cents", plan_requests.cents)
        if qty is None and cents is None:
            raise InvalidArgument("price_cents", "or qty is required", reason="FIELD_REQUIRED")
        addon = await update_addon(session, code, qty=qty, price_cents=cents)
        return message_of(pb.UpdateAddonResponse, addon=addon)

    @once
    async def CreateResourcePrice(
        self, session: WriteSession, request: pb.CreateResourcePriceRequest, context: Context
    ) -> pb.CreateResourcePriceResponse:
        """Sets a unit price from a day on."""
        price = plan_requests.unit_price(request, await meters_for_sale(session))
        made = await set_price(session, price)
        return message_of(pb.CreateResourcePriceResponse, resource_price=made)

    async def ApplyCatalog(
        self, request: pb.ApplyCatalogRequest, context: Context
    ) -> pb.ApplyCatalogResponse:
        """Applies a document atomically, or returns the changes that it would make."""
        requests.required("document", request.document)
        # A long document takes a second, so it must not block the event loop.
        async with self._database.read(ALL) as session:
            meters = await read_meters(session)
        wanted = await asyncio.to_thread(read_document, request.document, meters=meters)
        if not request.validate_only:
            return await self._apply(request, wanted, meters)
        async with self._database.write(ALL) as session:
            applied = await self._applied(session, request, wanted, meters)
        return message_of(pb.ApplyCatalogResponse, applied)

    @once
    async def _apply(
        self,
        session: WriteSession,
        request: pb.ApplyCatalogRequest,
        wanted: CatalogDocument,
        meters: Meters,
    ) -> pb.ApplyCatalogResponse:
        applied = await self._applied(session, request, wanted, meters)
        return message_of(pb.ApplyCatalogResponse, applied)

    async def _applied(
        self,
        session: WriteSession,
        request: pb.ApplyCatalogRequest,
        wanted: CatalogDocument,
        meters: Meters,
    ) -> Applied:
        return await apply_document(
            session,
            wanted,
            shown=request.state_hash,
            validate_only=request.validate_only,
            by=current_caller().subject,
            now=self._now(),
            meters=meters,
        )


async def _check_kind(session: ReadSession, kind: str) -> None:
    if kind and kind not in METERS:
        (await read_meters(session)).known("resource_kind", kind)
