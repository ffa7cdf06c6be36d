"""CatalogService: plans, addons and unit prices, which operators change."""

import asyncio
from datetime import date
from typing import Any, Final

from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1 import catalog_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog import requests
from services.catalog.plans import requests as plan_requests
from services.catalog.plans.apply import Applied, apply_document
from services.catalog.plans.document import hash_of, read_document, write_document
from services.catalog.plans.messages import (
    addon_message,
    change_message,
    plan_message,
    price_message,
    version_message,
)
from services.catalog.plans.publish import (
    draft_version,
    publish_version,
    redraft_version,
)
from services.catalog.plans.rules.changes import CatalogDocument
from services.catalog.plans.rules.plans import ResourcePrice
from services.catalog.plans.store.addons import create_addon, list_addons, update_addon
from services.catalog.plans.store.plans import (
    create_plan,
    list_plans,
    position_of,
    read_plan,
    rename_plan,
)
from services.catalog.plans.store.prices import create_price, list_prices
from services.catalog.plans.store.state import read_state
from services.catalog.plans.store.versions import list_versions
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument, NotFound, PermissionDenied
from services.common.identity.callers import ALL, Scope, current_caller
from services.common.rpc.paging import cut, decode_token, page_size
from services.common.values.periods import read_day

__all__ = ["CatalogServicer"]

Context = ServicerContext[Any, Any]

SOLD: Final = Scope("")
"""The scope of catalog reads: the catalog belongs to no tenant."""


class CatalogServicer(catalog_service_pb2_grpc.CatalogServiceServicer):
    """Reads and changes the catalog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ListPlans(
        self, request: pb.ListPlansRequest, context: Context
    ) -> pb.ListPlansResponse:
        """Lists plans with their active versions, cheapest first."""
        if request.include_unpublished and not current_caller().is_operator:
            raise PermissionDenied(
                "only an operator may see unpublished plans", reason="OPERATOR_ONLY"
            )
        size = page_size(request.page_size)
        filters = ("plans", request.include_unpublished)
        position = decode_token(request.page_token, filters, (int, str))
        async with self._database.read(SOLD) as session:
            found = await list_plans(
                session,
                unpublished=request.include_unpublished,
                after=(position[0], position[1]) if position else None,
                limit=size + 1,
            )
        page, token = cut(found, size, filters, position_of)
        return pb.ListPlansResponse(
            plans=map(plan_message, page),
            next_page_token=token,
        )

    async def GetPlan(self, request: pb.GetPlanRequest, context: Context) -> pb.GetPlanResponse:
        """Returns a plan with its active version."""
        code = requests.code("code", request.code)
        async with self._database.read(SOLD) as session:
            plan = await read_plan(session, code)
        if plan.active_version is None and not current_caller().is_operator:
            raise NotFound("plan", code)
        return pb.GetPlanResponse(plan=plan_message(plan))

    async def ListPlanVersions(
        self, request: pb.ListPlanVersionsRequest, context: Context
    ) -> pb.ListPlanVersionsResponse:
        """Lists the versions of a plan, newest first."""
        code, size = requests.code("plan_code", request.plan_code), page_size(request.page_size)
        filters = ("plan-versions", code)
        position = decode_token(request.page_token, filters, (int,))
        before = requests.version_number("page_token", position[0]) if position else None
        async with self._database.read(ALL) as session:
            await read_plan(session, code)
            found = await list_versions(session, code, before=before, limit=size + 1)
        page, token = cut(found, size, filters, lambda one: (one.version,))
        return pb.ListPlanVersionsResponse(
            plan_versions=map(version_message, page),
            next_page_token=token,
        )

    async def ListAddons(
        self, request: pb.ListAddonsRequest, context: Context
    ) -> pb.ListAddonsResponse:
        """Lists addons by code."""
        kind = _optional_kind(request.resource_kind)
        size, filters = page_size(request.page_size), ("addons", kind)
        position = decode_token(request.page_token, filters, (str,))
        async with self._database.read(SOLD) as session:
            after = position[0] if position else ""
            found = await list_addons(session, kind=kind, after=after, limit=size + 1)
        page, token = cut(found, size, filters, lambda one: (one.code,))
        return pb.ListAddonsResponse(
            addons=map(addon_message, page),
            next_page_token=token,
        )

    async def ListResourcePrices(
        self, request: pb.ListResourcePricesRequest, context: Context
    ) -> pb.ListResourcePricesResponse:
        """Lists the unit prices of usage without a plan item, by kind, newest first."""
        kind = _optional_kind(request.resource_kind)
        day = read_day(request.in_force_on, "in_force_on") if request.in_force_on else None
        size, filters = page_size(request.page_size), ("resource-prices", kind, request.in_force_on)
        position = decode_token(request.page_token, filters, (str, str, str))
        after = (position[0], position[1], _token_day(position[2])) if position else None
        async with self._database.read(SOLD) as session:
            found = await list_prices(session, kind=kind, day=day, after=after, limit=size + 1)
        page, token = cut(found, size, filters, _price_position)
        return pb.ListResourcePricesResponse(
            resource_prices=map(price_message, page),
            next_page_token=token,
        )

    async def ExportCatalog(
        self, request: pb.ExportCatalogRequest, context: Context
    ) -> pb.ExportCatalogResponse:
        """Returns the whole catalog as a YAML document."""
        async with self._database.read(ALL) as session:
            state = await read_state(session)
        return pb.ExportCatalogResponse(document=write_document(state), state_hash=hash_of(state))

    @once
    async def CreatePlan(
        self, session: WriteSession, request: pb.CreatePlanRequest, context: Context
    ) -> pb.CreatePlanResponse:
        """Creates a plan without a version."""
        code, name = requests.code("code", request.code), requests.name("name", request.name)
        plan = await create_plan(session, code, name)
        return pb.CreatePlanResponse(plan=plan_message(plan))

    @once
    async def UpdatePlan(
        self, session: WriteSession, request: pb.UpdatePlanRequest, context: Context
    ) -> pb.UpdatePlanResponse:
        """Renames a plan."""
        code, name = requests.code("code", request.code), requests.name("name", request.name)
        plan = await rename_plan(session, code, name)
        return pb.UpdatePlanResponse(plan=plan_message(plan))

    @once
    async def CreatePlanVersion(
        self, session: WriteSession, request: pb.CreatePlanVersionRequest, context: Context
    ) -> pb.CreatePlanVersionResponse:
        """Drafts a version of a plan."""
        code = requests.code("plan_code", request.plan_code)
        terms = plan_requests.version_terms(request)
        version = await draft_version(session, code, terms)
        return pb.CreatePlanVersionResponse(plan_version=version_message(version))

    @once
    async def UpdatePlanVersion(
        self, session: WriteSession, request: pb.UpdatePlanVersionRequest, context: Context
    ) -> pb.UpdatePlanVersionResponse:
        """Replaces a draft."""
        code = requests.code("plan_code", request.plan_code)
        number = requests.version_number("version", request.version)
        terms = plan_requests.version_terms(request)
        version = await redraft_version(session, code, number, terms)
        return pb.UpdatePlanVersionResponse(plan_version=version_message(version))

    @once
    async def PublishPlanVersion(
        self, session: WriteSession, request: pb.PublishPlanVersionRequest, context: Context
    ) -> pb.PublishPlanVersionResponse:
        """Publishes a draft as the active version and retires the previous one."""
        code = requests.code("plan_code", request.plan_code)
        number = requests.version_number("version", request.version)
        published = await publish_version(session, code, number)
        retired = published.retired
        return pb.PublishPlanVersionResponse(
            plan_version=version_message(published.version),
            retired_version=version_message(retired) if retired else None,
        )

    @once
    async def CreateAddon(
        self, session: WriteSession, request: pb.CreateAddonRequest, context: Context
    ) -> pb.CreateAddonResponse:
        """Creates an addon."""
        code, terms = requests.code("code", request.code), plan_requests.addon_terms(request)
        addon = await create_addon(session, code, terms)
        return pb.CreateAddonResponse(addon=addon_message(addon))

    @once
    async def UpdateAddon(
        self, session: WriteSession, request: pb.UpdateAddonRequest, context: Context
    ) -> pb.UpdateAddonResponse:
        """Changes the terms of an addon for future attachments."""
        code = requests.code("code", request.code)
        qty = plan_requests.qty_above_0("qty", request.qty) if request.HasField("qty") else None
        cents = (
            plan_requests.cents("price_cents", request.price_cents)
            if request.HasField("price_cents")
            else None
        )
        if qty is None and cents is None:
            raise InvalidArgument("price_cents", "or qty is required", reason="FIELD_REQUIRED")
        addon = await update_addon(session, code, qty=qty, price_cents=cents)
        return pb.UpdateAddonResponse(addon=addon_message(addon))

    @once
    async def CreateResourcePrice(
        self, session: WriteSession, request: pb.CreateResourcePriceRequest, context: Context
    ) -> pb.CreateResourcePriceResponse:
        """Sets a unit price from a day on."""
        price = plan_requests.unit_price(request)
        made = await create_price(session, price)
        return pb.CreateResourcePriceResponse(resource_price=price_message(made))

    async def ApplyCatalog(
        self, request: pb.ApplyCatalogRequest, context: Context
    ) -> pb.ApplyCatalogResponse:
        """Applies a document atomically, or returns the changes that it would make."""
        requests.required("document", request.document)
        # A long document takes a second, so it must not block the event loop.
        wanted = await asyncio.to_thread(read_document, request.document)
        if not request.validate_only:
            return await self._apply(request, wanted)
        async with self._database.write(ALL) as session:
            return _applied(
                await apply_document(session, wanted, shown=request.state_hash, validate_only=True)
            )

    @once
    async def _apply(
        self, session: WriteSession, request: pb.ApplyCatalogRequest, wanted: CatalogDocument
    ) -> pb.ApplyCatalogResponse:
        applied = await apply_document(
            session, wanted, shown=request.state_hash, validate_only=False
        )
        return _applied(applied)


def _applied(applied: Applied) -> pb.ApplyCatalogResponse:
    return pb.ApplyCatalogResponse(
        changes=map(change_message, applied.changes), state_hash=applied.state_hash
    )


def _optional_kind(kind: str) -> str:
    return requests.usage_kind("resource_kind", kind) if kind else ""


def _price_position(kept: ResourcePrice) -> tuple[str, str, str]:
    price = kept.price
    return (price.resource_kind, price.currency, price.effective_from.isoformat())


def _token_day(text: str) -> date:
    return read_day(text, "page_token")
