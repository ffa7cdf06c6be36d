"""`arcadia limits`: quotas and rate limits of tenants."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import limit_service_pb2 as pb

from cli.caller import call
from cli.options import Reason, command_group
from cli.output import instant, print_list

__all__ = ["commands"]

commands = command_group("Show and set the limits of a tenant.")

TenantId = Annotated[str, typer.Argument(help="The tenant.")]
Name = Annotated[str, typer.Argument(help="The limit, from `limits show`.")]
EndsOn = Annotated[
    str, typer.Option(help="The first day on which the default applies again, an ISO date.")
]


@commands.command("show")
def show(tenant_id: TenantId) -> None:
    """Show the limits of a tenant and their use."""
    _show(list(call(pb.GetTenantLimitsRequest(tenant_id=tenant_id)).limits))


@commands.command("set")
def set_limit(
    tenant_id: TenantId,
    name: Name,
    limit: Annotated[int, typer.Argument(help="The value.")],
    ends_on: EndsOn = "",
    reason: Reason = "",
) -> None:
    """Set a limit of a tenant, until a day or permanently."""
    request = pb.SetTenantLimitRequest(
        tenant_id=tenant_id, name=name, limit=limit, ends_on=ends_on, reason=reason
    )
    _show([call(request).limit])


@commands.command("unset")
def unset(tenant_id: TenantId, name: Name, reason: Reason = "") -> None:
    """Reset a limit of a tenant to the default."""
    request = pb.SetTenantLimitRequest(tenant_id=tenant_id, name=name, reason=reason)
    _show([call(request).limit])


def _show(limits: list[pb.TenantLimit]) -> None:
    print_list(
        {
            "limit": "name",
            "value": lambda one: f"{one.limit:,}",
            "used": lambda one: f"{one.used:,}" if one.HasField("used") else "",
            "default": lambda one: f"{one.default_limit:,}",
            "at most": lambda one: f"{one.highest_limit:,}",
            "set": _set_by,
        },
        limits,
    )


def _set_by(one: pb.TenantLimit) -> str:
    if not one.set_by:
        return ""
    until = f" until {one.ends_on}" if one.ends_on else ""
    why = f": {one.reason}" if one.reason else ""
    return f"{instant(one.set_at, '%Y-%m-%d')}{until} by {one.set_by}{why}"
