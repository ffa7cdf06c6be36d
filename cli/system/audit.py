"""`arcadia audit`: the audit log of all services."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from arcadia.common.v1 import audit_pb2 as pb
from google.protobuf.json_format import MessageToDict
from rich.text import Text

from cli.caller import answers, call
from cli.options import Count, Output, Tenant, command_group
from cli.output import instant, print_list, say
from services.common.settings import Service

__all__ = ["commands"]

commands = command_group("The audit log: who wrote what.")

Object = Annotated[str, typer.Option("--object", help="Only of this object, or of its id.")]
Actor = Annotated[str, typer.Option(help="Only by the subject of this token or key.")]
Rpc = Annotated[str, typer.Option(help="Only over this RPC: /package.Service/Method.")]
Outcome = Annotated[str, typer.Option(help="Only done, requested, refused or uncertain ones.")]
Only = Annotated[str, typer.Option("--service", help="Only of this service; asks no other.")]
After = Annotated[datetime | None, typer.Option(help="From this time (UTC) on; the last 90 days.")]
Before = Annotated[datetime | None, typer.Option(help="Only before this time (UTC).")]


@commands.command("list")
def list_entries(
    object_: Object = "",
    actor: Actor = "",
    tenant: Tenant = "",
    rpc: Rpc = "",
    outcome: Outcome = "",
    service: Only = "",
    after: After = None,
    before: Before = None,
    count: Count = 50,
) -> None:
    """List the newest entries."""
    request = _request(
        object_, tenant, after, before, actor=actor, rpc=rpc, outcome=outcome, service=service
    )
    print_list(
        {
            "at": lambda entry: instant(entry.at, "%Y-%m-%d %H:%M:%S"),
            "who": "actor",
            "tenant": "tenant_id",
            "rpc": lambda entry: entry.rpc.rpartition(".")[2],
            "object": lambda entry: entry.object or _changed(entry),
            "outcome": lambda entry: " ".join(filter(None, (entry.outcome, entry.reason))),
            "rows": lambda entry: str(entry.changed_rows),
            "address": "address",
        },
        [entry for entry, _ in zip(_entries(request), range(count), strict=False)],
        "There are no entries.",
    )


@commands.command("export")
def export_entries(
    object_: Object = "",
    actor: Actor = "",
    tenant: Tenant = "",
    rpc: Rpc = "",
    outcome: Outcome = "",
    service: Only = "",
    after: After = None,
    before: Before = None,
    output: Output = None,
) -> None:
    """Write entries as JSON lines, newest first.

    An operator's lines have the hash of each entry: the SHA-256 of `previous_hash`, a line feed
    and `entry` as JSON with sorted keys and without spaces.
    """
    request = _request(
        object_, tenant, after, before, actor=actor, rpc=rpc, outcome=outcome, service=service
    )
    _write(map(_line, _entries(request)), output)


@commands.command("verify")
def verify_chains(
    service: Only = "",
    kept: Annotated[
        list[str] | None,
        typer.Option("--kept", help="A line that this command printed before; may be repeated."),
    ] = None,
) -> None:
    """Verify every entry by its hash, and the chains by hashes that you stored elsewhere.

    Store the printed lines outside the databases: only they reveal that the end of a chain was
    removed, or a whole chain was recomputed.
    """
    services = [service] if service else [str(each) for each in Service]
    holds = [_verify(each) for each in services]
    holds += [_verify_kept(line) for line in kept or ()]
    if not all(holds):
        raise typer.Exit(1)


def _request(
    object_: str, tenant: str, after: datetime | None, before: datetime | None, **filters: Any
) -> pb.ListAuditEntriesRequest:
    return pb.ListAuditEntriesRequest(
        **filters,
        object=object_,
        tenant_id=tenant,
        after=after.replace(tzinfo=UTC).isoformat() if after else "",
        before=before.replace(tzinfo=UTC).isoformat() if before else "",
    )


def _entries(request: pb.ListAuditEntriesRequest) -> Iterator[pb.AuditEntry]:
    request.page_size = 100
    return (entry for answer in answers(request) for entry in answer.entries)


def _changed(entry: pb.AuditEntry) -> str:
    change = next(iter(entry.changes), None)
    return f"{change.table}/{change.key}" if change else ""


def _line(entry: pb.AuditEntry) -> bytes:
    told: dict[str, Any] = {
        "service": entry.service,
        "seq": entry.seq,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
        "entry": orjson.loads(entry.content or "null"),
    }
    if not entry.content:  # for a tenant, who does not see the chain
        told = MessageToDict(entry, preserving_proto_field_name=True)
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _write(lines: Iterator[bytes], output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.writelines(lines)
        return
    with output.open("wb") as file:
        file.writelines(lines)


def _verify(service: str) -> bool:
    checked = dropped = after = 0
    while True:
        part = call(pb.VerifyAuditLogRequest(service=service, after_seq=after))
        for fault in part.faults:
            say(Text.assemble(f"{service} ", (fault, "red")))
        if part.faults:
            return False
        checked, dropped, after = checked + part.checked, dropped + part.dropped, part.seq
        if part.complete:
            say(f"{service}:{part.seq}:{part.hash}")
            say(f"  {checked:,} entries verified; {dropped:,} were dropped")
            return True


def _verify_kept(line: str) -> bool:
    service, _, rest = line.partition(":")
    seq, _, kept = rest.partition(":")
    if not seq.isdecimal() or not kept:
        raise typer.BadParameter(f"{line!r} is not service:place:hash", param_hint="--kept")
    if seq == "0":
        return True
    part = call(pb.VerifyAuditLogRequest(service=service, after_seq=int(seq) - 1, page_size=1))
    if part.seq == int(seq) and part.hash == kept:
        say(f"{service}:{seq} matches")
        return True
    say(Text.assemble(f"{service}:{seq} ", ("does not match the stored hash", "red")))
    return False
