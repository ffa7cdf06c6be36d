"""An object of an answer, as the provider sent it."""

from typing import Any

__all__ = ["JsonObject"]

JsonObject = dict[str, Any]
"""It leaves neither the kinds nor the provider's module."""
