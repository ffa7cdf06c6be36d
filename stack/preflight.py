"""Checks before anything is started: Python, data directory, disk, ports."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

from services.common.settings import LARGEST_OFFSET, OFFSET_STEP, Port, Settings
from stack.layout import Layout
from stack.parts import Part, local_parts
from stack.ports import holder_of, is_passing, is_taken

__all__ = ["free_offset", "problems"]

MIN_FREE_BYTES: Final = 1024**3
MIN_PYTHON: Final = (3, 11)


def problems(parts: Sequence[Part], settings: Settings, layout: Layout) -> list[str]:
    """Everything that prevents a start, each with what to do about it."""
    return [*_python(), *_folder(layout), *_ports(parts, settings, layout)]


def free_offset(settings: Settings, layout: Layout) -> int | None:
    """The smallest `ARCADIA_PORT_OFFSET` above 0 with all ports free; None without one."""
    for offset in range(OFFSET_STEP, LARGEST_OFFSET + 1, OFFSET_STEP):
        moved = settings.model_copy(update={"port_offset": offset})
        of_parts = {port for part in local_parts(moved, layout) for port in part.ports}
        if not any(is_taken(port) for port in of_parts | {moved.port(port) for port in Port}):
            return offset
    return None


def _python() -> list[str]:
    if sys.version_info[:2] >= MIN_PYTHON:
        return []
    return [f"Python {sys.version.split()[0]} is too old: 3.11 or newer is required"]


def _folder(layout: Layout) -> list[str]:
    try:
        layout.make()
        with tempfile.TemporaryFile(dir=layout.folder):
            pass
    except OSError as error:
        return [f"{layout.folder} is not writable ({error.strerror}): see ARCADIA_DATA_DIR"]
    free = shutil.disk_usage(layout.folder).free
    if free < MIN_FREE_BYTES:
        return [
            f"only {free // 1024**2} MB are free below {layout.folder}: at least 1 GB is required"
        ]
    return []


def _ports(parts: Sequence[Part], settings: Settings, layout: Layout) -> list[str]:
    taken = [
        (part, port)
        for part in parts
        for port in part.ports
        if is_taken(port) and not is_passing(port)
    ]
    found = [f"port {port} of {part.name} is in use by {holder_of(port)}" for part, port in taken]
    if found:
        free = free_offset(settings, layout)
        found.append(
            "stop the programs that use them; ARCADIA_PORT_OFFSET does not change ports that"
            " ARCADIA_HTTP_PORT or ARCADIA_<SERVICE>_ADDRESS sets"
            if free is None
            else f"stop the programs that use them, or set ARCADIA_PORT_OFFSET={free}:"
            " its ports are all free"
        )
    return found
