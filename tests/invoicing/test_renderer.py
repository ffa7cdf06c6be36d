"""A document is rendered in a separate process that blocks nobody."""

import asyncio
import signal
import sys
from contextlib import suppress
from typing import Any

import pytest

from services.analytics.invoicing.invoices.document.charges import charges_of, read_charges
from services.analytics.invoicing.invoices.document.rendering import Limits, Renderer
from services.analytics.invoicing.invoices.rules.focus import as_focus
from services.common.errors import ArcadiaError, FailedPrecondition, Unavailable
from tests.invoicing.test_focus import INVOICE, LINES
from tests.invoicing.test_layout import document

CHARGES = charges_of(INVOICE, LINES)


def program(text: str) -> tuple[str, ...]:
    """A renderer that does something else."""
    return sys.executable, "-I", "-c", text


async def refused(renderer: Renderer) -> ArcadiaError:
    with pytest.raises(ArcadiaError) as error:
        await renderer.render(document(), "pdf")
    return error.value


async def test_the_process_makes_the_pdf_and_the_page() -> None:
    renderer = Renderer()
    assert (await renderer.render(document(), "pdf", CHARGES)).startswith(b"%PDF")
    assert b"INV-000042" in await renderer.render(document(), "html")
    assert await renderer.render_lines("INV-000042", CHARGES) == as_focus(INVOICE, LINES)


def test_a_document_is_unchanged_by_its_way_to_the_process() -> None:
    assert read_charges(CHARGES) == (INVOICE, LINES)


async def test_the_process_sees_no_secret_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCADIA_JWT_SECRET", "a secret")
    renderer = Renderer(command=program("import os; print(dict(os.environ))"))
    assert b"secret" not in await renderer.render(document(), "pdf")


async def test_one_that_hangs_is_ended_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = asyncio.create_subprocess_exec

    async def remembered(*command: Any, **how: Any) -> asyncio.subprocess.Process:
        process = await start(*command, **how)
        started.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", remembered)
    hangs = program("import time; time.sleep(600)")
    error = await refused(Renderer(Limits(seconds=1), hangs))
    assert isinstance(error, Unavailable)
    assert error.reason == "DOCUMENT_TOOK_TOO_LONG"
    assert "INV-000042" in error.message
    assert [process.returncode for process in started] == [-signal.SIGKILL]


@pytest.mark.parametrize(
    "death", ["import sys; sys.exit(9)", "import os; os.kill(os.getpid(), 9)", ""]
)
async def test_one_that_dies_or_answers_nothing_is_an_error(death: str) -> None:
    error = await refused(Renderer(command=program(death)))
    assert isinstance(error, Unavailable)
    assert error.reason == "DOCUMENT_RENDERER_DIED"


async def test_a_renderer_that_cannot_start_is_an_error() -> None:
    error = await refused(Renderer(command=("/no/such/program",)))
    assert isinstance(error, Unavailable)
    assert error.reason == "DOCUMENT_RENDERER_DIED"


async def test_a_document_that_is_too_large_is_refused() -> None:
    error = await refused(Renderer(Limits(document_bytes=1_000)))
    assert isinstance(error, FailedPrecondition)
    assert error.reason == "DOCUMENT_TOO_LARGE"


async def test_one_that_needs_too_much_memory_ends_alone() -> None:
    error = await refused(Renderer(Limits(memory_bytes=64 << 20)))
    assert error.reason == "DOCUMENT_RENDERER_DIED"


async def test_a_tenant_waits_for_itself_and_nobody_waits_for_it() -> None:
    renderer = Renderer(Limits(processes=2, wait_seconds=0.1))
    async with renderer.turn("acme"):
        with pytest.raises(Unavailable) as busy:
            async with renderer.turn("acme"):
                pass
        assert busy.value.reason == "DOCUMENT_RENDERER_BUSY"
        async with renderer.turn("globex"):
            with pytest.raises(Unavailable):
                async with renderer.turn("initech"):
                    pass
        async with renderer.turn("initech"):
            pass
    async with renderer.turn("acme"):
        pass


async def test_a_disconnected_caller_frees_its_turn() -> None:
    renderer = Renderer(Limits(processes=1))
    async with renderer.turn("acme"):

        async def wait() -> None:
            async with renderer.turn("globex"):
                pass

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    async with renderer.turn("globex"):
        pass
