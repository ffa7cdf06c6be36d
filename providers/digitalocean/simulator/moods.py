"""The moods of the account, by name: one table.

A mood is a behaviour seen in real accounts: fault rules and settings that are in force during the
mood, scopes that tokens lack, and a change to the account that is made once. To add one, add a row
to `_MOODS`: `as_seen`, the control API, `--mood` and the scenario of moods use it, and a test
requires its line in `docs/simulator.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from providers.digitalocean.simulator.acts.platform_acts import PLATFORM_ACTS
from providers.digitalocean.simulator.billing.spellings import Spelling, respell
from providers.digitalocean.simulator.simulation import Simulation
from providers.digitalocean.simulator.state import Document
from providers.digitalocean.simulator.web.errors import Unprocessable
from providers.digitalocean.simulator.web.faults import Fault, Rule
from providers.digitalocean.simulator.web.payload import optional

__all__ = [
    "AS_SEEN",
    "MOODS",
    "Mood",
    "UnknownMoodError",
    "enter",
    "leave",
    "mood_of",
    "settings_of",
    "tune",
]


def settings_of(simulation: Simulation) -> Document:
    """The current settings."""
    limiter, pace = simulation.limiter, simulation.pace
    return {
        "rate_limit_per_minute": limiter.per_minute,
        "rate_limit_per_hour": limiter.per_hour,
        "latency_ms": pace.latency_ms,
        "action_seconds": pace.action_seconds,
        "settle_ms": int(simulation.fresh.seconds * 1000),
    }


def tune(simulation: Simulation, wanted: Document) -> None:
    """Changes settings. Unprocessable, with nothing changed, for an unknown name or type."""
    now = settings_of(simulation)
    if unknown := set(wanted) - set(now):
        raise Unprocessable(f"unknown: {', '.join(sorted(unknown))}")
    seconds = wanted.get("action_seconds", now["action_seconds"])
    if not isinstance(seconds, int | float):
        raise Unprocessable("action_seconds must be a number")
    limits = {name: optional(wanted, name, int, now[name]) for name in now if name in _WHOLE}
    simulation.limiter.per_minute = limits["rate_limit_per_minute"]
    simulation.limiter.per_hour = limits["rate_limit_per_hour"]
    simulation.pace.latency_ms = limits["latency_ms"]
    simulation.pace.action_seconds = float(seconds)
    simulation.fresh.seconds = limits["settle_ms"] / 1000


_WHOLE = frozenset({"rate_limit_per_minute", "rate_limit_per_hour", "latency_ms", "settle_ms"})
"""The whole-number settings."""


@dataclass(frozen=True)
class Mood:
    """A behaviour of the account."""

    name: str
    does: str
    """A sentence for the control API and the documentation."""
    rules: tuple[Rule, ...] = ()
    settings: Document = field(default_factory=dict)
    """Limits and pace, by their names in the control API."""
    change: Callable[[Simulation], None] | None = None
    """Made when the mood is first entered; kept when it is left."""
    withheld: frozenset[str] = frozenset()
    """Scopes that every token lacks during the mood."""
    alone: bool = False
    """Whether it is not part of `as_seen`, because it would hide what the others show."""


class UnknownMoodError(ValueError):
    """There is no such mood; the text lists the known ones."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no mood {name!r}; there are {', '.join(MOODS)}")


EVERY: Final = 4
"""Every fourth identical request fails, so that a retry helps."""


def _in_turn(fault: Fault, path: str, turn: int, retry_after: int | None = None) -> Rule:
    """A read below a path fails the `turn`-th time, and every fourth time after it."""
    return Rule(fault, path, every=EVERY, turn=turn, retry_after=retry_after)


def _platform_acts(simulation: Simulation) -> None:
    for act in PLATFORM_ACTS.values():
        act.apply(simulation)


def _respelled(simulation: Simulation) -> None:
    # An invoice that can never be read must be waived by an operator.
    respell(simulation.store, set(Spelling) - {Spelling.UNREADABLE_INVOICE})


_MOODS: Final = (
    Mood(
        "throttled",
        "the first of every four identical requests is answered 429: with `retry-after`"
        " for droplets and bills, without it elsewhere",
        (
            _in_turn(Fault.TOO_MANY_REQUESTS, "/v2/droplets", 1, retry_after=1),
            _in_turn(Fault.TOO_MANY_REQUESTS, "/v2/customers", 1, retry_after=1),
            _in_turn(Fault.TOO_MANY_REQUESTS, "/v2/", 1),
        ),
    ),
    Mood(
        "outages",
        "the second of every four identical requests fails: droplets with an HTML 504,"
        " projects with half an answer, volumes with half a JSON document, everything else"
        " with 500",
        (
            _in_turn(Fault.GATEWAY_TIMEOUT, "/v2/droplets", 2),
            _in_turn(Fault.DROP, "/v2/projects", 2),
            _in_turn(Fault.TRUNCATE, "/v2/volumes", 2),
            *(
                _in_turn(Fault.SERVER_ERROR, path, 2)
                for path in ("/v2/snapshots", "/v2/domains", "/v2/customers", "/v2/billing", "/s3/")
            ),
        ),
    ),
    Mood(
        "stray_answers",
        "the third of every four identical requests: images are answered 200 with an"
        " error body, load balancers 404 with an HTML page",
        (
            _in_turn(Fault.ERROR_BODY, "/v2/images", 3),
            _in_turn(Fault.NOT_FOUND_PAGE, "/v2/load_balancers", 3),
        ),
    ),
    Mood(
        "empty_lists",
        "a list without rows is absent from its answer, and null in every second one",
        (Rule(Fault.EMPTY_NULL, every=2), Rule(Fault.EMPTY_ABSENT)),
    ),
    Mood(
        "odd_rows",
        "the first droplet of a page has a NUL in its name, the first volume a text for its tags",
        (
            Rule(Fault.ODD_FIELD, "/v2/droplets", key="name", value="odd\0"),
            Rule(Fault.ODD_FIELD, "/v2/volumes", key="tags", value="odd"),
        ),
    ),
    Mood(
        "own_changes",
        "everything that the platform changes by itself: certificates renewed, rules put"
        " again, fields respelled or left out",
        change=_platform_acts,
    ),
    Mood(
        "bill_spellings",
        "bills are written in every spelling that was seen; the amounts are the same",
        change=_respelled,
    ),
    Mood(
        "busy_droplets",
        "every other attempt of an action is refused because another action is pending",
        (Rule(Fault.PENDING_EVENT, "/v2/droplets", method="POST", every=2),),
    ),
    Mood(
        "narrow_token",
        "every token lacks scopes: tags, logins and SSH keys of objects are null, and"
        " lists of SSH keys, certificates, uptime checks and Spaces keys are answered 403",
        withheld=frozenset(
            {
                "tag:read",
                "database:view_credentials",
                "ssh_key:read",
                "certificate:read",
                "uptime:read",
                "spaces_key:read",
            }
        ),
        alone=True,
    ),
)

AS_SEEN: Final = "as_seen"
"""All moods of the account at once."""


def _seen() -> list[Mood]:
    return [mood for mood in _MOODS if not mood.alone]


MOODS: Final = {
    mood.name: mood
    for mood in (
        *_MOODS,
        Mood(
            AS_SEEN,
            "all of the above at once, except `narrow_token`: what real accounts were"
            " seen to answer",
            tuple(rule for mood in _seen() for rule in mood.rules),
            {name: value for mood in _seen() for name, value in mood.settings.items()},
        ),
    )
}


def mood_of(name: str) -> Mood:
    """The mood of a name. Raises UnknownMoodError."""
    try:
        return MOODS[name]
    except KeyError:
        raise UnknownMoodError(name) from None


def enter(simulation: Simulation, mood: Mood) -> None:
    """Enters a mood, after leaving the current one."""
    leave(simulation)
    with simulation.store.transaction():
        for one in _seen() if mood.name == AS_SEEN else (mood,):
            _change(simulation, one)
    now = settings_of(simulation)
    tune(simulation, mood.settings)
    simulation.before_mood = {name: now[name] for name in mood.settings}
    simulation.mood_rules = tuple(simulation.faults.add(rule) for rule in mood.rules)
    simulation.tokens.withhold(mood.withheld)
    simulation.mood = mood.name


def leave(simulation: Simulation) -> None:
    """Removes the rules of the current mood, and restores its settings."""
    for number in simulation.mood_rules:
        simulation.faults.remove(number)
    tune(simulation, simulation.before_mood)
    simulation.tokens.withhold(frozenset())
    simulation.mood, simulation.mood_rules, simulation.before_mood = "", (), {}


def _change(simulation: Simulation, mood: Mood) -> None:
    """Makes a mood's change unless the account has it already, also from an earlier run."""
    fact = f"mood:{mood.name}"
    if mood.change is not None and simulation.store.fact(fact) is None:
        mood.change(simulation)
        simulation.store.set_fact(fact, "changed")
