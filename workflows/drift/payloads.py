"""Payloads of drift: kinds, counts and cursors."""

from dataclasses import dataclass

__all__ = [
    "DriftCursor",
    "DriftOutcome",
    "DriftSweepResult",
    "ExplainInput",
    "ExplainResult",
    "FailedRevert",
    "KindInput",
    "RevertPlan",
    "RevertResult",
    "SetField",
    "SetPower",
]


@dataclass(frozen=True, slots=True)
class KindInput:
    """One kind of a provider."""

    provider: str
    kind: str


@dataclass(frozen=True, slots=True)
class DriftOutcome:
    """The outcome of a kind; `reason` says why it was frozen or failed."""

    kind: str
    outcome: str
    """`completed`, `frozen` or `failed`."""
    resource_count: int = 0
    field_count: int = 0
    opened_count: int = 0
    updated_count: int = 0
    stale_count: int = 0
    unknown_count: int = 0
    deferred_count: int = 0
    muted_count: int = 0
    reason: str = ""

    def in_words(self) -> str:
        """One line for the Temporal UI or a terminal."""
        counts = (
            (self.resource_count, "compared"),
            (self.field_count, "field" if self.field_count == 1 else "fields"),
            (self.opened_count, "new drift" if self.opened_count == 1 else "new drifts"),
            (self.updated_count, "moved"),
            (self.stale_count, "gone"),
            (self.unknown_count, "not visible"),
            (self.deferred_count, "with an action in progress"),
            (self.muted_count, "muted"),
        )
        words = [f"{count:,} {word}" for count, word in counts if count]
        if self.reason:
            words.append(self.reason)
        return f"{self.kind}: {self.outcome}" + (f" ({'; '.join(words)})" if words else "")


@dataclass(frozen=True, slots=True)
class DriftCursor:
    """The cursor of a kind: earlier pages are compared."""

    page_token: str
    outcome: DriftOutcome

    def in_words(self) -> str:
        """How far it is, in a line."""
        return f"{self.outcome.kind}: {self.outcome.resource_count:,} compared with their specs"


@dataclass(frozen=True, slots=True)
class ExplainInput:
    """The drifts whose cause was not looked up yet."""

    provider: str


@dataclass(frozen=True, slots=True)
class ExplainResult:
    """The number of explained drifts; while running, also the progress."""

    explained_count: int = 0
    unexplained_count: int = 0

    def in_words(self) -> str:
        """How far it is, in a line."""
        return (
            f"looking up causes: {self.explained_count} found, {self.unexplained_count} not found"
        )


@dataclass(frozen=True, slots=True)
class DriftSweepResult:
    """The outcomes of each kind and of the lookup of causes."""

    outcomes: tuple[DriftOutcome, ...]
    causes: ExplainResult = ExplainResult()


@dataclass(frozen=True, slots=True)
class FailedRevert:
    """A drift that stays open, with the reason."""

    drift_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RevertPlan:
    """The plan of a revert, read when it began."""

    drift_id: str
    provider: str
    kind: str
    provider_id: str
    field: str
    wanted_json: str
    """The desired value as JSON."""
    is_on: bool
    """Whether the machine was running."""


@dataclass(frozen=True, slots=True)
class SetPower:
    """A droplet with its required power state."""

    provider_id: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class SetField:
    """A droplet's field with its desired value."""

    provider: str
    provider_id: str
    field: str
    wanted_json: str


@dataclass(frozen=True, slots=True)
class RevertResult:
    """The result: the drift's status, and why it is still open."""

    status: str
    reason: str = ""
