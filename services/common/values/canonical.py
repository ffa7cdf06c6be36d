"""Canonical JSON and its digest: what chains and proofs are made of."""

import hashlib
from typing import Any

import orjson

__all__ = ["canonical", "digest"]


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys and no spaces, so equal values give equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def digest(text: str) -> str:
    """SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
