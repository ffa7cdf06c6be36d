"""Payloads of migrations: states and counts."""

from dataclasses import dataclass

__all__ = ["ENDED", "UNDOING", "MigrationResult", "MigrationStep", "StepInput"]

ENDED = ("in_effect", "undone")
UNDOING = "undoing"


@dataclass(frozen=True, slots=True)
class StepInput:
    """A migration, and how many subscriptions a call takes."""

    migration_id: str
    at_once: int = 500


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """Where a migration is, with the subscriptions that this run took."""

    status: str = ""
    is_paused: bool = False
    done_count: int = 0
    remaining_count: int = 0


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """The progress of a run."""

    step: str
    scheduled_count: int = 0
    taken_back_count: int = 0
    remaining_count: int = 0
    note: str = ""

    def in_words(self) -> str:
        """In one line."""
        words = f"{self.step}: {self.scheduled_count:,} done, {self.remaining_count:,} left"
        if self.taken_back_count:
            words += f", {self.taken_back_count:,} taken back"
        return f"{words}; {self.note}" if self.note else words
