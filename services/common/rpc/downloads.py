"""File responses with a file name."""

import re
from typing import Any, Final

from google.api import httpbody_pb2
from grpc.aio import ServicerContext

__all__ = ["file_stem", "sent_as"]

SUFFIXES: Final = {"application/pdf": "pdf", "text/csv": "csv", "text/html": "html"}
UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def file_stem(*parts: str) -> str:
    """A file name without suffix, built from parts; keeps only letters, digits and `._-`."""
    return "-".join(UNSAFE.sub("-", part) for part in parts)


async def sent_as(
    stem: str, body: httpbody_pb2.HttpBody, context: ServicerContext[Any, Any]
) -> httpbody_pb2.HttpBody:
    """The body; sets the file name in the header `content-disposition`.

    gRPC callers find it in the initial metadata.
    """
    suffix = SUFFIXES[body.content_type.partition(";")[0]]
    named = f'attachment; filename="{stem}.{suffix}"'
    await context.send_initial_metadata((("content-disposition", named),))
    return body
