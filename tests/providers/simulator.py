"""A simulator for the tests, with faults."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from stack.processes.probes import http_ok
from tests.support.engine_room import EngineRoom
from tests.support.ports import free_port

__all__ = ["Simulator", "start_simulator"]


@dataclass(frozen=True)
class Simulator:
    """Its base URL, and what its control API can do."""

    url: str

    def fault(self, fault: str, **rule: Any) -> None:
        """Makes it misbehave."""
        self._post("faults", fault=fault, **rule)

    def mend(self) -> None:
        """Ends all misbehaviour, and remembers what was asked."""
        httpx.delete(f"{self.url}/_simulator/faults").raise_for_status()

    def behave(self) -> None:
        """Ends all misbehaviour, forgets what was asked, and lifts the limits."""
        self.mend()
        for what in ("requests", "tokens"):
            httpx.delete(f"{self.url}/_simulator/{what}").raise_for_status()
        self.set(rate_limit_per_minute=0, rate_limit_per_hour=10_000_000, latency_ms=0)

    def enter(self, mood: str) -> None:
        """Puts the account into a mood."""
        self._post("moods", mood=mood)

    def strikes(self) -> int:
        """How many requests met the rules in force."""
        rules = httpx.get(f"{self.url}/_simulator/faults").json()["faults"]
        return sum(rule["fired"] for rule in rules)

    def reset(self, **world: Any) -> None:
        """A new account, as on the first day."""
        self._post("reset", **world)

    def set(self, **settings: Any) -> None:
        """Changes limits and pace."""
        self._post("settings", **settings)

    def narrow(self, token: str, *without: str, nulls: bool = False) -> None:
        """Takes scopes from a token; what they hide is left out, or null where that is said."""
        self._post("tokens", token=token, without=list(without), nulls=nulls)

    def revoke(self, token: str) -> None:
        """Makes a token worthless."""
        self._post("tokens", token=token, revoked=True)

    def delete(self, *identifiers: str, kind: str = "droplet") -> None:
        """Deletes objects."""
        self._post("mutate", do="delete", kind=kind, ids=list(identifiers))

    def resize(self, identifier: str, size: str) -> None:
        """Resizes a droplet behind our back."""
        self._post("mutate", do="resize", ids=[identifier], size=size)

    def reprice(self, size: str, monthly: str) -> None:
        """Changes the list price of a size from now on."""
        self._post("prices", size=size, price_monthly=monthly)

    def clone(self, kind: str, count: int) -> None:
        """Makes so many more of a kind."""
        self._post("mutate", do="clone", kind=kind, count=count)

    def change(self, kind: str, identifier: str, **fields: Any) -> None:
        """Sets fields of an object; `__` in a name stands for a dot."""
        named = {name.replace("__", "."): value for name, value in fields.items()}
        self._post("mutate", do="set", kind=kind, id=identifier, fields=named)

    def platform(self, *acts: str) -> dict[str, int]:
        """Lets the platform do what it does by itself, these acts or all; what each changed."""
        asked: dict[str, Any] = {"acts": list(acts)} if acts else {}
        changed: dict[str, int] = self._post("platform", **asked)["changed"]
        return changed

    def create(
        self, size: str, *names: str, tags: Sequence[str] = (), region: str = "nyc3"
    ) -> list[str]:
        """Makes droplets that are active at once; their ids."""
        answer = self._post(
            "mutate", do="create", names=names, size=size, tags=list(tags), region=region
        )
        return [str(identifier) for identifier in answer["ids"]]

    def set_clock(self, instant: str) -> None:
        """Goes on to an instant, and issues the bills of the months that ended by then."""
        self._post("clock", set=instant)

    def spell(self, *spellings: str) -> None:
        """Has the account bill in these spellings."""
        self._post("billing/spellings", spellings=spellings)

    def requests(self, method: str = "GET", path: str = "/v2/") -> list[str]:
        """Path and query of what was asked, oldest first."""
        asked = httpx.get(f"{self.url}/_simulator/requests").json()["requests"]
        return [
            request["path"]
            for request in asked
            if request["method"] == method and request["path"].startswith(path)
        ]

    def truth(self, kind: str = "droplet") -> list[dict[str, Any]]:
        """Every object of a kind, with all its fields."""
        answer = httpx.get(f"{self.url}/_simulator/truth", params={"kind": kind})
        objects: list[dict[str, Any]] = answer.json()["objects"]
        return objects

    def _post(self, what: str, **body: Any) -> Any:
        answer = httpx.post(f"{self.url}/_simulator/{what}", json=body, timeout=120)
        return answer.raise_for_status().json() if answer.content else None


def start_simulator(room: EngineRoom, name: str, *, scale: int = 0) -> Simulator:
    """Starts one with at least `scale` droplets and without request limits."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    room.start_program(
        name,
        [
            sys.executable, "-m", "providers.digitalocean.simulator", "--port", str(port),
            "--data-dir", str(room.folder / name), "--scale", str(scale),
        ],
        os.environ,
        lambda _: http_ok(f"{url}/_simulator/health"),
    )  # fmt: skip  # a table
    simulator = Simulator(url)
    simulator.behave()
    return simulator
