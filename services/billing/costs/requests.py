"""Parsers of cost requests; each error names the field."""

from uuid import UUID

from arcadia.billing.v1 import cost_service_pb2 as pb

from services.billing.costs.store.cost_feed import DayFilter
from services.billing.costs.store.cost_lines import LineFilter
from services.billing.ingest.ingest_requests import day_bounds, span, uuid_of, words
from services.billing.ingest.rules.classification import CLASSIFICATIONS
from services.billing.ingest.rules.matching import MATCH_STATES
from services.common.errors import InvalidArgument
from services.common.rpc.paging import page_size
from services.common.values.periods import Period, read_month

__all__ = [
    "day_filter",
    "flag",
    "line_filter",
    "line_page_size",
    "month",
    "one_of",
    "span",
    "words",
]


def line_page_size(request: pb.ListCostLinesRequest) -> int:
    """The page size, given as `page_size` or `limit`. Raises InvalidArgument if they differ."""
    if request.limit < 0:
        raise InvalidArgument("limit", "must not be negative")
    if request.limit and request.page_size and request.limit != request.page_size:
        raise InvalidArgument("limit", "differs from page_size")
    return page_size(request.page_size or request.limit)


def line_filter(request: pb.ListCostLinesRequest, prefix: str = "") -> LineFilter:
    """Which lines."""
    return LineFilter(
        period=month(f"{prefix}period", request.period).start if request.period else None,
        kind=words(f"{prefix}kind", request.kind),
        match_state=one_of(f"{prefix}match_state", request.match_state, MATCH_STATES),
        classification=one_of(f"{prefix}classification", request.classification, CLASSIFICATIONS),
        product=words(f"{prefix}product", request.product),
        project_name=words(f"{prefix}project_name", request.project_name),
        provider_invoice_id=_uuid(f"{prefix}provider_invoice_id", request.provider_invoice_id),
        resource_id=_uuid(f"{prefix}resource_id", request.resource_id),
        tenant_id=words(f"{prefix}tenant_id", request.tenant_id),
        deployment_id=words(f"{prefix}deployment_id", request.deployment_id),
    )


def day_filter(request: pb.ListDailyCostsRequest) -> DayFilter:
    """The filter of daily costs."""
    return DayFilter(
        *day_bounds(request.from_day, request.to_day),
        words("kind", request.kind),
        words("tenant_id", request.tenant_id),
        words("deployment_id", request.deployment_id),
    )


def month(field: str, text: str) -> Period:
    """A required month."""
    if not text:
        raise InvalidArgument(field, "is required", reason="FIELD_REQUIRED")
    return read_month(text, field)


def one_of(field: str, text: str, known: tuple[str, ...]) -> str:
    """One of the allowed values, or empty."""
    if text and text not in known:
        raise InvalidArgument(field, f"is not one of {', '.join(known)}")
    return text


def flag(field: str, text: str) -> bool | None:
    """`true` or `false`; None if unset."""
    return one_of(field, text, ("true", "false")) == "true" if text else None


def _uuid(field: str, text: str) -> UUID | None:
    return uuid_of(field, text) if text else None
