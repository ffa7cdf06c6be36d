"""CatalogService: proto to domain and back. Everybody reads what is sold, operators change it."""

from datetime import date
from typing import Any, Final

from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1 import catalog_service_pb2_grpc
from grpc.aio import ServicerContext

from services.catalog import plan_requests, requests
from services.catalog.applying import apply_document
from services.catalog.catalog_messages import (
    addon_message,
    change_message,
    plan_message,
    price_message,
    version_message,
)
from services.catalog.document import hash_of, read_document, write_document
from services.catalog.plans import ResourcePrice
from services.catalog.store.addons import create_addon, list_addons, update_addon
from services.catalog.store.drafting import (
    draft_version,
    list_versions,
    publish_version,
    redraft_version,
)
from services.catalog.store.plans import (
    create_plan,
    list_plans,
    position_of,
    read_plan,
    rename_plan,
)
from services.catalog.store.prices import create_price, list_prices
from services.catalog.store.state import read_state
from services.common.access import ALL, Scope, current_caller
from services.common.database import Database
from services.common.errors import InvalidArgument, NotFound, PermissionDenied
from services.common.idempotency import once
from services.common.paging import decode_token, encode_token, page_size
from services.common.periods import read_day

__all__ = ["CatalogServicer"]

Context = ServicerContext[Any, Any]

SOLD: Final = Scope("")
"""What is sold belongs to no tenant: whoever asks for it sees no tenant's rows."""


class CatalogServicer(catalog_service_pb2_grpc.CatalogServiceServicer):
    """What is sold, and at what price."""

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

    async def CreatePlan(  # noqa: N802
        self, request: pb.CreatePlanRequest, context: Context
    ) -> pb.CreatePlanResponse:
        """Makes a plan, without a version yet."""
        code, name = requests.code("code", request.code), requests.name("name", request.name)
        async with self._database.write(ALL) as session:

            async def do() -> pb.CreatePlanResponse:
                plan = await create_plan(session, code, name)
                return pb.CreatePlanResponse(plan=plan_message(plan))

            return await once(session, request, pb.CreatePlanResponse, do)

    async def UpdatePlan(  # noqa: N802
        self, request: pb.UpdatePlanRequest, context: Context
    ) -> pb.UpdatePlanResponse:
        """Renames a plan."""
        code, name = requests.code("code", request.code), requests.name("name", request.name)
        async with self._database.write(ALL) as session:

            async def do() -> pb.UpdatePlanResponse:
                plan = await rename_plan(session, code, name)
                return pb.UpdatePlanResponse(plan=plan_message(plan))

            return await once(session, request, pb.UpdatePlanResponse, do)

    async def ListPlanVersions(  # noqa: N802
        self, request: pb.ListPlanVersionsRequest, context: Context
    ) -> pb.ListPlanVersionsResponse:
        """The versions of a plan, newest first."""
        code, size = requests.code("plan_code", request.plan_code), page_size(request.page_size)
        filters = ("plan-versions", code)
        position = decode_token(request.page_token, filters, (int,))
        before = _version("page_token", position[0]) if position else None
        async with self._database.read(ALL) as session:
            found = await list_versions(session, code, before=before, limit=size + 1)
        page = found[:size]
        return pb.ListPlanVersionsResponse(
            plan_versions=map(version_message, page),
            next_page_token=encode_token(filters, (page[-1].version,)) if len(found) > size else "",
        )

    async def CreatePlanVersion(  # noqa: N802
        self, request: pb.CreatePlanVersionRequest, context: Context
    ) -> pb.CreatePlanVersionResponse:
        """Drafts a version of a plan."""
        code = requests.code("plan_code", request.plan_code)
        terms = plan_requests.version_terms(request)
        async with self._database.write(ALL) as session:

            async def do() -> pb.CreatePlanVersionResponse:
                version = await draft_version(session, code, terms)
                return pb.CreatePlanVersionResponse(plan_version=version_message(version))

            return await once(session, request, pb.CreatePlanVersionResponse, do)

    async def UpdatePlanVersion(  # noqa: N802
        self, request: pb.UpdatePlanVersionRequest, context: Context
    ) -> pb.UpdatePlanVersionResponse:
        """Replaces a draft."""
        code = requests.code("plan_code", request.plan_code)
        number = _version("version", request.version)
        terms = plan_requests.version_terms(request)
        async with self._database.write(ALL) as session:

            async def do() -> pb.UpdatePlanVersionResponse:
                version = await redraft_version(session, code, number, terms)
                return pb.UpdatePlanVersionResponse(plan_version=version_message(version))

            return await once(session, request, pb.UpdatePlanVersionResponse, do)

    async def PublishPlanVersion(  # noqa: N802
        self, request: pb.PublishPlanVersionRequest, context: Context
    ) -> pb.PublishPlanVersionResponse:
        """Makes a draft the active version, and retires the one before."""
        code = requests.code("plan_code", request.plan_code)
        number = _version("version", request.version)
        async with self._database.write(ALL) as session:

            async def do() -> pb.PublishPlanVersionResponse:
                published = await publish_version(session, code, number)
                retired = published.retired
                return pb.PublishPlanVersionResponse(
                    plan_version=version_message(published.version),
                    retired_version=version_message(retired) if retired else None,
                )

            return await once(session, request, pb.PublishPlanVersionResponse, do)

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

    async def CreateAddon(  # noqa: N802
        self, request: pb.CreateAddonRequest, context: Context
    ) -> pb.CreateAddonResponse:
        """Makes an addon."""
        code, terms = requests.code("code", request.code), plan_requests.addon_terms(request)
        async with self._database.write(ALL) as session:

            async def do() -> pb.CreateAddonResponse:
                addon = await create_addon(session, code, terms)
                return pb.CreateAddonResponse(addon=addon_message(addon))

            return await once(session, request, pb.CreateAddonResponse, do)

    async def UpdateAddon(  # noqa: N802
        self, request: pb.UpdateAddonRequest, context: Context
    ) -> pb.UpdateAddonResponse:
        """Changes what an addon will cost and hold for those who attach it from now on."""
        code = requests.code("code", request.code)
        qty = plan_requests.qty_above_0("qty", request.qty) if request.HasField("qty") else None
        cents = (
            plan_requests.cents("price_cents", request.price_cents)
            if request.HasField("price_cents")
            else None
        )
        if qty is None and cents is None:
            raise InvalidArgument("price_cents", "or qty is required", reason="FIELD_REQUIRED")
        async with self._database.write(ALL) as session:

            async def do() -> pb.UpdateAddonResponse:
                addon = await update_addon(session, code, qty=qty, price_cents=cents)
                return pb.UpdateAddonResponse(addon=addon_message(addon))

            return await once(session, request, pb.UpdateAddonResponse, do)

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

    async def CreateResourcePrice(  # noqa: N802
        self, request: pb.CreateResourcePriceRequest, context: Context
    ) -> pb.CreateResourcePriceResponse:
        """Sets a unit price from a day on."""
        price = plan_requests.unit_price(request)
        async with self._database.write(ALL) as session:

            async def do() -> pb.CreateResourcePriceResponse:
                made = await create_price(session, price)
                return pb.CreateResourcePriceResponse(resource_price=price_message(made))

            return await once(session, request, pb.CreateResourcePriceResponse, do)

    async def ExportCatalog(  # noqa: N802
        self, request: pb.ExportCatalogRequest, context: Context
    ) -> pb.ExportCatalogResponse:
        """The whole catalog as one YAML document."""
        async with self._database.read(ALL) as session:
            state = await read_state(session)
        return pb.ExportCatalogResponse(document=write_document(state), state_hash=hash_of(state))

    async def ApplyCatalog(  # noqa: N802
        self, request: pb.ApplyCatalogRequest, context: Context
    ) -> pb.ApplyCatalogResponse:
        """Brings the catalog to what a document says, all or nothing, or says how it would."""
        requests.required("document", request.document)
        async with self._database.write(ALL) as session:

            async def do() -> pb.ApplyCatalogResponse:
                applied = await apply_document(
                    session,
                    read_document(request.document),
                    shown=request.state_hash,
                    validate_only=request.validate_only,
                )
                return pb.ApplyCatalogResponse(
                    changes=map(change_message, applied.changes), state_hash=applied.state_hash
                )

            return (
                await do()
                if request.validate_only
                else await once(session, request, pb.ApplyCatalogResponse, do)
            )


def _version(field: str, number: int) -> int:
    if not 1 <= number < 2**31:
        raise InvalidArgument(field, "must be at least 1", reason="OUT_OF_RANGE")
    return number


def _optional_kind(kind: str) -> str:
    return requests.usage_kind("resource_kind", kind) if kind else ""


def _price_position(kept: ResourcePrice) -> tuple[str, str, str]:
    price = kept.price
    return (price.resource_kind, price.currency, price.effective_from.isoformat())


def _token_day(text: str) -> date:
    return read_day(text, "page_token")
