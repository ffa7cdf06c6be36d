"""`arcadia token`: a token for development that looks exactly like one of Guardian's."""

from typing import Annotated

import typer

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.policy import PLATFORM
from services.common.identity.tokens import mint_user_token
from services.common.settings import Settings

__all__ = ["print_token"]


def print_token(
    tenant: Annotated[str | None, typer.Option(help="The tenant_id claim, any slug.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be repeated.")] = None,
    operator: Annotated[
        bool, typer.Option("--operator", help=f"Give the role {OPERATOR_ROLE}.")
    ] = False,
    subject: Annotated[str, typer.Option(help="The sub claim.")] = "developer",
    hours: Annotated[float, typer.Option(help="How long it is valid.", min=0.001)] = 12.0,
) -> None:
    """Print a token for the local system, signed with ARCADIA_JWT_SECRET."""
    settings = Settings()
    if settings.env == "production":
        raise typer.BadParameter("tokens are issued elsewhere in production")
    roles = [*(role or []), *([OPERATOR_ROLE] if operator else [])]
    if not tenant and not any(role.startswith(PLATFORM) for role in roles):
        raise typer.BadParameter("give --operator or --tenant: a token without either opens little")
    typer.echo(
        mint_user_token(
            settings,
            subject=subject,
            roles=roles,
            tenant_id=tenant,
            lifetime_seconds=int(hours * 3600),
        )
    )
