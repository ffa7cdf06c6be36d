"""The format of a text field, by the conventions of the protos (protos/README.md).

A comment says what a text holds: a vocabulary, an exact decimal, a day, a UUID; and whether it may
be empty.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

__all__ = ["text_schema", "vocabulary"]

DECIMAL: Final = r"-?[0-9]+(\.[0-9]+)?"
DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
MONTH_OR_DAY: Final = "[0-9]{4}-[0-9]{2}(-[0-9]{2})?"
SHA_256: Final = "[0-9a-f]{64}"

WORD: Final = r"`([a-z0-9_]+)`"
ASIDE: Final = re.compile(r"\([^()]*\)")
LIST: Final = re.compile(rf"^(?:[^`:;.]*: )?(?P<list>{WORD}.*?\bor {WORD})(?P<rest>.*)$")
ITEM: Final = re.compile(rf"(?:^|, (?:or )?|\bor ){WORD}")


def vocabulary(comment: str) -> Sequence[str]:
    """The allowed words, where a comment begins with a complete list of them; or none.

    Such as "`up` or `down`." and "The scope: `plan`, `meter` (default) or `sku`."
    """
    sentence = re.split(r"[.;:](?: |$)", _without_lead(ASIDE.sub("", comment)))[0]
    sentence = " ".join(sentence.split()).replace(" ,", ",")
    items: list[str] = ITEM.findall(sentence)
    is_list = sentence.startswith("`") and re.search(rf"\bor {WORD}", sentence)
    # A word that is no item of the list qualifies one of them: then it is no plain list.
    return items if is_list and len(items) == sentence.count("`") // 2 else ()


def _without_lead(comment: str) -> str:
    """The comment without a lead such as "What determined it: "."""
    lead, colon, rest = comment.partition(": ")
    return rest if colon and not set(lead) & set("`.;") else comment


def text_schema(name: str, comment: str, *, given: bool) -> dict[str, Any]:
    """The schema of a text field. `given` is for requests, where an empty text means unset."""
    words = vocabulary(comment)
    may_be_empty = "empty" in comment.lower()
    if words:
        return {"type": "string", "enum": [*words, *([""] if may_be_empty and not given else [])]}
    pattern, format_name = _form(name, comment, given=given)
    if not pattern:
        return {"type": "string"}
    if may_be_empty:
        return {"type": "string", "pattern": f"^({pattern})?$"}
    return {"type": "string", "pattern": f"^{pattern}$"} | (
        {"format": format_name} if format_name else {}
    )


def _form(name: str, comment: str, *, given: bool) -> tuple[str, str]:
    """The pattern of a text and the name of its format; empty where it has none."""
    if name.endswith("_json"):
        return "", ""
    if "exact decimal" in comment:
        return DECIMAL, ""
    if name == "period" or name.endswith("_period"):
        return (MONTH_OR_DAY, "") if given else (DAY, "date")
    if name.endswith(("_on", "_day")) or name == "day":
        return DAY, "date"
    if name.endswith(("hash", "sha256")) and "SHA-256" in comment:
        return SHA_256, ""
    return "", ""
