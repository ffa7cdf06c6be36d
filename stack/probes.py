"""Whether a part is ready, asked of the part itself. A probe answers within seconds."""

from typing import Final

import grpc
import httpx
from grpc_health.v1 import health_pb2

__all__ = ["TEMPORAL_FRONTEND", "grpc_serving", "http_ok", "queue_polled"]

TIMEOUT_SECONDS: Final = 2.0

TEMPORAL_FRONTEND: Final = "temporal.api.workflowservice.v1.WorkflowService"
"""The name under which Temporal answers for its frontend's health."""


def grpc_serving(address: str, service: str = "") -> bool:
    """Whether the gRPC health service at `host:port` answers SERVING."""
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            response = check(
                health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_SECONDS
            )
        except grpc.RpcError:
            return False
    return bool(response.status == health_pb2.HealthCheckResponse.SERVING)


def http_ok(url: str) -> bool:
    """Whether a GET answers 200."""
    try:
        # Straight to loopback, whatever proxy the environment names.
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def queue_polled(address: str, namespace: str, queue: str, *, since: float) -> bool:
    """Whether a worker polled a task queue after `since`, in seconds since the epoch."""
    # Its generated messages take half a second to import, and only one probe needs them.
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, WorkflowServiceStub

    request = DescribeTaskQueueRequest(
        namespace=namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    with grpc.insecure_channel(address) as channel:
        try:
            answer = WorkflowServiceStub(channel).DescribeTaskQueue(
                request, timeout=TIMEOUT_SECONDS
            )
        except grpc.RpcError:
            return False
    return any(poller.last_access_time.ToNanoseconds() / 1e9 > since for poller in answer.pollers)
