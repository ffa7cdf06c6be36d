"""Adds Temporal UI links to the workflow runs in responses.

Links are added when a response leaves the service, so that servicers do not need to, and stored
responses never contain an outdated URL.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from arcadia.common.v1 import runs_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.common.settings import Settings

__all__ = ["RunLinks"]

RUN: Final = runs_pb2.Run.DESCRIPTOR.full_name

Path = tuple[str, ...]


class RunLinks:
    """Adds the URL of each run to a response."""

    def __init__(self, settings: Settings) -> None:
        base, namespace = settings.temporal_ui(), quote(settings.temporal_namespace, safe="")
        self._base = f"{base}/namespaces/{namespace}/workflows" if base else ""

    def fill(self, answer: Message) -> None:
        """Sets the URL of every run in a response, if a UI is configured."""
        if not self._base:
            return
        for path in _paths(answer.DESCRIPTOR):
            for run in _at(answer, path):
                if run.workflow_id:
                    run.url = self._url(run.workflow_id, run.run_id)

    def _url(self, workflow_id: str, run_id: str) -> str:
        named = f"{self._base}/{quote(workflow_id, safe='')}"
        return f"{named}/{quote(run_id, safe='')}/history" if run_id else named


@cache
def _paths(descriptor: Descriptor) -> tuple[Path, ...]:
    """The field paths from a message to its runs; empty for most messages."""
    return tuple(_leading(descriptor, frozenset()))


def _leading(descriptor: Descriptor, above: frozenset[str]) -> Iterator[Path]:
    for field in descriptor.fields:
        kind = field.message_type
        if kind is None or kind.full_name in above or kind.GetOptions().map_entry:
            continue
        if kind.full_name == RUN:
            yield (field.name,)
            continue
        for path in _leading(kind, above | {descriptor.full_name}):
            yield (field.name, *path)


def _at(message: Any, path: Path) -> Iterator[runs_pb2.Run]:
    """The runs at the end of a path."""
    name, *rest = path
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.is_repeated:
        found = list(getattr(message, name))
    else:
        found = [getattr(message, name)] if message.HasField(name) else []
    for one in found:
        if rest:
            yield from _at(one, tuple(rest))
        else:
            yield one
