"""Redacts secrets in the provider's data.

Three rules: the paths that a kind declares, names that always mean a secret, and URLs with a
password.
"""

import re
from collections.abc import Set as AbstractSet
from typing import Any, Final

__all__ = ["REDACTED", "redact", "secret_name"]

REDACTED: Final = "[redacted]"

SECRET_NAME: Final = re.compile(
    r"(?:^|[_-])(?:pass|passwd|password|passphrase|secret|token|credentials?|user[_-]?data"
    r"|(?:private|secret|api|access)[_-]?key|auth)$",
    re.IGNORECASE,
)
CREDENTIALS_IN_ADDRESS: Final = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@]+@", re.IGNORECASE)


def secret_name(name: str) -> bool:
    """Whether a field of this name is a secret."""
    return SECRET_NAME.search(name) is not None


def redact(value: Any, paths: AbstractSet[str] = frozenset(), *, at: str = "") -> Any:
    """A copy of a JSON value in which every secret is REDACTED.

    `paths` are dotted (`connection.uri`) and apply to every element of a list (`users.password` is
    the password of each user). `at` is the path of `value`.
    """
    if isinstance(value, dict):
        return {key: _member(key, member, paths, at) for key, member in value.items()}
    if isinstance(value, list):
        return [redact(element, paths, at=at) for element in value]
    if isinstance(value, str) and "@" in value:
        return CREDENTIALS_IN_ADDRESS.sub(rf"\1{REDACTED}@", value)
    return value


def _member(key: str, member: Any, paths: AbstractSet[str], at: str) -> Any:
    path = f"{at}.{key}" if at else key
    if path in paths:
        return REDACTED
    if secret_name(key) and not isinstance(member, bool | None):
        return REDACTED
    return redact(member, paths, at=path)
