"""Renders one document and ends: JSON on standard input, the file on standard output.

A separate process, started by `rendering.py`, without secrets and without a database. If a layout
hangs or uses too much memory, only this process ends. Exit codes: 0 for success, 3 for a document
that is too large, anything else for a bug or a crash.
"""

import resource
import sys

import orjson

from services.analytics.invoicing.invoices.document.typesetting import as_html, as_pdf

__all__ = ["TOO_LARGE", "main"]

TOO_LARGE = 3
"""Exit code for a document over the maximum size."""


def main() -> int:
    """Reads, renders and writes a document; returns the exit code."""
    job = orjson.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_AS, (job["max_memory"], job["max_memory"]))
    # Also ends the process if its parent is gone.
    resource.setrlimit(resource.RLIMIT_CPU, (job["max_seconds"], job["max_seconds"] + 1))
    lines = b""
    if job["charges"]:
        # Imported here: a page without lines does without, and starts sooner.
        from services.analytics.invoicing.invoices.document.charges import read_charges
        from services.analytics.invoicing.invoices.rules.focus import as_focus

        lines = as_focus(*read_charges(job["charges"]))
    if job["format"] == "focus":
        made = lines
    elif job["format"] == "html":
        made = as_html(job["document"]).encode()
    else:
        made = as_pdf(job["document"], lines.decode())
    if len(made) > job["max_bytes"]:
        return TOO_LARGE
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
