"""Rules of firewalls, trusted sources of databases, and the events that a change gives."""

from typing import Any

from hypothesis import strategies as st

from services.inventory.resources.rules.ownership import NOBODY
from services.inventory.resources.rules.recording import record
from services.inventory.resources.rules.resources import Content, KnownResource, SightedResource
from services.inventory.vocabulary import Became
from tests.drift.live import live

Rule = dict[str, Any]
ADDRESS = st.ip_addresses()


def rule(ports: str, *addresses: str, protocol: str = "tcp", **peers: Any) -> Rule:
    return {
        "protocol": protocol,
        "ports": ports,
        "sources": {"addresses": list(addresses), **peers},
    }


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """Rules as somebody would put them."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.integers(1, 40))
        found.append(
            {
                "protocol": draw(st.sampled_from(["tcp", "udp"])),
                "ports": f"{low}-{low + draw(st.integers(0, 10))}",
                "sources": {
                    "addresses": sorted(map(str, draw(st.sets(ADDRESS, min_size=1, max_size=3)))),
                    "tags": draw(st.lists(st.sampled_from(["web", "db"]), unique=True)),
                },
            }
        )
    return found


def source(kind: str, value: str, **more: Any) -> Rule:
    return {"type": kind, "value": value, **more}


def became(kind: str, before: Any, after: Any, field: str) -> Became:
    def content(value: Any) -> Content:
        return Content("example.com", "", "", "", (), {field: value}, None)

    known = KnownResource(live().id, "1", content(before), NOBODY, None, deleted=False)
    return record(SightedResource("1", content(after)), known, kind=kind).became
