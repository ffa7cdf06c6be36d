"""The units that engine 1 knew: the kinds of usage, and how much usage one of each unit is."""

from collections.abc import Mapping
from typing import Final

__all__ = ["UNITS"]

UNITS: Final[Mapping[str, Mapping[str, int]]] = {
    "droplet_hours": {"hour": 1},
    "spaces_gb_month": {"gb_month": 1},
    "snapshot_gb_month": {"gb_month": 1},
    "bandwidth_gb": {"gb": 1},
    "dns_zones": {"zone": 1},
    "llm_tokens": {"token": 1, "1k_tokens": 1000},
}
