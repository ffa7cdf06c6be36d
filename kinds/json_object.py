"""An object of an answer, as the provider sent it."""

from typing import Any

__all__ = ["JsonObject"]

JsonObject = dict[str, Any]
"""Used inside `kinds` and the provider's package only."""
