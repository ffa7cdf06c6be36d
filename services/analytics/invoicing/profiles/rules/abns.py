"""Australian business numbers: eleven digits, of which the first two are check digits."""

from stdnum.au import abn

from services.common.errors import InvalidArgument

__all__ = ["is_abn", "read_abn"]


def is_abn(text: str) -> bool:
    """Whether a text is an ABN whose check digits hold."""
    return bool(abn.is_valid(text))


def read_abn(field: str, text: str) -> str:
    """The ABN of a text as it is printed, `51 824 753 556`; empty when empty.

    Raises InvalidArgument for one whose check digits do not hold.
    """
    if not text.strip():
        return ""
    if not is_abn(text):
        raise InvalidArgument(
            field,
            f"{text!r} is not an Australian business number: it has eleven digits, and its check"
            " digits must hold",
            reason="MALFORMED_ABN",
        )
    return str(abn.format(text))
