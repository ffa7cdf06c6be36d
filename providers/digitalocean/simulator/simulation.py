"""The running simulation: state, clock, faults and limits, constructed once per process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from starlette.requests import Request

from providers.digitalocean.simulator.acts.pending_actions import PendingActions
from providers.digitalocean.simulator.assignments import Assignments
from providers.digitalocean.simulator.billing.invoices import Invoices
from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.clock import Clock
from providers.digitalocean.simulator.config import Config
from providers.digitalocean.simulator.state import Document, Store
from providers.digitalocean.simulator.web.faults import FaultRules
from providers.digitalocean.simulator.web.limits import RateLimiter
from providers.digitalocean.simulator.web.requestlog import RequestLog
from providers.digitalocean.simulator.web.scopes import Tokens, TokenScope

__all__ = ["Freshness", "Pace", "Simulation", "scope_of", "simulation_of"]


@dataclass
class Freshness:
    """Objects that are not readable by id yet. In real time; lost at a restart."""

    seconds: float
    now: Callable[[], float] = monotonic
    _visible_at: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, kind: str, identifier: str) -> None:
        """Records a new object."""
        now = self.now()
        self._visible_at = {key: at for key, at in self._visible_at.items() if at > now}
        self._visible_at[kind, identifier] = now + self.seconds

    def hides(self, kind: str, identifier: str) -> bool:
        """Whether a read by id does not find the object yet."""
        at = self._visible_at.get((kind, identifier))
        return at is not None and at > self.now()


@dataclass
class Pace:
    """The delays of the simulator; the control API changes them."""

    latency_ms: int
    action_seconds: float


@dataclass
class Simulation:
    """The context of all routes."""

    config: Config
    store: Store
    assignments: Assignments
    ledger: Ledger
    invoices: Invoices
    pending: PendingActions
    tokens: Tokens
    clock: Clock
    limiter: RateLimiter
    faults: FaultRules
    log: RequestLog
    fresh: Freshness
    pace: Pace
    mood: str = ""
    """The current mood of the account; empty for none."""
    mood_rules: tuple[int, ...] = ()
    """The numbers of the fault rules of the mood."""
    before_mood: Document = field(default_factory=dict)
    """The previous values of the settings that the mood changed."""

    def project_name(self, urn: str) -> str:
        """The name of a resource's project, empty if none."""
        project_id = self.assignments.project_of(urn)
        project = None if project_id is None else self.store.document("project", project_id)
        return "" if project is None else str(project["name"])


def simulation_of(request: Request) -> Simulation:
    """The simulation of a request."""
    simulation: Simulation = request.app.state.simulation  # set by `app.build`
    return simulation


def scope_of(request: Request) -> TokenScope:
    """The scopes of the request's token, set by the gate."""
    scope: TokenScope = request.state.token_scope
    return scope
