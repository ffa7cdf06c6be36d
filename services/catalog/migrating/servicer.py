"""MigrationService: moves subscriptions to another plan version, for operators."""

from dataclasses import asdict
from datetime import date
from operator import attrgetter
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import migration_service_pb2 as pb
from arcadia.catalog.v1 import migration_service_pb2_grpc, migrations_pb2

from contracts.flows import Start
from contracts.migrations import DECIDE, PLAN_MIGRATION, PlanMigrationInput, plan_migration
from services.catalog import requests
from services.catalog.migrating.migrate import (
    advance,
    decide,
    finish,
    select,
    start,
    target_version,
)
from services.catalog.migrating.preview import previews_of
from services.catalog.migrating.rules.migrations import (
    Counts,
    Decision,
    Migration,
    NewMigration,
    Outcome,
    Status,
    check_days,
)
from services.catalog.migrating.store import migrations
from services.common.db.database import Database, ReadSession, WriteSession
from services.common.db.idempotency import once
from services.common.durable import FlowClient
from services.common.errors import InvalidArgument
from services.common.identity.callers import ALL
from services.common.rpc.messages import message_of, page_message
from services.common.rpc.paging import page_request
from services.common.rpc.wire import Context, internal_page_size
from services.common.values.clock import Clock
from services.common.values.periods import optional_day, read_day

__all__ = ["MigrationServicer", "MigrationStepServicer"]

MigrationTerms = pb.StartMigrationRequest | pb.PreviewMigrationRequest

FILTERS: Final = attrgetter(
    "from_plan_code", "from_version", "tenant_id", "started_before", "effective_on"
)


class MigrationServicer(migration_service_pb2_grpc.MigrationServiceServicer):
    """Previews, starts and decides about migrations."""

    def __init__(
        self, database: Database, now: Clock, flows: FlowClient, *, notice_days: int
    ) -> None:
        self._database = database
        self._now = now
        self._flows = flows
        self._notice_days = notice_days

    async def PreviewMigration(
        self, request: pb.PreviewMigrationRequest, context: Context
    ) -> pb.PreviewMigrationResponse:
        """Lists what a migration would change, by subscription."""
        today = self._now().date()
        day = read_day(requests.required("effective_on", request.effective_on), "effective_on")
        if day <= today:
            raise InvalidArgument("effective_on", "must be after today", reason="OUT_OF_RANGE")
        plan_code, version = _target(request)
        wanted = _new_migration(request, today, day, 0)
        filters = ("migration-preview", plan_code, version, *map(str, FILTERS(wanted)))
        asked = page_request(request, filters, UUID)
        async with self._database.read(ALL) as session:
            found = await target_version(session, wanted.from_plan_code, plan_code, version)
            migration = Migration(
                **asdict(wanted),
                id=found.id,
                plan_version_id=found.id,
                plan_code=found.plan_code,
                plan_version=found.version,
                currency=found.terms.currency,
                status=Status.WAITING,
                is_paused=False,
                started_by="",
                started_at=self._now(),
                finished_at=None,
            )
            ids = await migrations.candidates(
                session, migrations.filters_of(migration), after=asked.after, limit=asked.limit
            )
            page = asked.page(ids, lambda one: one)
            previews = await previews_of(session, page.rows, migration, today)
        return message_of(
            pb.PreviewMigrationResponse, previews=previews, next_page_token=page.next_page_token
        )

    async def StartMigration(
        self, request: pb.StartMigrationRequest, context: Context
    ) -> pb.StartMigrationResponse:
        """Opens a migration and starts its workflow."""
        answer = await self._open(request)
        # After the commit. A repeated call finds the run, or starts it if Temporal was down.
        await self._flows.start(_run(answer.migration))
        return answer

    @once
    async def _open(
        self, session: WriteSession, request: pb.StartMigrationRequest
    ) -> pb.StartMigrationResponse:
        cause = requests.cause(request.reason, self._now())
        notice_on = optional_day(request.notice_on, "notice_on") or cause.day
        day = read_day(requests.required("effective_on", request.effective_on), "effective_on")
        check_days(notice_on, day, cause.day, self._notice_days)
        plan_code, version = _target(request)
        wanted = _new_migration(request, notice_on, day, self._notice_days, cause.reason)
        made = await start(session, wanted, plan_code=plan_code, version=version, cause=cause)
        return pb.StartMigrationResponse(migration=_message(made, Counts()))

    async def ListMigrations(
        self, request: pb.ListMigrationsRequest, context: Context
    ) -> pb.ListMigrationsResponse:
        """Lists migrations, newest first."""
        asked = page_request(request, ("migrations",), UUID)
        async with self._database.read(ALL) as session:
            page = await migrations.list_migrations(session, asked)
            counts = await migrations.counts_of(session, [one.id for one in page.rows])
        return page_message(
            pb.ListMigrationsResponse, page, lambda one: _message(one, counts.get(one.id, Counts()))
        )

    async def GetMigration(
        self, request: pb.GetMigrationRequest, context: Context
    ) -> pb.GetMigrationResponse:
        """One migration with its progress."""
        identifier = requests.uuid_of("id", request.id)
        async with self._database.read(ALL) as session:
            return pb.GetMigrationResponse(migration=await _read(session, identifier))

    async def ListMigrationSubscriptions(
        self, request: pb.ListMigrationSubscriptionsRequest, context: Context
    ) -> pb.ListMigrationSubscriptionsResponse:
        """Lists what became of each subscription."""
        identifier = requests.uuid_of("migration_id", request.migration_id)
        if request.outcome:
            requests.one_of("outcome", request.outcome, Outcome)
        filters = ("migration-subscriptions", str(identifier), request.outcome)
        asked = page_request(request, filters, UUID)
        async with self._database.read(ALL) as session:
            await migrations.read_migration(session, identifier)
            page = await migrations.list_rows(session, identifier, request.outcome, asked)
        return page_message(pb.ListMigrationSubscriptionsResponse, page)

    async def DecideMigration(
        self, request: pb.DecideMigrationRequest, context: Context
    ) -> pb.DecideMigrationResponse:
        """Records a decision, then signals the workflow, which may have to be started again."""
        answer = await self._decide(request)
        run = _run(answer.migration)
        await self._flows.start(run, signal=DECIDE, signal_args=[request.decision])
        return answer

    @once
    async def _decide(
        self, session: WriteSession, request: pb.DecideMigrationRequest
    ) -> pb.DecideMigrationResponse:
        identifier = requests.uuid_of("id", request.id)
        decision = Decision(requests.one_of("decision", request.decision, Decision))
        await decide(session, identifier, decision, requests.cause("", self._now()))
        return pb.DecideMigrationResponse(migration=await _read(session, identifier))


class MigrationStepServicer(migration_service_pb2_grpc.MigrationStepServiceServicer):
    """The steps of a migration's workflow, each idempotent."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    async def SelectSubscriptions(
        self, request: pb.SelectSubscriptionsRequest, context: Context
    ) -> pb.SelectSubscriptionsResponse:
        """Adds the subscriptions that it selects."""
        identifier = requests.uuid_of("id", request.id)
        async with self._database.write(ALL) as session:
            step = await select(session, identifier, requests.cause("", self._now()))
        return message_of(pb.SelectSubscriptionsResponse, step=step)

    async def AdvanceMigration(
        self, request: pb.AdvanceMigrationRequest, context: Context
    ) -> pb.AdvanceMigrationResponse:
        """Takes the next subscriptions."""
        identifier = requests.uuid_of("id", request.id)
        limit = internal_page_size(request.limit, 500, 1_000, "limit")
        async with self._database.write(ALL) as session:
            step = await advance(session, identifier, limit, requests.cause("", self._now()))
        return message_of(pb.AdvanceMigrationResponse, step=step)

    async def FinishMigration(
        self, request: pb.FinishMigrationRequest, context: Context
    ) -> pb.FinishMigrationResponse:
        """Closes it."""
        identifier = requests.uuid_of("id", request.id)
        async with self._database.write(ALL) as session:
            step = await finish(session, identifier, requests.cause("", self._now()))
        return message_of(pb.FinishMigrationResponse, step=step)


def _target(request: MigrationTerms) -> tuple[str, int]:
    """The plan and version to move to."""
    if request.plan_version < 0:
        raise InvalidArgument("plan_version", "must not be negative", reason="OUT_OF_RANGE")
    from_code = requests.code("from_plan_code", request.from_plan_code)
    code = requests.code("plan_code", request.plan_code) if request.plan_code else from_code
    return code, request.plan_version


def _new_migration(
    request: MigrationTerms, notice_on: date, effective_on: date, notice_days: int, reason: str = ""
) -> NewMigration:
    if request.from_version < 0:
        raise InvalidArgument("from_version", "must not be negative", reason="OUT_OF_RANGE")
    return NewMigration(
        from_plan_code=requests.code("from_plan_code", request.from_plan_code),
        from_version=request.from_version,
        tenant_id=requests.text("tenant_id", request.tenant_id),
        started_before=optional_day(request.started_before, "started_before"),
        notice_on=notice_on,
        effective_on=effective_on,
        notice_days=notice_days,
        reason=reason,
    )


async def _read(session: ReadSession, identifier: UUID) -> migrations_pb2.Migration:
    migration = await migrations.read_migration(session, identifier)
    counts = await migrations.counts_of(session, [identifier])
    return _message(migration, counts.get(identifier, Counts()))


def _message(migration: Migration, counts: Counts) -> migrations_pb2.Migration:
    return message_of(
        migrations_pb2.Migration,
        migration,
        started_before=migration.started_before or "",
        **asdict(counts),
        workflow_id=PLAN_MIGRATION.id(str(migration.id)),
    )


def _run(migration: migrations_pb2.Migration) -> Start[PlanMigrationInput]:
    what = (
        f"{migration.from_plan_code} to {migration.plan_code} version {migration.plan_version}"
        f" on {migration.effective_on}"
    )
    return plan_migration(
        PlanMigrationInput(migration.id, migration.notice_on, migration.effective_on),
        what,
        migration.tenant_id,
    )
