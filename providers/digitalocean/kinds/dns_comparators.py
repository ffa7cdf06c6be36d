"""When names and records of a DNS zone are the same."""

from typing import Any, Final

from providers.digitalocean.kinds.comparators import Comparator, normalised

__all__ = ["dns_name", "dns_records"]

Json = Any

NAMES_IN_DATA: Final = frozenset({"CNAME", "MX", "NS", "SRV"})
"""The types of DNS records whose data is a name."""


def dns_name(zone: str) -> Comparator:
    """Names of a zone: `@` is the zone, relative is fully qualified, the last dot is nothing."""
    return normalised(lambda value: _qualified(value, zone))


def dns_records(zone: str) -> Comparator:
    """The records of a zone in any order; ids and the zone's own SOA do not count."""

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
    data = record.get("data")
    if isinstance(kind, str) and kind in NAMES_IN_DATA and isinstance(data, str):
        # A name with a dot in it is not relative, whether or not a dot ends it.
        data = data.lower().rstrip(".") if "." in data else _qualified(data, zone)
    known = {name: value for name, value in record.items() if name != "id" and value is not None}
    return {**known, "type": kind, "name": _qualified(record.get("name"), zone), "data": data}


def _qualified(name: Json, zone: str) -> Json:
    if not isinstance(name, str):
        return name
    apex = zone.lower().rstrip(".")
    plain = name.lower().rstrip(".")
    if plain in ("@", "", apex):
        return apex
    return plain if plain.endswith(f".{apex}") or name.endswith(".") else f"{plain}.{apex}"
