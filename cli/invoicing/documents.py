"""Documents that are downloaded into files, under the names that the service gives them."""

import re
from pathlib import Path
from typing import Any, Final

from cli.caller import method_of, run
from cli.output import say

__all__ = ["save_document"]

DOCUMENT_SECONDS: Final = 60.0
FILE_NAME: Final = re.compile(r'filename="([A-Za-z0-9_-][A-Za-z0-9._-]*)"')


def save_document(request: Any, output: Path | None) -> None:
    """Writes a document to a file: to `output`, else to one of its own name in this folder.

    Ends the program when the service refuses.
    """
    data, disposition = run(_download(request))
    named = FILE_NAME.search(disposition)
    path = output or Path(named[1] if named else f"{request.id}.{request.format}")
    path.write_bytes(data)
    say(f"{path} ({len(data):,} bytes)")


async def _download(request: Any) -> tuple[bytes, str]:
    """The document, and the header that names it."""
    async with method_of(request) as (download, metadata):
        answer = download(request, metadata=metadata, timeout=DOCUMENT_SECONDS)
        headers = dict(await answer.initial_metadata())
        return (await answer).data, str(headers.get("content-disposition", ""))
