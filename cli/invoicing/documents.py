"""Documents that are downloaded into files, under the names that the service gives them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from arcadia.analytics.v1.invoice_service_pb2_grpc import InvoiceServiceStub
from rich.console import Console

from cli.caller import Metadata, ask_as_operator
from services.common.settings import Service

__all__ = ["save_document"]

DOCUMENT_SECONDS: Final = 60.0
FILE_NAME: Final = re.compile(r'filename="([A-Za-z0-9_-][A-Za-z0-9._-]*)"')


def save_document(method: str, request: Any, output: Path | None) -> None:  # noqa: ANN401
    """Writes a document to a file: to `output`, else to one of its own name in this folder.

    Ends the program when the service refuses.
    """

    async def ask(channel: Any, metadata: Metadata) -> tuple[bytes, str]:  # noqa: ANN401
        download: Callable[..., Any] = getattr(InvoiceServiceStub(channel), method)
        call = download(request, metadata=metadata, timeout=DOCUMENT_SECONDS)
        document = await call
        headers = dict(await call.initial_metadata())
        return document.data, str(headers.get("content-disposition", ""))

    data, disposition = ask_as_operator(Service.ANALYTICS, ask)
    named = FILE_NAME.search(disposition)
    path = output or Path(named[1] if named else f"{request.id}.{request.format}")
    path.write_bytes(data)
    Console().print(f"{path} ({len(data):,} bytes)", markup=False, soft_wrap=True)
