"""Somebody's turn at a droplet: as long as this runs, nobody else acts on the droplet.

Its id is the lock. Temporal starts no second run under an id that runs, and ends this one with
the run that started it, however that ends: a turn cannot be forgotten.
"""

from temporalio import workflow

__all__ = ["DropletTurn"]


@workflow.defn
class DropletTurn:
    """Started as `droplet-actions/<the provider's id>`, as a child of whoever acts."""

    def __init__(self) -> None:
        self._is_over = False

    @workflow.run
    async def run(self, holder: str) -> None:
        """Holds the turn until it is given back; `holder` is the workflow that has it."""
        workflow.set_current_details(f"{holder} has the turn")
        await workflow.wait_condition(lambda: self._is_over)
        workflow.set_current_details(f"{holder} had the turn, and gave it back")

    @workflow.signal
    def give_back(self) -> None:
        """The holder is through."""
        self._is_over = True
