"""Renders documents in processes of their own, so that no document keeps others waiting.

A few run at once, and of one tenant's one at a time: a tenant that asks for many large
documents waits for itself. Each has a limit of time and of memory; one that hangs is killed.
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

__all__ = ["CONTENT_TYPES", "FORMATS", "RENDERER", "Limits", "Renderer"]

FORMATS: Final = ("", "pdf", "html")
"""Of a downloaded document; PDF by default."""

CONTENT_TYPES: Final = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}

COMMAND: Final = (
    sys.executable,
    "-P",
    "-m",
    "services.analytics.invoicing.invoices.document.worker",
)

log = structlog.get_logger("documents")


@dataclass(frozen=True, slots=True)
class Limits:
    """What rendering may take."""

    processes: int = 2
    """At once, of all tenants together."""
    seconds: int = 30
    """For one document, from its start."""
    wait_seconds: float = 10.0
    """For a free process."""
    memory_bytes: int = 1 << 30
    """Of a process, as addresses: about twice of what it holds."""
    document_bytes: int = 16 * 1024 * 1024
    """Of a document, well below what a call may answer."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the environment says."""
        return cls(processes=settings.document_processes, seconds=settings.document_seconds)


@dataclass
class Renderer:
    """Starts the processes, and counts them."""

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
        """Waits until one of the tenant's documents may be rendered, and holds a process for it.

        Raises Unavailable where none is free in time.
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
                "other documents are being rendered: try again later",
                reason="DOCUMENT_RENDERER_BUSY",
            ) from None
        try:
            yield
        finally:
            self._free.release()
            lock.release()

    async def render(self, document: InvoiceDocument, format_: str, lines: bytes = b"") -> bytes:
        """The file of a document, with `lines` attached to a PDF. Within a turn.

        Raises Unavailable for a process that took too long or died, and FailedPrecondition for a
        document that is too large.
        """
        job = orjson.dumps(
            {
                "format": format_,
                "document": document,
                "lines": lines.decode(),
                "max_bytes": self.limits.document_bytes,
                "max_memory": self.limits.memory_bytes,
                "max_seconds": self.limits.seconds,
            }
        )
        process = await self._started()
        try:
            async with asyncio.timeout(self.limits.seconds):
                made, told = await process.communicate(job)
        except TimeoutError:
            log.warning("document took too long", number=document.number, format=format_)
            raise Unavailable(
                f"document {document.number} was not rendered within {self.limits.seconds} s",
                reason="DOCUMENT_TOOK_TOO_LONG",
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return self._checked(document, process.returncode, made, told)

    async def _started(self) -> asyncio.subprocess.Process:
        # It imports what this process would, has none of its secrets, and one thread:
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

    def _checked(
        self, document: InvoiceDocument, code: int | None, made: bytes, told: bytes
    ) -> bytes:
        if code == TOO_LARGE or len(made) > self.limits.document_bytes:
            raise FailedPrecondition(
                f"document {document.number} is larger than {self.limits.document_bytes} bytes",
                reason="DOCUMENT_TOO_LARGE",
            )
        if code != 0 or not made:
            log.error(
                "document renderer died",
                number=document.number,
                exit_code=code,
                stderr=told.decode(errors="replace")[-2_000:],
            )
            raise Unavailable(
                f"document {document.number} could not be rendered: the renderer ended with"
                f" code {code}",
                reason="DOCUMENT_RENDERER_DIED",
            )
        return made
