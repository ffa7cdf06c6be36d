"""Renders limits as messages."""

from arcadia.catalog.v1 import limit_service_pb2 as pb

from services.catalog.limits.rules.limit_values import LimitState

__all__ = ["limit_message"]


def limit_message(state: LimitState, *, for_operator: bool) -> pb.TenantLimit:
    """A limit of a tenant; only operators see who set it and why."""
    limit, last_set = state.limit, state.set_value
    message = pb.TenantLimit(
        name=limit.name,
        meaning=limit.meaning,
        limit=state.value,
        used=state.used,
        default_limit=limit.default,
        highest_limit=limit.highest,
    )
    if last_set is not None:
        message.ends_on = last_set.ends_on.isoformat() if last_set.ends_on else ""
        if for_operator:
            message.set_by, message.reason = last_set.set_by, last_set.reason
            message.set_at.FromDatetime(last_set.set_at)
    return message
