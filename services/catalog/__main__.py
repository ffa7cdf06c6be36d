"""The catalog service: its process, where everything is wired."""

from arcadia.catalog.v1 import (
    catalog_service_pb2,
    deployment_service_pb2,
    lifecycle_service_pb2,
    pricing_service_pb2,
    quote_service_pb2,
    subscription_service_pb2,
)

from services.common.server import ServiceDefinition, run
from services.common.settings import Service

__all__ = ["DEFINITION"]

DEFINITION = ServiceDefinition(
    service=Service.CATALOG,
    protos=(
        catalog_service_pb2.DESCRIPTOR,
        deployment_service_pb2.DESCRIPTOR,
        lifecycle_service_pb2.DESCRIPTOR,
        pricing_service_pb2.DESCRIPTOR,
        quote_service_pb2.DESCRIPTOR,
        subscription_service_pb2.DESCRIPTOR,
    ),
)


if __name__ == "__main__":
    run(DEFINITION)
