"""Display names of meters, units and lines on a document.

A line keeps the description that the quote engine gave it. This module decides only what is printed
for it, which changes no line, hash or proof.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from services.analytics.invoicing.invoices.document.formatting import grouped
from services.analytics.invoicing.invoices.rules.lines import ONE_OFF

__all__ = ["METERS", "NONE", "Meter", "line_name", "meter_of", "unit_name"]


class Meter(NamedTuple):
    """The display name of a meter and its unit."""

    name: str
    unit: str


METERS: Final[Mapping[str, Meter]] = {
    "app_container_hours": Meter("App container hours", "hour"),
    "bandwidth_gb": Meter("Outbound transfer", "gb"),
    "database_hours": Meter("Managed database hours", "hour"),
    "database_storage_gb_month": Meter("Managed database storage", "gb_month"),
    "dns_zones": Meter("DNS zones", "zone"),
    "droplet_hours": Meter("Droplet hours", "hour"),
    "kubernetes_ha_hours": Meter("Kubernetes high-availability hours", "hour"),
    "llm_tokens": Meter("LLM tokens", "token"),
    "load_balancer_hours": Meter("Load balancer hours", "hour"),
    "reserved_ip_hours": Meter("Reserved IP hours", "hour"),
    "snapshot_gb_month": Meter("Snapshot storage", "gb_month"),
    "spaces_gb_month": Meter("Spaces storage", "gb_month"),
    "volume_gb_month": Meter("Volume storage", "gb_month"),
}
"""The built-in meters, by code. An invoice has the names of others, as frozen with it."""

NONE: Final[Mapping[str, Meter]] = {}
"""No meters of the operator."""

_UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "1k_tokens": ("1,000 tokens", "1,000 tokens"),
    "gb": ("GB", "GB"),
    "gb_month": ("GB-month", "GB-months"),
    "cost_line": ("charge", "charges"),
    "flat": ("flat fee", "flat fees"),
    "minimum": ("minimum charge", "minimum charges"),
}
"""Singular and plural of units whose plural is not formed with `s`."""

_CAPITALS: Final = frozenset(
    {"api", "cpu", "dns", "gb", "gpu", "ha", "ip", "llm", "mb", "tb", "vm"}
)
_THOUSANDS: Final = re.compile(r"([0-9]+)k_([a-z0-9_]+)")
_SIZE: Final = re.compile(r"([0-9]+)(gb|mb|tb|k|m)")


def meter_of(code: str, frozen: Mapping[str, Meter]) -> Meter:
    """The name and unit of a meter, built in or frozen with the invoice.

    A meter that is neither has the name that its code gives: `API calls` for `api_calls`.
    """
    return METERS.get(code) or frozen.get(code) or Meter(_read(code), "unit")


def unit_name(unit: str, qty: str) -> str:
    """The unit in the number of its quantity: `hour` for 1, `hours` otherwise."""
    if unit.isupper():  # a currency
        return unit
    one, several = _UNITS.get(unit) or _unit_words(unit)
    return one if qty in ("1", "\N{MINUS SIGN}1") else several


def _unit_words(unit: str) -> tuple[str, str]:
    """Singular and plural: `GB hour` and `GB hours`; `1,000 calls` is both."""
    thousands = _THOUSANDS.fullmatch(unit)
    words = " ".join(map(_word, (thousands[2] if thousands else unit).split("_")))
    if thousands:
        words = f"{thousands[1]},000 {words}"
    return words, words if words.endswith("s") else f"{words}s"


def line_name(kind: str, meter: str, description: str, meta: Mapping[str, str]) -> str:
    """The display name of a line: `Droplet hours over 1,488 included`, `Add-on: Storage 50 GB`.

    A line of an operator's meter has the meter's name of then in its metadata.

    A description that does not come from the quote engine, such as a one-off line's, is printed
    unchanged. An adjustment keeps its prefix before the name of the line that it corrects.
    """
    before, colon, rest = description.rpartition(": ")
    month, late, kept = before.rpartition(": ")
    lead = f"{month}: " if late else ""
    if not colon or kind == ONE_OFF:
        return description
    match kept:
        case "Plan":
            return f"{lead}Plan: {_read(rest)}"
        case "Addon":
            return f"{lead}Add-on: {_read(rest)}"
        case "Minimum" if rest.split(" ", 1)[0] == meter:
            return f"{lead}Minimum charge: {_matched(meter, rest, meta)}"
        case "Rebilled" if rest.split(" ", 1)[0] == meter:
            return lead + _matched(meter, rest, meta)
        case "Overage" | "Usage" if rest.split(" ", 1)[0] == meter:
            return lead + _used(_matched(meter, rest, meta), meta)
        case _:
            return description


def _matched(meter: str, rest: str, meta: Mapping[str, str]) -> str:
    """The meter's name, with the values that its price matches: `Droplet hours s-1vcpu-1gb`."""
    name = meta.get("meter_name") or meter_of(meter, NONE).name
    return name + rest.removeprefix(meter)


def _used(name: str, meta: Mapping[str, str]) -> str:
    allowance = meta.get("allowance", "")
    over = f" over {grouped(allowance)} included" if allowance not in ("", "0") else ""
    tier = f", tier {meta['tier']}" if meta.get("tier") else ""
    return f"{name}{over}{tier}"


def _read(code: str) -> str:
    """A code in words: `Storage 50 GB` for `storage_50gb`."""
    words = [_word(word) for word in re.split(r"[_\s-]+", code) if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _word(word: str) -> str:
    if size := _SIZE.fullmatch(word):
        number, unit = size.groups()
        return f"{number} {unit.upper()}" if len(unit) > 1 else f"{number}{unit}".replace("m", "M")
    return word.upper() if word in _CAPITALS else word
