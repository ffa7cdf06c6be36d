"""Renders documents in separate processes, so that one document does not block the service.

Concurrency is limited overall, and to one document per tenant: a tenant that requests many large
documents delays only itself. Each process has a time and a memory limit, and is killed if it hangs.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Self
from weakref import WeakValueDictionary

import orjson
import structlog

from services.analytics.invoicing.invoices.document.model import InvoiceDocument
from services.analytics.invoicing.invoices.document.typesetting import RENDERER
from services.analytics.invoicing.invoices.document.worker import TOO_LARGE
from services.common.errors import FailedPrecondition, Unavailable
from services.common.settings import Settings

__all__ = ["CONTENT_TYPES", "FOCUS", "FORMATS", "RENDERER", "Limits", "Renderer"]

FORMATS: Final = ("", "pdf", "html")
"""Format of a downloaded document; PDF by default."""

FOCUS: Final = "focus"
"""Format of an invoice's lines, a CSV file."""

CONTENT_TYPES: Final = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    FOCUS: "text/csv; charset=utf-8",
}

COMMAND: Final = (
    sys.executable,
    "-P",
    "-m",
    "services.analytics.invoicing.invoices.document.worker",
)

log = structlog.get_logger("documents")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of rendering."""

    processes: int = 2
    """Maximum number of concurrent renderings, for all tenants."""
    seconds: int = 30
    """Time limit of one document, from the start of its process."""
    wait_seconds: float = 10.0
    """Time limit of the wait for a free process."""
    memory_bytes: int = 1 << 30
    """Address-space limit of a process: about twice its resident memory."""
    document_bytes: int = 16 * 1024 * 1024
    """Maximum size of a document, well below the maximum of a response."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits from the environment."""
        return cls(processes=settings.document_processes, seconds=settings.document_seconds)


@dataclass
class Renderer:
    """Starts the rendering processes and limits their number."""

    limits: Limits = field(default_factory=Limits)
    command: tuple[str, ...] = field(default_factory=lambda: COMMAND)
    _free: asyncio.Semaphore = field(init=False)
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.limits.processes)

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[None]:
        """Waits for the tenant's turn, and reserves a process for it.

        Raises Unavailable if none becomes free in time.
        """
        lock = self._turns.setdefault(tenant, asyncio.Lock())
        try:
            async with asyncio.timeout(self.limits.wait_seconds):
                await lock.acquire()
                try:
                    await self._free.acquire()
                except BaseException:
                    lock.release()
                    raise
        except TimeoutError:
            raise Unavailable(
                "too many documents are being rendered: try again later",
                reason="DOCUMENT_RENDERER_BUSY",
            ) from None
        try:
            yield
        finally:
            self._free.release()
            lock.release()

    async def render(self, document: InvoiceDocument, format_: str, charges: bytes = b"") -> bytes:
        """Renders a document, with the lines of `charges` attached if it is a PDF.

        Call it within a turn. Raises Unavailable if the process timed out or crashed, and
        FailedPrecondition if the document is too large.
        """
        return await self._run(
            document.number, {"format": format_, "document": document, "charges": charges.decode()}
        )

    async def render_lines(self, number: str, charges: bytes) -> bytes:
        """Makes the FOCUS file of an invoice's lines. Call it, and it raises, as `render`."""
        return await self._run(number, {"format": FOCUS, "charges": charges.decode()})

    async def _run(self, number: str, job: dict[str, object]) -> bytes:
        limits = {
            "max_bytes": self.limits.document_bytes,
            "max_memory": self.limits.memory_bytes,
            "max_seconds": self.limits.seconds,
        }
        process = await self._started()
        try:
            async with asyncio.timeout(self.limits.seconds):
                made, told = await process.communicate(orjson.dumps(job | limits))
        except TimeoutError:
            log.warning("document took too long", number=number, format=job["format"])
            raise Unavailable(
                f"document {number} was not rendered within {self.limits.seconds} s",
                reason="DOCUMENT_TOOK_TOO_LONG",
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return self._checked(number, process.returncode, made, told)

    async def _started(self) -> asyncio.subprocess.Process:
        # The same import path as this process, none of its secrets, and one thread, because
        # several documents share the machine.
        path = os.pathsep.join(filter(None, sys.path))
        try:
            return await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"PYTHONPATH": path, "RAYON_NUM_THREADS": "1", "LANG": "C.UTF-8"},
            )
        except OSError as error:
            raise Unavailable(
                f"the renderer could not be started: {error.strerror}",
                reason="DOCUMENT_RENDERER_DIED",
            ) from None

    def _checked(self, number: str, code: int | None, made: bytes, told: bytes) -> bytes:
        if code == TOO_LARGE or len(made) > self.limits.document_bytes:
            raise FailedPrecondition(
                f"document {number} is larger than {self.limits.document_bytes} bytes",
                reason="DOCUMENT_TOO_LARGE",
            )
        if code != 0 or not made:
            log.error(
                "document renderer died",
                number=number,
                exit_code=code,
                stderr=told.decode(errors="replace")[-2_000:],
            )
            raise Unavailable(
                f"document {number} could not be rendered: the renderer ended with code {code}",
                reason="DOCUMENT_RENDERER_DIED",
            )
        return made
