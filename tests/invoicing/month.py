"""A month-end with Temporal, a worker and analytics as separate processes."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import grpc
from arcadia.analytics.v1 import invoice_service_pb2 as invoices_pb
from arcadia.analytics.v1 import rollup_service_pb2 as pb
from temporalio.client import Client, WorkflowHandle

from services.common.settings import Service, Settings
from stack.processes.probes import grpc_serving
from stack.processes.process import Process
from tests.invoicing.books import APRIL, Books
from tests.invoicing.receiver import Receiver
from tests.support.engine_room import EngineRoom
from tests.support.environment import environment_of
from tests.support.serving import served
from tests.support.waiting import tries
from tests.support.working import Workers

__all__ = ["MonthEnd", "channel_to", "until"]


@dataclass
class MonthEnd:
    """What an operator has, and the processes behind it."""

    room: EngineRoom
    settings: Settings
    books: Books
    receiver: Receiver
    temporal: Client
    _processes: list[Process] = field(default_factory=list)
    _working: Workers = field(default_factory=Workers)
    _serving: AsyncExitStack = field(default_factory=AsyncExitStack)
    _changing: asyncio.Task[None] | None = None

    @property
    def port(self) -> str:
        return self.settings.analytics_address.rpartition(":")[2]

    async def serve_analytics(self) -> None:
        """The service inside the test's own process, which starts at once; not beside another."""
        await self.stop_serving()
        await self._serving.enter_async_context(served(Service.ANALYTICS, self.settings))

    async def stop_serving(self) -> None:
        """Ends the service inside the test's own process."""
        await self._serving.aclose()

    def start_analytics(self) -> Process:
        """The service as a process of its own, which can be killed, ready."""
        return self._start(
            f"analytics-{self.port}-{len(self._processes)}",
            "services.analytics",
            lambda _: grpc_serving(self.settings.analytics_address),
        )

    def start_analytics_that_asks(self) -> None:
        """The service anew, so that nothing is issued without an operator's approval."""
        self.settings = self.settings.model_copy(update={"invoice_approval": True})
        self._changing = asyncio.create_task(self.serve_analytics())

    async def settled(self) -> None:
        """Waits until the service runs as it was last asked to."""
        if self._changing is not None:
            await self._changing

    def start_asking(self) -> None:
        """A month that is metered to its end, and everything that brings it to an approval."""
        self.metered()
        self.start_analytics_that_asks()
        self.start_worker()

    def start_worker(self) -> None:
        """A worker inside the test's own process."""
        self._working.start(self.settings, self.temporal)

    def start_worker_process(self) -> Process:
        """A worker process of its own, ready."""
        name = f"invoicing-worker-{self.port}-{len(self._processes)}"
        log = self.room.log(name)
        return self._start(
            name,
            "workflows.worker",
            lambda _: '"event":"worker ready"' in log.read_text(),
        )

    def _start(self, name: str, module: str, ready: Any) -> Process:
        process = self.room.start_program(
            name,
            [sys.executable, "-m", module],
            environment_of(self.settings),
            ready,
        )
        self._processes.append(process)
        return process

    def kill(self, process: Process) -> None:
        """Ends a process as the machine would: without a word."""
        process.popen.kill()
        self.room.stop(process)
        self._processes.remove(process)

    async def stop(self) -> None:
        """Ends all workers and processes."""
        await self._working.stop()
        await self.settled()
        await self.stop_serving()
        for process in list(self._processes):
            self.kill(process)

    def metered(self, period: str = APRIL) -> None:
        """Every day of a month was metered to its end."""
        self.books.execute(
            "INSERT INTO work_passes (work, subject, pass_key, state, until, started_at,"
            " completed_at) SELECT 'metering', day::date, 'test', 'current',"
            " day + interval '2 day', now(), now() FROM generate_series(%s::date,"
            " %s::date + interval '1 month' - interval '1 day', interval '1 day') AS day",
            period,
            period,
        )

    async def start(self, period: str = APRIL, **more: Any) -> Any:
        """An operator starts the roll-up of a month."""
        await self.settled()
        request = pb.StartRollupRequest(period=period, **more)
        answer = await self.books.rollups.StartRollup(
            request, metadata=self.books.operator, wait_for_ready=True
        )
        return answer.rollup

    def run_of(self, rollup: Any) -> WorkflowHandle[Any, Any]:
        """The work on a roll-up."""
        return self.temporal.get_workflow_handle(rollup.run.workflow_id)

    async def ended(self, rollup: Any) -> Any:
        """The roll-up when the work on it has ended well."""
        await self.run_of(rollup).result()
        return await self.get(rollup.id)

    async def get(self, rollup_id: str) -> Any:
        request = pb.GetRollupRequest(id=rollup_id)
        answer = await self.books.rollups.GetRollup(request, metadata=self.books.operator)
        return answer.rollup

    async def approve(self, rollup_id: str) -> Any:
        request = pb.ApproveRollupRequest(id=rollup_id)
        return await self.books.rollups.ApproveRollup(request, metadata=self.books.operator)

    async def undo(self, rollup_id: str) -> Any:
        request = pb.UndoRollupRequest(id=rollup_id, reason="a mistake")
        return await self.books.rollups.UndoRollup(request, metadata=self.books.operator)

    async def retry(self, rollup_id: str, *tenants: str) -> Any:
        request = pb.RetryRollupRequest(id=rollup_id, tenant_ids=tenants)
        return await self.books.rollups.RetryRollup(request, metadata=self.books.operator)

    async def hand_over(self, invoice_id: str) -> Any:
        request = invoices_pb.HandOverInvoiceRequest(id=invoice_id)
        answer = await self.books.invoices.HandOverInvoice(request, metadata=self.books.operator)
        return answer.invoice


def channel_to(settings: Settings) -> grpc.aio.Channel:
    """A channel that soon finds a service again that was killed."""
    options = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 100)]
    return grpc.aio.insecure_channel(settings.analytics_address, options=options)


async def until(month_end: MonthEnd, rollup: Any, status: str) -> Any:
    """The roll-up when it has come to a status."""
    for _ in tries():
        found = await month_end.get(rollup.id)
        if found.status == status:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"the roll-up is {found.status}: {found.reason}")
