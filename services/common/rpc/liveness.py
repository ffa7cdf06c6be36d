"""Liveness checks over gRPC: of a service, or of a worker through Temporal.

Used by containers' health checks and by the local stack. Imports little and reads no settings.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import grpc
from grpc_health.v1 import health_pb2

if TYPE_CHECKING:
    from temporalio.api.taskqueue.v1 import PollerInfo
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

__all__ = ["polled_queues", "pollers_of", "serving_status"]

POLLED_SECONDS: Final = 180.0
"""A worker polls at least once a minute, and Temporal keeps pollers for some minutes."""


def serving_status(channel: grpc.Channel, service: str = "", *, timeout: float) -> str:
    """The status of the health service, such as `SERVING`. Raises grpc.RpcError."""
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    status = check(health_pb2.HealthCheckRequest(service=service), timeout=timeout).status
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(status))


def pollers_of(
    channel: grpc.Channel, namespace: str, queue: str, *, timeout: float
) -> Sequence["PollerInfo"]:
    """The workers that recently polled a task queue. Raises grpc.RpcError."""
    from temporalio.api.workflowservice.v1 import WorkflowServiceStub

    request = _describing(namespace, queue)
    return WorkflowServiceStub(channel).DescribeTaskQueue(request, timeout=timeout).pollers


async def polled_queues(
    channel: grpc.aio.Channel, namespace: str, queues: Iterable[str], *, seconds: float
) -> frozenset[str] | None:
    """The queues that a worker recently polled; None if Temporal does not respond.

    `seconds` is the timeout.
    """
    from temporalio.api.workflowservice.v1 import WorkflowServiceStub

    asked = list(queues)
    temporal: Any = WorkflowServiceStub(cast("Any", channel))
    try:
        answers = await asyncio.gather(
            *(
                temporal.DescribeTaskQueue(_describing(namespace, queue), timeout=seconds)
                for queue in asked
            )
        )
    except grpc.aio.AioRpcError:
        return None
    lately = time.time() - POLLED_SECONDS
    return frozenset(
        queue
        for queue, answer in zip(asked, answers, strict=True)
        if any(poller.last_access_time.ToNanoseconds() / 1e9 > lately for poller in answer.pollers)
    )


def _describing(namespace: str, queue: str) -> "DescribeTaskQueueRequest":
    # Imported here, because it takes half a second and most callers do not need it.
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

    return DescribeTaskQueueRequest(
        namespace=namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
