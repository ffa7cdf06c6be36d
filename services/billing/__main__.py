"""The billing service: its process, where everything is wired."""

from arcadia.billing.v1 import (
    balance_service_pb2,
    cost_feed_service_pb2,
    cost_service_pb2,
    ingest_service_pb2,
    provider_invoice_service_pb2,
)

from services.common.server import ServiceDefinition, run
from services.common.settings import Service

__all__ = ["DEFINITION"]

DEFINITION = ServiceDefinition(
    service=Service.BILLING,
    protos=(
        balance_service_pb2.DESCRIPTOR,
        cost_feed_service_pb2.DESCRIPTOR,
        cost_service_pb2.DESCRIPTOR,
        ingest_service_pb2.DESCRIPTOR,
        provider_invoice_service_pb2.DESCRIPTOR,
    ),
)


if __name__ == "__main__":
    run(DEFINITION)
