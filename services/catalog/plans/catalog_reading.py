"""The reading half of CatalogService: everybody reads what is sold."""

from datetime import date
from typing import Any, Final

from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1 import catalog_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog import requests
from services.catalog.plans.document import hash_of, write_document
from services.catalog.plans.messages import (
    addon_message,
    plan_message,
    price_message,
    version_message,
)
from services.catalog.plans.publish import list_versions
from services.catalog.plans.rules.plans import ResourcePrice
from services.catalog.plans.store.addons import list_addons
from services.catalog.plans.store.plans import list_plans, position_of, read_plan
from services.catalog.plans.store.prices import list_prices
from services.catalog.plans.store.state import read_state
from services.common.db.database import Database
from services.common.errors import NotFound, PermissionDenied
from services.common.rpc.access import ALL, Scope, current_caller
from services.common.rpc.paging import decode_token, encode_token, page_size
from services.common.values.periods import read_day

__all__ = ["CatalogReading"]

Context = ServicerContext[Any, Any]

SOLD: Final = Scope("")
"""What is sold belongs to no tenant: whoever asks for it sees no tenant's rows."""


class CatalogReading(catalog_service_pb2_grpc.CatalogServiceServicer):
    """What is sold, read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ListPlans(  # noqa: N802
        self, request: pb.ListPlansRequest, context: Context
    ) -> pb.ListPlansResponse:
        """The plans with their active versions, cheapest first."""
        if request.include_unpublished and not current_caller().is_operator:
            raise PermissionDenied(
                "only an operator sees plans that are not published", reason="OPERATOR_ONLY"
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
        page = found[:size]
        return pb.ListPlansResponse(
            plans=map(plan_message, page),
            next_page_token=(
                encode_token(filters, position_of(page[-1])) if len(found) > size else ""
            ),
        )

    async def GetPlan(  # noqa: N802
        self, request: pb.GetPlanRequest, context: Context
    ) -> pb.GetPlanResponse:
        """One plan with its active version."""
        code = requests.code("code", request.code)
        async with self._database.read(SOLD) as session:
            plan = await read_plan(session, code)
        if plan.active_version is None and not current_caller().is_operator:
            raise NotFound("plan", code)
        return pb.GetPlanResponse(plan=plan_message(plan))

    async def ListPlanVersions(  # noqa: N802
        self, request: pb.ListPlanVersionsRequest, context: Context
    ) -> pb.ListPlanVersionsResponse:
        """The versions of a plan, newest first."""
        code, size = requests.code("plan_code", request.plan_code), page_size(request.page_size)
        filters = ("plan-versions", code)
        position = decode_token(request.page_token, filters, (int,))
        before = requests.version_number("page_token", position[0]) if position else None
        async with self._database.read(ALL) as session:
            found = await list_versions(session, code, before=before, limit=size + 1)
        page = found[:size]
        return pb.ListPlanVersionsResponse(
            plan_versions=map(version_message, page),
            next_page_token=encode_token(filters, (page[-1].version,)) if len(found) > size else "",
        )

    async def ListAddons(  # noqa: N802
        self, request: pb.ListAddonsRequest, context: Context
    ) -> pb.ListAddonsResponse:
        """The addons, by code."""
        kind = _optional_kind(request.resource_kind)
        size, filters = page_size(request.page_size), ("addons", kind)
        position = decode_token(request.page_token, filters, (str,))
        async with self._database.read(SOLD) as session:
            after = position[0] if position else ""
            found = await list_addons(session, kind=kind, after=after, limit=size + 1)
        page = found[:size]
        return pb.ListAddonsResponse(
            addons=map(addon_message, page),
            next_page_token=encode_token(filters, (page[-1].code,)) if len(found) > size else "",
        )

    async def ListResourcePrices(  # noqa: N802
        self, request: pb.ListResourcePricesRequest, context: Context
    ) -> pb.ListResourcePricesResponse:
        """The unit prices of usage that no plan item covers, by kind, newest first."""
        kind = _optional_kind(request.resource_kind)
        day = read_day(request.in_force_on, "in_force_on") if request.in_force_on else None
        size, filters = page_size(request.page_size), ("resource-prices", kind, request.in_force_on)
        position = decode_token(request.page_token, filters, (str, str, str))
        after = (position[0], position[1], _token_day(position[2])) if position else None
        async with self._database.read(SOLD) as session:
            found = await list_prices(session, kind=kind, day=day, after=after, limit=size + 1)
        page = found[:size]
        return pb.ListResourcePricesResponse(
            resource_prices=map(price_message, page),
            next_page_token=(
                encode_token(filters, _price_position(page[-1])) if len(found) > size else ""
            ),
        )

    async def ExportCatalog(  # noqa: N802
        self, request: pb.ExportCatalogRequest, context: Context
    ) -> pb.ExportCatalogResponse:
        """The whole catalog as one YAML document."""
        async with self._database.read(ALL) as session:
            state = await read_state(session)
        return pb.ExportCatalogResponse(document=write_document(state), state_hash=hash_of(state))


def _optional_kind(kind: str) -> str:
    return requests.usage_kind("resource_kind", kind) if kind else ""


def _price_position(kept: ResourcePrice) -> tuple[str, str, str]:
    price = kept.price
    return (price.resource_kind, price.currency, price.effective_from.isoformat())


def _token_day(text: str) -> date:
    return read_day(text, "page_token")
