"""Facts about responses from DigitalOcean's client that our OpenAPI document lacks.

The docstrings of its methods have an example of each response.
"""

import re
from operator import attrgetter

import pydo

__all__ = ["clients_fields"]


def clients_fields(method: str, key: str) -> set[str]:
    """The fields of a row under `key` in the example that a method of the client shows."""
    client = pydo.Client(token="none")
    lines = (attrgetter(method)(client).__doc__ or "").splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip() == f'"{key}": [')
    depth = _depth(lines[start])
    fields = set()
    for line in lines[start + 1 :]:
        if _depth(line) == depth and line.strip().startswith("]"):
            break
        named = re.match(r'"(\w+)":', line.strip())
        if named and _depth(line) == depth + 8:
            fields.add(named[1])
    return fields


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
