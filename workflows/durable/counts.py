"""Adds up the counts of pages."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["with_counts"]

Counted = TypeVar("Counted", bound="DataclassInstance")


def with_counts(so_far: Counted, more: object) -> Counted:
    """A dataclass with the counts of `more` added to its own of the same names."""
    names = [field.name for field in fields(so_far) if field.name.endswith("_count")]
    sums = {name: getattr(so_far, name) + getattr(more, name) for name in names}
    return replace(so_far, **sums)
