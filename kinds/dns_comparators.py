"""Compares names and records of a DNS zone."""

from ipaddress import ip_address
from typing import Any, Final

from kinds.canonical import scalar_text
from kinds.comparators import Comparator, normalised

__all__ = ["dns_name", "dns_records"]

Json = Any

NAMES_IN_DATA: Final = frozenset({"CNAME", "MX", "NS", "SRV"})
"""Types of DNS records whose data is a name."""

ADDRESSES: Final = frozenset({"A", "AAAA"})
AUTHORITY: Final = "CAA"
UNSET_ALIKE: Final = frozenset({"priority", "port", "weight", "flags", "tag"})
"""Fields that records of a type do not use and that are null, 0 or empty."""


def dns_name(zone: str) -> Comparator:
    """Compares names fully qualified: `@` is the zone; case and the final dot are ignored."""
    return normalised(lambda value: _qualified(value, zone))


def dns_records(zone: str) -> Comparator:
    """Compares records in any order; ids and the zone's own SOA are ignored."""

    def normal(value: Json) -> Json:
        if not isinstance(value, list):
            return value or []
        records = [_record(record, zone) for record in value]
        return [each for each in records if not isinstance(each, dict) or each["type"] != "SOA"]

    return normalised(normal)


def _record(record: Json, zone: str) -> Json:
    if not isinstance(record, dict):
        return record
    kind = record.get("type")
    kind = kind.upper() if isinstance(kind, str) else kind
    known = {
        name: value
        for name, value in record.items()
        if name != "id"
        and value is not None
        and not (name in UNSET_ALIKE and scalar_text(value) in ("", "0"))
    }
    data = _data(kind, record, zone)
    return {**known, "type": kind, "name": _qualified(record.get("name"), zone), "data": data}


def _data(kind: Json, record: dict[str, Json], zone: str) -> Json:
    data = record.get("data")
    if not isinstance(kind, str) or not isinstance(data, str):
        return data
    if kind in ADDRESSES:
        return _address(data)
    if kind == AUTHORITY:
        # The name of an authority, or the URL of a page, which is case-sensitive.
        named = data.rstrip(".")
        return named if record.get("tag") == "iodef" else named.lower()
    if kind not in NAMES_IN_DATA:
        return data
    # A name with a dot is not relative, with or without a final dot.
    return data.lower().rstrip(".") if "." in data else _qualified(data, zone)


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return text


def _qualified(name: Json, zone: str) -> Json:
    if not isinstance(name, str):
        return name
    apex = zone.lower().rstrip(".")
    plain = name.lower().rstrip(".")
    if plain in ("@", "", apex):
        return apex
    return plain if plain.endswith(f".{apex}") or name.endswith(".") else f"{plain}.{apex}"
