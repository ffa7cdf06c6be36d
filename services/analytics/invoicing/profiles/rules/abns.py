"""Australian business numbers: eleven digits, the first two of which are check digits."""

from stdnum.au import abn

from services.common.errors import InvalidArgument

__all__ = ["is_abn", "read_abn"]


def is_abn(text: str) -> bool:
    """Whether a text is an ABN with valid check digits."""
    return bool(abn.is_valid(text))


def read_abn(field: str, text: str) -> str:
    """Formats an ABN as printed, `51 824 753 556`; empty if empty.

    Raises InvalidArgument for invalid check digits.
    """
    if not text.strip():
        return ""
    if not is_abn(text):
        raise InvalidArgument(
            field,
            f"{text!r} is not an Australian business number: it must have eleven digits, with"
            " valid check digits",
            reason="MALFORMED_ABN",
        )
    return str(abn.format(text))
