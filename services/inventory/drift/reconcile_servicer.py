"""ReconcileService: workers compare the cloud with the specs."""

from uuid import UUID

from arcadia.inventory.v1 import reconcile_service_pb2 as pb
from arcadia.inventory.v1 import reconcile_service_pb2_grpc

from services.common.db.database import Database, WriteSession
from services.common.db.idempotency import once
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size
from services.inventory.drift import close, requests
from services.inventory.drift.messages import drift_message, drift_writer
from services.inventory.drift.rules.specs import DesiredSpec
from services.inventory.drift.store.drifts import list_unexplained, record_causes
from services.inventory.drift.store.prices import read_list_prices, record_list_prices
from services.inventory.drift.store.specs import read_specifiable, record_specs, remove_specs
from services.inventory.drift.sweep import sweep_page
from services.inventory.messages import resource_message
from services.inventory.requests import (
    batch_of_uuids,
    current_cause,
    known_kind,
    known_provider,
    required,
    text,
    uuid_of,
)
from services.inventory.resources.assign import assign, assign_by_rules
from services.inventory.resources.deployments import Deployments
from services.inventory.resources.requests import owner_of
from services.inventory.resources.store.reading import read_resource

__all__ = ["ReconcileServicer"]


class ReconcileServicer(reconcile_service_pb2_grpc.ReconcileServiceServicer):
    """The drift calls of workers."""

    def __init__(self, database: Database, deployments: Deployments) -> None:
        self._database = database
        self._deployments = deployments

    async def SweepDrift(
        self, request: pb.SweepDriftRequest, context: Context
    ) -> pb.SweepDriftResponse:
        """Compares a page of resources that have a spec with their live values."""
        provider, kind = known_provider(request.provider), known_kind(request.kind)
        size = internal_page_size(request.page_size)
        asked = page_request(request, ("drift-sweep", provider, kind), UUID, size=size)
        async with self._database.write(current_caller().scope) as session:
            verdict = await sweep_page(
                session,
                provider,
                kind,
                frozenset(request.in_flight_provider_ids),
                after=asked.after,
                size=asked.size,
                cause=current_cause(),
            )
        return message_of(
            pb.SweepDriftResponse,
            verdict,
            opened_count=len(verdict.opened),
            updated_count=len(verdict.moved),
            stale_count=len(verdict.gone),
            next_page_token=asked.token_after(verdict.last) if verdict.last else "",
        )

    async def ListUnexplainedDrifts(
        self, request: pb.ListUnexplainedDriftsRequest, context: Context
    ) -> pb.ListUnexplainedDriftsResponse:
        """Lists the open drifts whose cause was not looked up yet."""
        asked = page_request(request, ("unexplained-drifts",), UUID)
        async with self._database.read(current_caller().scope) as session:
            found = await list_unexplained(session, asked)
            prices = await read_list_prices(session)
        return page_message(pb.ListUnexplainedDriftsResponse, found, drift_writer(prices))

    async def RecordDriftCauses(
        self, request: pb.RecordDriftCausesRequest, context: Context
    ) -> pb.RecordDriftCausesResponse:
        """Records the causes from the provider's action log."""
        explained = requests.causes(request)
        unexplained = batch_of_uuids("unexplained_drift_ids", request.unexplained_drift_ids)
        async with self._database.write(current_caller().scope) as session:
            await record_causes(session, explained, unexplained)
        return pb.RecordDriftCausesResponse()

    async def RecordListPrices(
        self, request: pb.RecordListPricesRequest, context: Context
    ) -> pb.RecordListPricesResponse:
        """Replaces the provider's list prices of a kind."""
        provider, kind = known_provider(request.provider), known_kind(request.kind)
        prices = requests.list_prices(request)
        async with self._database.write(current_caller().scope) as session:
            await record_list_prices(session, provider, kind, prices)
        return pb.RecordListPricesResponse()

    async def BeginRevert(
        self, request: pb.BeginRevertRequest, context: Context
    ) -> pb.BeginRevertResponse:
        """Returns the inputs of a revert."""
        scope = current_caller().scope
        drift_id = uuid_of("drift_id", request.drift_id)
        workflow_id = required("workflow_id", request.workflow_id)
        run_id = required("run_id", request.run_id)
        async with self._database.write(scope) as session:
            drift = await close.begin_revert(
                session, drift_id, workflow_id=workflow_id, run_id=run_id
            )
            resource = await read_resource(session, scope, drift.resource_id)
            prices = await read_list_prices(session)
        return pb.BeginRevertResponse(
            drift=drift_message(drift, prices), resource=resource_message(resource)
        )

    async def CompleteRevert(
        self, request: pb.CompleteRevertRequest, context: Context
    ) -> pb.CompleteRevertResponse:
        """Closes a drift whose live value was reverted."""
        drift_id = uuid_of("drift_id", request.drift_id)
        run_id = required("run_id", request.run_id)
        async with self._database.write(current_caller().scope) as session:
            drift = await close.complete_revert(
                session, drift_id, run_id=run_id, cause=current_cause(_actor(request.actor))
            )
            prices = await read_list_prices(session)
        return pb.CompleteRevertResponse(drift=drift_message(drift, prices))

    async def FailRevert(
        self, request: pb.FailRevertRequest, context: Context
    ) -> pb.FailRevertResponse:
        """Records why a drift could not be reverted; it stays open."""
        drift_id = uuid_of("drift_id", request.drift_id)
        run_id = required("run_id", request.run_id)
        reason = required("reason", request.reason)
        async with self._database.write(current_caller().scope) as session:
            drift = await close.fail_revert(session, drift_id, run_id=run_id, reason=reason)
            prices = await read_list_prices(session)
        return pb.FailRevertResponse(drift=drift_message(drift, prices))

    async def RecordSpecs(
        self, request: pb.RecordSpecsRequest, context: Context
    ) -> pb.RecordSpecsResponse:
        """Records the specs of a batch of resources."""
        raw = requests.raw_specs(request)
        async with self._database.write(current_caller().scope) as session:
            found = await read_specifiable(session, list(raw))
            specs = [
                DesiredSpec(
                    identifier,
                    requests.spec_of(f"specs[{position}].spec_json", found[identifier].kind, spec),
                )
                for position, (identifier, spec) in enumerate(raw.items())
            ]
            counts = await record_specs(session, specs, actor=_actor(request.actor))
        return pb.RecordSpecsResponse(
            created_count=counts.created,
            updated_count=counts.updated,
            unchanged_count=counts.unchanged,
        )

    async def RemoveSpecs(
        self, request: pb.RemoveSpecsRequest, context: Context
    ) -> pb.RemoveSpecsResponse:
        """Deletes specs."""
        ids = batch_of_uuids("resource_ids", request.resource_ids)
        async with self._database.write(current_caller().scope) as session:
            removed = await remove_specs(
                session, ids, actor=_actor(request.actor), cause=current_cause()
            )
        return pb.RemoveSpecsResponse(removed_count=removed)

    @once
    async def AssignResources(
        self, session: WriteSession, request: pb.AssignResourcesRequest, context: Context
    ) -> pb.AssignResourcesResponse:
        """Assigns a batch of resources to an owner, or removes the assignments."""
        ids = batch_of_uuids("resource_ids", request.resource_ids)
        reason = text("reason", request.reason)
        cause = current_cause(_actor(request.actor))
        if request.deployment_id or request.tenant_id:
            owner = await owner_of(request, self._deployments, context)
            count = await assign(session, ids, owner, cause=cause, reason=reason)
        else:
            count = await assign_by_rules(session, ids, cause=cause, reason=reason)
        return pb.AssignResourcesResponse(assigned_count=count)


def _actor(named: str) -> str:
    """The actor: the worker, unless it names someone."""
    return text("actor", named) or current_caller().subject
