"""SyncService: workers send the provider's state."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from arcadia.inventory.v1 import sync_service_pb2 as pb
from arcadia.inventory.v1 import sync_service_pb2_grpc

from services.common.db.database import Database
from services.common.errors import Unavailable
from services.common.identity.callers import current_caller
from services.common.rpc.messages import message_of, messages_of
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, required, timestamp
from services.inventory import requests
from services.inventory.messages import sweep_message
from services.inventory.resources.assign import learn_deployments, record_members
from services.inventory.resources.deployments import Deployments
from services.inventory.resources.rules.ownership import DeploymentName
from services.inventory.resources.store.deployment_names import named_by_tags
from services.inventory.sync.begin import (
    begin_sweeps,
    claim,
    record_projects,
    record_sightings,
    record_unchanged,
)
from services.inventory.sync.complete import (
    complete_sweep,
    confirm_suspects,
    fail_sweep,
    note_unreadable,
)
from services.inventory.sync.rules.sweeps import is_read
from services.inventory.sync.store.claims import KindClaim, give_claim_back
from services.inventory.sync.store.strikes import count_suspects, list_suspects
from services.inventory.sync.store.sweeps import last_complete_at, read_sweep
from services.inventory.vocabulary import Became

__all__ = ["SyncServicer"]


log = structlog.get_logger("sync")


def _name(field: str, value: str) -> str:
    return requests.text(field, requests.required(field, value))


class SyncServicer(sync_service_pb2_grpc.SyncServiceServicer):
    """The calls of the sync."""

    def __init__(
        self, database: Database, deployments: Deployments, *, internal_project: str
    ) -> None:
        self._database = database
        self._deployments = deployments
        self._internal_project = internal_project

    async def BeginSweep(
        self, request: pb.BeginSweepRequest, context: Context
    ) -> pb.BeginSweepResponse:
        """Opens a sweep. Idempotent by key."""
        provider = requests.known_provider(request.provider)
        kinds = {_name("key", request.key): requests.known_swept_kind(request.kind)}
        run_id = requests.text("run_id", request.run_id)
        async with self._database.write(current_caller().scope) as session:
            [sweep] = await begin_sweeps(session, provider, kinds, run_id=run_id)
        return pb.BeginSweepResponse(sweep=sweep_message(sweep))

    async def RecordSightings(
        self, request: pb.RecordSightingsRequest, context: Context
    ) -> pb.RecordSightingsResponse:
        """Records a batch of resources."""
        batch = requests.sighting_batch(request)
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id) if request.sweep_id else None
        async with self._database.write(current_caller().scope) as session:
            counts = await record_sightings(
                session, batch, sweep_id=sweep_id, cause=requests.current_cause()
            )
        return pb.RecordSightingsResponse(
            discovered_count=counts[Became.DISCOVERED],
            updated_count=counts[Became.UPDATED],
            restored_count=counts[Became.RESTORED],
            unchanged_count=counts[Became.UNCHANGED],
            digests=requests.digests_in_order(request, batch),
        )

    async def RecordUnchanged(
        self, request: pb.RecordUnchangedRequest, context: Context
    ) -> pb.RecordUnchangedResponse:
        """Marks unchanged resources as seen."""
        batch = requests.unchanged_batch(request)
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        async with self._database.write(current_caller().scope) as session:
            rest = await record_unchanged(session, batch, sweep_id=sweep_id)
        return pb.RecordUnchangedResponse(changed_positions=rest)

    async def ClaimKinds(
        self, request: pb.ClaimKindsRequest, context: Context
    ) -> pb.ClaimKindsResponse:
        """Claims kinds for a sync, all or none, and opens their sweeps."""
        provider = requests.known_provider(request.provider)
        kinds = [requests.known_swept_kind(kind) for kind in request.kinds]
        run_id = _name("run_id", request.run_id)
        keys = requests.sweep_keys(request)
        requests.bounded("ended_run_ids", len(request.ended_run_ids))
        ended = [requests.text("ended_run_ids", run_id) for run_id in request.ended_run_ids]
        workflow_id = _name("workflow_id", request.workflow_id)
        claims = [KindClaim(kind, workflow_id, run_id) for kind in sorted(set(kinds))]
        async with self._database.write(current_caller().scope) as session:
            standing = await claim(session, provider, claims, ended)
            begun = []
            if keys and not standing:
                begun = await begin_sweeps(
                    session, provider, dict(zip(keys, kinds, strict=True)), run_id=run_id
                )
        return pb.ClaimKindsResponse(
            standing=messages_of(pb.KindClaim, standing),
            sweep_ids=[str(sweep.id) for sweep in begun],
        )

    async def RecordUnreadableRows(
        self, request: pb.RecordUnreadableRowsRequest, context: Context
    ) -> pb.RecordUnreadableRowsResponse:
        """Records rows that were listed in a sweep but could not be read."""
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        rows = requests.unreadable_rows(request)
        async with self._database.write(current_caller().scope) as session:
            count = await note_unreadable(session, sweep_id, rows)
        return pb.RecordUnreadableRowsResponse(unreadable_count=count)

    async def LearnDeployments(
        self, request: pb.LearnDeploymentsRequest, context: Context
    ) -> pb.LearnDeploymentsResponse:
        """Resolves the deployments in tags of a kind."""
        provider, kind = (
            requests.known_provider(request.provider),
            requests.known_kind(request.kind),
        )
        async with self._database.read(current_caller().scope) as session:
            named = await named_by_tags(session, provider, kind)
        await self._learn_deployments(named, context.time_remaining())
        return pb.LearnDeploymentsResponse(named_count=len(named))

    async def CompleteSweep(
        self, request: pb.CompleteSweepRequest, context: Context
    ) -> pb.CompleteSweepResponse:
        """Closes a sweep that read every page."""
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        total = request.reported_total if request.reported_total >= 0 else None
        async with self._database.write(current_caller().scope) as session:
            sweep = await complete_sweep(
                session,
                sweep_id,
                reported_total=total,
                scopes=list(request.scope_fingerprint),
            )
            suspects = await count_suspects(session, sweep)
            last = await last_complete_at(session, sweep)
            named = []
            if not request.deployments_are_learned or sweep.has_changes:
                named = await named_by_tags(session, sweep.provider, sweep.kind)
            if request.gives_claim_back and not suspects and is_read(sweep.outcome):
                await give_claim_back(session, sweep.provider, sweep.kind, sweep.run_id)
        await self._learn_deployments(named, context.time_remaining())
        return pb.CompleteSweepResponse(
            sweep=sweep_message(sweep), suspect_count=suspects, last_complete_at=timestamp(last)
        )

    async def _learn_deployments(
        self, named: Sequence[DeploymentName], remaining: float | None
    ) -> None:
        """Resolves deployments in the catalog; if it is down, the next sweep does."""
        if not named:
            return
        try:
            found = await self._deployments.named(named, remaining=remaining)
        except Unavailable as error:
            log.warning("deployments unknown", count=len(named), reason=error.message)
            return
        async with self._database.write(current_caller().scope) as session:
            await learn_deployments(session, named, found, cause=requests.current_cause())

    async def FailSweep(
        self, request: pb.FailSweepRequest, context: Context
    ) -> pb.FailSweepResponse:
        """Closes an interrupted sweep."""
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        reason = requests.required("reason", request.reason)
        async with self._database.write(current_caller().scope) as session:
            sweep = await fail_sweep(session, sweep_id, reason=reason, is_denied=request.is_denied)
            last = await last_complete_at(session, sweep)
        return pb.FailSweepResponse(sweep=sweep_message(sweep), last_complete_at=timestamp(last))

    async def ListSuspects(
        self, request: pb.ListSuspectsRequest, context: Context
    ) -> pb.ListSuspectsResponse:
        """Lists the suspects that await a confirming read."""
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        asked = page_request(request, ("suspects", str(sweep_id)), UUID)
        async with self._database.read(current_caller().scope) as session:
            sweep = await read_sweep(session, sweep_id)
            page = await list_suspects(session, sweep, asked)
        ids = [suspect.provider_id for suspect in page.rows]
        return message_of(pb.ListSuspectsResponse, page, provider_ids=ids)

    async def RecordConfirmations(
        self, request: pb.RecordConfirmationsRequest, context: Context
    ) -> pb.RecordConfirmationsResponse:
        """Tombstones suspects that are gone, and clears those found."""
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id)
        async with self._database.write(current_caller().scope) as session:
            sweep = await confirm_suspects(
                session,
                sweep_id,
                gone=list(request.gone_provider_ids),
                found=list(request.found_provider_ids),
                cause=requests.current_cause(),
            )
        return pb.RecordConfirmationsResponse(sweep=sweep_message(sweep))

    async def RecordProjects(
        self, request: pb.RecordProjectsRequest, context: Context
    ) -> pb.RecordProjectsResponse:
        """Records a batch of projects."""
        provider = requests.known_provider(request.provider)
        sweep_id = requests.uuid_of("sweep_id", request.sweep_id) if request.sweep_id else None
        projects = requests.sighted_projects(request, internal_project=self._internal_project)
        async with self._database.write(current_caller().scope) as session:
            counts = await record_projects(session, provider, projects, sweep_id=sweep_id)
        return pb.RecordProjectsResponse(
            discovered_count=counts[Became.DISCOVERED],
            updated_count=counts[Became.UPDATED] + counts[Became.RESTORED],
            unchanged_count=counts[Became.UNCHANGED],
        )

    async def RecordProjectMembers(
        self, request: pb.RecordProjectMembersRequest, context: Context
    ) -> pb.RecordProjectMembersResponse:
        """Moves resources into their project at the provider."""
        provider = requests.known_provider(request.provider)
        project = required("project_provider_id", request.project_provider_id)
        members = requests.member_keys(request)
        async with self._database.write(current_caller().scope) as session:
            moved = await record_members(
                session, provider, project, members, cause=requests.current_cause()
            )
        return pb.RecordProjectMembersResponse(moved_count=moved)
