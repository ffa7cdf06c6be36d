"""Redacts secrets in entries of the audit log.

Callers may write anything into free texts and structures. So, in addition to the names and URLs of
`kinds.redaction`, API keys and signed tokens are redacted in every text, and so is the value of
every member whose type or key marks it as a secret.
"""

import re
from typing import Any, Final

from kinds.redaction import REDACTED, redact, secret_name
from services.common.identity.api_keys import KEY_PREFIX

__all__ = ["without_secrets"]

SECRET_TEXT: Final = re.compile(
    rf"{KEY_PREFIX}[0-9a-f]{{32}}_[0-9a-f]+|eyJ[A-Za-z0-9_-]{{5,}}(?:\.[A-Za-z0-9_-]+)+"
)
"""An API key, and a signed token (JWT), also if its end is truncated."""

SECRET_TYPES: Final = frozenset({"secret", "encrypted"})
"""Values of a member `type`, in lower case, that mark the member `value` as a secret."""


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value in which every secret is REDACTED."""
    return _cleaned(redact(value))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_TEXT.sub(REDACTED, value)
    if isinstance(value, list):
        return [_cleaned(element) for element in value]
    if not isinstance(value, dict):
        return value
    told = {SECRET_TEXT.sub(REDACTED, key): _cleaned(member) for key, member in value.items()}
    if told.get("value") is not None and _is_secret(told):
        told["value"] = REDACTED
    return told


def _is_secret(member: dict[str, Any]) -> bool:
    """Whether `value` is a secret, as in `{"key": "DB", "value": "hush", "type": "SECRET"}`."""
    if str(member.get("type", "")).lower() in SECRET_TYPES:
        return True
    return any(secret_name(str(member.get(name, ""))) for name in ("key", "name"))
