"""Renders one document and ends: JSON on standard input, the file on standard output.

A process of its own, started by `rendering.py`: it is given no secret and no database, and a
layout that hangs or eats memory ends with it. Exit codes: 0 done, 3 for a
document that is too large, anything else for a bug or a death.
"""

import resource
import sys

import orjson

from services.analytics.invoicing.invoices.document.typesetting import as_html, as_pdf

__all__ = ["TOO_LARGE", "main"]

TOO_LARGE = 3
"""The exit code of a document that is larger than it may be."""


def main() -> int:
    """Reads, renders, writes; the exit code."""
    job = orjson.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_AS, (job["max_memory"], job["max_memory"]))
    # Also when nobody is left who would kill it.
    resource.setrlimit(resource.RLIMIT_CPU, (job["max_seconds"], job["max_seconds"] + 1))
    if job["format"] == "html":
        made = as_html(job["document"]).encode()
    else:
        made = as_pdf(job["document"], job["lines"])
    if len(made) > job["max_bytes"]:
        return TOO_LARGE
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
