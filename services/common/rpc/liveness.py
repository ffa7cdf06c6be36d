"""Whether a program is well, asked over gRPC: of itself, or of Temporal which queue it polls.

Who asks once and reports it (a container's health check) and who asks until it is so (the
local stack) ask the same. Imports little, and reads no settings.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2

if TYPE_CHECKING:
    from temporalio.api.taskqueue.v1 import PollerInfo

__all__ = ["pollers_of", "serving_status"]


def serving_status(channel: grpc.Channel, service: str = "", *, timeout: float) -> str:
    """What the health service says, such as `SERVING`. Raises grpc.RpcError."""
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
    """The workers that Temporal saw on a task queue lately. Raises grpc.RpcError."""
    # Half a second to import, and most who ask here do without.
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, WorkflowServiceStub

    request = DescribeTaskQueueRequest(
        namespace=namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    return WorkflowServiceStub(channel).DescribeTaskQueue(request, timeout=timeout).pollers
