"""The analytics service: its process, where everything is wired."""

from arcadia.analytics.v1 import (
    attribution_service_pb2,
    billing_profile_service_pb2,
    exchange_rate_service_pb2,
    invoice_service_pb2,
    invoicing_service_pb2,
    margin_service_pb2,
    metering_service_pb2,
    rollup_service_pb2,
    spend_service_pb2,
    usage_service_pb2,
)

from services.common.server import ServiceDefinition, run
from services.common.settings import Service

__all__ = ["DEFINITION"]

DEFINITION = ServiceDefinition(
    service=Service.ANALYTICS,
    protos=(
        attribution_service_pb2.DESCRIPTOR,
        billing_profile_service_pb2.DESCRIPTOR,
        exchange_rate_service_pb2.DESCRIPTOR,
        invoice_service_pb2.DESCRIPTOR,
        invoicing_service_pb2.DESCRIPTOR,
        margin_service_pb2.DESCRIPTOR,
        metering_service_pb2.DESCRIPTOR,
        rollup_service_pb2.DESCRIPTOR,
        spend_service_pb2.DESCRIPTOR,
        usage_service_pb2.DESCRIPTOR,
    ),
)


if __name__ == "__main__":
    run(DEFINITION)
