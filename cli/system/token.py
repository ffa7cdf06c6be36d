"""`arcadia token`: tokens for development, in Guardian's format, and revocation of tokens."""

from typing import Annotated

import typer
from arcadia.catalog.v1 import token_revocation_service_pb2 as pb

from cli.caller import call, pages
from cli.options import Reason, Tenant
from cli.output import instant, print_list, say
from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.policy import PLATFORM
from services.common.identity.tokens import mint_user_token
from services.common.settings import Settings

__all__ = ["commands"]

commands = typer.Typer(invoke_without_command=True)


@commands.callback()
def print_token(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="The tenant_id claim, any slug.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be repeated.")] = None,
    operator: Annotated[
        bool, typer.Option("--operator", help=f"Give the role {OPERATOR_ROLE}.")
    ] = False,
    subject: Annotated[str, typer.Option(help="The sub claim.")] = "developer",
    hours: Annotated[float, typer.Option(help="How long it is valid.", min=0.001)] = 12.0,
) -> None:
    """Print a token for the local system, signed with ARCADIA_JWT_SECRET; or revoke tokens."""
    if context.invoked_subcommand:
        return
    settings = Settings()
    if settings.env == "production":
        raise typer.BadParameter("tokens are issued elsewhere in production")
    roles = [*(role or []), *([OPERATOR_ROLE] if operator else [])]
    if not tenant and not any(role.startswith(PLATFORM) for role in roles):
        raise typer.BadParameter("give --operator, --tenant or a platform --role")
    typer.echo(
        mint_user_token(
            settings,
            subject=subject,
            roles=roles,
            tenant_id=tenant,
            lifetime_seconds=int(hours * 3600),
        )
    )


@commands.command("revoke")
def revoke(
    subject: Annotated[str, typer.Option(help="Tokens with this sub.")] = "",
    tenant: Annotated[str, typer.Option(help="Tokens of this tenant.")] = "",
    token_id: Annotated[str, typer.Option("--id", help="The token with this jti.")] = "",
    reason: Reason = "",
) -> None:
    """Revoke the tokens issued until now that match all options."""
    if not (subject or tenant or token_id):
        raise typer.BadParameter("give --subject, --tenant or --id")
    request = pb.RevokeTokensRequest(
        tenant_id=tenant, subject=subject, token_id=token_id, reason=reason
    )
    made = call(request).revocation
    say(f"Revoked: {_named(made)}, issued until {instant(made.revoked_at, '%Y-%m-%d %H:%M:%S')}.")


@commands.command("revocations")
def list_revocations(tenant: Tenant = "") -> None:
    """List the revocations of unexpired tokens."""
    print_list(
        {
            "tokens": _named,
            "issued until": lambda one: instant(one.revoked_at, "%Y-%m-%d %H:%M:%S"),
            "kept until": lambda one: instant(one.ends_at),
            "by": "revoked_by",
            "reason": "reason",
        },
        pages(pb.ListRevocationsRequest(tenant_id=tenant), "revocations"),
        "No token is revoked.",
    )


def _named(one: pb.TokenRevocation) -> str:
    parts = {"tenant": one.tenant_id, "subject": one.subject, "token": one.token_id}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value)
