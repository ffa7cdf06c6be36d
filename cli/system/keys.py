"""`arcadia keys`: API keys of tenants and of the operator."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from arcadia.catalog.v1 import api_key_service_pb2 as pb

from cli.caller import call, pages
from cli.options import Reason, Tenant, command_group
from cli.output import instant, print_list, say
from services.common.rpc.wire import timestamp

__all__ = ["commands"]

commands = command_group("Manage API keys of programs.")

KeyId = Annotated[str, typer.Argument(help="The key's id.")]
OPERATORS = "the operator"


@commands.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="May be repeated. A tenant's key without a role reads only."),
    ] = None,
    tenant: Annotated[
        str, typer.Option(help="The tenant of the key; by default the operator.")
    ] = "",
    days: Annotated[int, typer.Option(help="How long it is valid.", min=1)] = 365,
    may_create_keys: Annotated[
        bool, typer.Option("--may-create-keys", help="Its holder may create and rotate keys.")
    ] = False,
) -> None:
    """Create a key and print it; it is shown only once."""
    request = pb.CreateApiKeyRequest(
        name=name,
        tenant_id=tenant,
        roles=role or [],
        ends_at=timestamp(datetime.now(UTC) + timedelta(days=days)),
        may_create_keys=may_create_keys,
    )
    _show_once(call(request))


@commands.command("list")
def list_keys(
    tenant: Tenant = "",
    status: Annotated[str, typer.Option(help="Only active, expired or revoked ones.")] = "",
) -> None:
    """List keys in the order of creation."""
    print_list(
        {
            "id": "id",
            "name": "name",
            "tenant": lambda key: key.tenant_id or OPERATORS,
            "roles": lambda key: " ".join(key.roles) or "reads",
            "status": "status",
            "ends": lambda key: instant(key.ends_at),
            "last used": lambda key: (
                instant(key.last_used_at) if key.HasField("last_used_at") else "never"
            ),
            "created by": "created_by",
        },
        pages(pb.ListApiKeysRequest(tenant_id=tenant, status=status), "api_keys"),
        "There are no keys.",
    )


@commands.command("rotate")
def rotate(
    key_id: KeyId,
    overlap_hours: Annotated[
        float, typer.Option(help="How long the present secret remains valid.", min=0, max=720)
    ] = 24.0,
) -> None:
    """Rotate a key and print the new secret; it is shown only once."""
    request = pb.RotateApiKeyRequest(id=key_id, overlap_seconds=int(overlap_hours * 3600))
    answer = call(request)
    _show_once(answer)
    if answer.api_key.HasField("previous_ends_at"):
        until = instant(answer.api_key.previous_ends_at)
        say(f"The previous secret is valid until {until} UTC.", error=True)


@commands.command("revoke")
def revoke(key_id: KeyId, reason: Reason = "") -> None:
    """Revoke a key and the keys that it created, which takes effect within seconds."""
    answer = call(pb.RevokeApiKeyRequest(id=key_id, reason=reason))
    key = answer.api_key
    say(f"{key.name} ({key.id}) is {key.status} since {instant(key.revoked_at)} UTC.")
    if answer.created_keys_revoked:
        say(f"Keys that it created, revoked with it: {answer.created_keys_revoked}.")


def _show_once(answer: Any) -> None:
    """Prints only the key to standard output, so that programs can read it."""
    key = answer.api_key
    owner = key.tenant_id or OPERATORS
    roles = " ".join(key.roles) or "reads only"
    say(
        f"{key.name} ({key.id}) of {owner}: {roles}, until {instant(key.ends_at)} UTC."
        " The key is shown only once:",
        error=True,
    )
    typer.echo(answer.key)
