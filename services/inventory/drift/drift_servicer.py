"""DriftService: operators read drift and decide on it."""

from operator import attrgetter
from typing import Final
from uuid import UUID

from arcadia.inventory.v1 import drift_service_pb2 as pb
from arcadia.inventory.v1 import drift_service_pb2_grpc

from contracts.drift import revert_drift
from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import InvalidArgument
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context
from services.inventory.drift import requests
from services.inventory.drift.close import accept, begin_revert, create_rule, require_revertible
from services.inventory.drift.messages import drift_message, drift_writer, json_of, spec_message
from services.inventory.drift.rules.specs import DesiredSpec, taken_from
from services.inventory.drift.store.drifts import list_drifts, read_drift
from services.inventory.drift.store.ignore_rules import delete_rule, list_rules
from services.inventory.drift.store.prices import read_list_prices
from services.inventory.drift.store.specs import read_spec, read_specifiable, record_specs
from services.inventory.requests import current_cause, known_kind, uuid_of
from services.inventory.resources.store.reading import read_resource

__all__ = ["DriftServicer"]

FILTERS: Final = attrgetter(
    "status", "kind", "resource_id", "tenant_id", "deployment_id", "field", "muted"
)
"""The filters that a page token is bound to; not the size."""


class DriftServicer(drift_service_pb2_grpc.DriftServiceServicer):
    """Reads drifts, specs and ignore rules, and changes them."""

    def __init__(self, database: Database, flows: FlowClient) -> None:
        self._database = database
        self._flows = flows

    async def ListDrifts(
        self, request: pb.ListDriftsRequest, context: Context
    ) -> pb.ListDriftsResponse:
        """Lists drifts, newest first."""
        wanted = requests.drift_filter(request)
        asked = page_request(request, ("drifts", *FILTERS(request)), UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_drifts(session, wanted, asked)
            prices = await read_list_prices(session)
        return page_message(pb.ListDriftsResponse, found, drift_writer(prices))

    async def GetDrift(self, request: pb.GetDriftRequest, context: Context) -> pb.GetDriftResponse:
        """One drift."""
        drift_id = uuid_of("id", request.id)
        async with self._database.read(current_caller().scope) as session:
            drift = await read_drift(session, drift_id)
            prices = await read_list_prices(session)
        return pb.GetDriftResponse(drift=drift_message(drift, prices))

    @once
    async def AcceptDrift(
        self, session: WriteSession, request: pb.AcceptDriftRequest, context: Context
    ) -> pb.AcceptDriftResponse:
        """Accepts a drift: makes the live value the desired one."""
        caller = current_caller()
        drift_id = uuid_of("id", request.id)
        cause = current_cause()
        drift = await accept(session, drift_id, operator=caller.subject, cause=cause)
        spec = await read_spec(session, drift.resource_id)
        prices = await read_list_prices(session)
        return pb.AcceptDriftResponse(drift=drift_message(drift, prices), spec=spec_message(spec))

    @once
    async def RevertDrift(
        self, session: WriteSession, request: pb.RevertDriftRequest, context: Context
    ) -> pb.RevertDriftResponse:
        """Starts the workflow that reverts a drift."""
        drift_id = uuid_of("id", request.id)
        found = await require_revertible(session, drift_id)
        what = f"{found.field} of {found.kind} {found.name}"
        started = await self._flows.start(
            revert_drift(
                str(drift_id),
                what=what,
                tenant_id=found.tenant_id or "",
                by=current_caller().subject,
            )
        )
        drift = await begin_revert(
            session, drift_id, workflow_id=started.workflow_id, run_id=started.run_id
        )
        prices = await read_list_prices(session)
        return pb.RevertDriftResponse(drift=drift_message(drift, prices))

    async def ListIgnoreRules(
        self, request: pb.ListIgnoreRulesRequest, context: Context
    ) -> pb.ListIgnoreRulesResponse:
        """Lists ignore rules, newest first."""
        kind = known_kind(request.kind) if request.kind else ""
        asked = page_request(request, ("ignore-rules", kind, request.include_expired), UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_rules(session, asked, kind=kind, expired=request.include_expired)
        return page_message(pb.ListIgnoreRulesResponse, found)

    @once
    async def CreateIgnoreRule(
        self, session: WriteSession, request: pb.CreateIgnoreRuleRequest, context: Context
    ) -> pb.CreateIgnoreRuleResponse:
        """Mutes a field of a kind, a tenant or a resource."""
        caller = current_caller()
        rule = requests.new_rule(request)
        made = await create_rule(session, rule, operator=caller.subject)
        return message_of(pb.CreateIgnoreRuleResponse, ignore_rule=made)

    @once
    async def DeleteIgnoreRule(
        self, session: WriteSession, request: pb.DeleteIgnoreRuleRequest, context: Context
    ) -> pb.DeleteIgnoreRuleResponse:
        """Deletes an ignore rule, which unmutes its drifts."""
        caller = current_caller()
        rule_id = uuid_of("id", request.id)
        await delete_rule(session, rule_id, operator=caller.subject)
        return pb.DeleteIgnoreRuleResponse()

    async def GetSpec(self, request: pb.GetSpecRequest, context: Context) -> pb.GetSpecResponse:
        """Returns the spec of a resource."""
        scope = current_caller().scope
        resource_id = uuid_of("resource_id", request.resource_id)
        async with self._database.read(scope) as session:
            await read_resource(session, scope, resource_id)
            spec = await read_spec(session, resource_id)
        return pb.GetSpecResponse(spec=spec_message(spec))

    @once
    async def RecordSpec(
        self, session: WriteSession, request: pb.RecordSpecRequest, context: Context
    ) -> pb.RecordSpecResponse:
        """Records the spec of a resource."""
        caller = current_caller()
        resource_id = uuid_of("resource_id", request.resource_id)
        if request.from_live and request.HasField("spec"):
            raise InvalidArgument("spec", "must be unset when from_live is true")
        if not request.from_live and not request.HasField("spec"):
            raise InvalidArgument(
                "spec", "is required unless from_live is true", reason="FIELD_REQUIRED"
            )
        found = (await read_specifiable(session, [resource_id]))[resource_id]
        spec = (
            taken_from(found.kind, found.resource)
            if request.from_live
            else requests.spec_of("spec", found.kind, json_of("spec", request.spec))
        )
        desired = DesiredSpec(resource_id, spec)
        await record_specs(session, [desired], actor=caller.subject)
        kept = await read_spec(session, resource_id)
        return pb.RecordSpecResponse(spec=spec_message(kept))
