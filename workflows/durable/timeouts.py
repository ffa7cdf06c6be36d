"""How long a workflow waits for the word of an activity."""

from datetime import timedelta
from typing import Final

__all__ = ["HEARTBEAT", "SHORT"]

HEARTBEAT: Final = timedelta(seconds=10)
"""A worker silent for so long is taken for dead, and another goes on with what it did.

Whatever may take longer than `SHORT` beats: without a heartbeat a dead worker is noticed only
when the whole time of the activity is over.
"""

SHORT: Final = timedelta(seconds=20)
"""For an activity that reads or changes a few rows, and so never beats."""
