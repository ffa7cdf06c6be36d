"""CatalogService: proto to domain and back. Operators change what is sold."""

import asyncio
from typing import Any

from arcadia.catalog.v1 import catalog_service_pb2 as pb
from grpc.aio import ServicerContext

from services.catalog import requests
from services.catalog.plans import requests as plan_requests
from services.catalog.plans.apply import apply_document
from services.catalog.plans.catalog_reading import CatalogReading
from services.catalog.plans.document import read_document
from services.catalog.plans.messages import (
    addon_message,
    change_message,
    plan_message,
    price_message,
    version_message,
)
from services.catalog.plans.publish import draft_version, publish_version, redraft_version
from services.catalog.plans.store.addons import create_addon, update_addon
from services.catalog.plans.store.plans import create_plan, rename_plan
from services.catalog.plans.store.prices import create_price
from services.common.db.idempotency import once
from services.common.errors import InvalidArgument
from services.common.rpc.access import ALL

__all__ = ["CatalogServicer"]

Context = ServicerContext[Any, Any]


class CatalogServicer(CatalogReading):
    """What is sold, and at what price."""

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
        number = requests.version_number("version", request.version)
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
        number = requests.version_number("version", request.version)
        async with self._database.write(ALL) as session:

            async def do() -> pb.PublishPlanVersionResponse:
                published = await publish_version(session, code, number)
                retired = published.retired
                return pb.PublishPlanVersionResponse(
                    plan_version=version_message(published.version),
                    retired_version=version_message(retired) if retired else None,
                )

            return await once(session, request, pb.PublishPlanVersionResponse, do)

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

    async def ApplyCatalog(  # noqa: N802
        self, request: pb.ApplyCatalogRequest, context: Context
    ) -> pb.ApplyCatalogResponse:
        """Brings the catalog to what a document says, all or nothing, or says how it would."""
        requests.required("document", request.document)
        # A long document takes a second: others are answered meanwhile.
        wanted = await asyncio.to_thread(read_document, request.document)
        async with self._database.write(ALL) as session:

            async def do() -> pb.ApplyCatalogResponse:
                applied = await apply_document(
                    session,
                    wanted,
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
