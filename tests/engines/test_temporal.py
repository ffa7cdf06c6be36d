from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleSpec,
)

from stack.engines.temporal import Temporal
from stack.processes.probes import TEMPORAL_FRONTEND, grpc_serving, http_ok, queue_polled
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port


async def test_schedules_survive_a_killed_server(engine_room: EngineRoom) -> None:
    engine = Temporal(engine_room.folder / "temporal-killed", free_port(), free_port())
    address = f"127.0.0.1:{engine.port}"
    engine.prepare()

    server = engine_room.start(
        "temporal-killed", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    client = await Client.connect(address)
    await client.create_schedule(
        "kept",
        Schedule(
            action=ScheduleActionStartWorkflow("Any", id="any", task_queue="any"),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(days=1))]),
        ),
    )
    server.popen.kill()
    engine_room.stop(server)

    server = engine_room.start(
        "temporal-killed", engine.command(), lambda _: grpc_serving(address, TEMPORAL_FRONTEND)
    )
    client = await Client.connect(address)
    description = await client.get_schedule_handle("kept").describe()
    assert description.schedule.spec.intervals[0].every == timedelta(days=1)
    assert http_ok(f"http://127.0.0.1:{engine.ui_port}")
    engine_room.stop(server)


async def test_an_unpolled_queue_is_distinguished_from_a_polled_one(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    assert not queue_polled(temporal_address, client.namespace, "nobody", since=0.0)


def test_an_engine_that_does_not_listen_is_not_ready() -> None:
    port = free_port()
    assert not grpc_serving(f"127.0.0.1:{port}")
    assert not http_ok(f"http://127.0.0.1:{port}/")
