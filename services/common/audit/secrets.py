"""Takes secrets out of what an entry of the audit log keeps.

Callers may write anything into free texts and structures. So, besides the names and addresses that
`kinds.redaction` knows, API keys and signed tokens are taken out of every text, and the value of
every member that says by its type or its key that it is a secret.
"""

import re
from typing import Any, Final

from kinds.redaction import REDACTED, redact, secret_name
from services.common.identity.api_keys import KEY_PREFIX

__all__ = ["without_secrets"]

SECRET_TEXT: Final = re.compile(
    rf"{KEY_PREFIX}[0-9a-f]{{32}}_[0-9a-f]+|eyJ[A-Za-z0-9_-]{{5,}}(?:\.[A-Za-z0-9_-]+)+"
)
"""An API key, and a signed token (JWT): each also without its end, which may be cut off."""

SECRET_TYPES: Final = frozenset({"secret", "encrypted"})
"""What a member `type` says, in lower case, where the member `value` beside it is a secret."""


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value in which every secret reads REDACTED."""
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
