"""Chooses the key that splits a shared cost, by product.

Spaces are split by stored data, transfer by outbound bytes. Unknown is not zero: if the key of a
product is not available, the next one in its list is used, and the result names it and the reason.
So the parts always add up to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.analytics.margin.rules.attribution import Holder

__all__ = [
    "BUCKETS",
    "DROPLETS",
    "ChosenKey",
    "SharedSplit",
    "SharedTotal",
    "SharedUse",
    "SplitKey",
    "StoredSpan",
    "chosen_key",
]

BUCKETS: Final = "spaces_bucket"
DROPLETS: Final = "droplet"
"""The kinds whose lifetimes may split costs."""

PLACES: Final = 12
"""Decimal places of GB-seconds and of sent GB when converted to integer weights."""


class SplitKey(StrEnum):
    """A key that splits a shared cost between owners."""

    STORED_GB_MONTHS = "stored_gb_months"
    BUCKET_TIME = "bucket_time"
    OUTBOUND_BYTES = "outbound_bytes"
    DROPLET_TIME = "droplet_time"
    NONE = "none"
    """No key: no owner is known, so the cost is unattributed."""


KEYS: Final[Mapping[str, tuple[SplitKey, ...]]] = {
    BUCKETS: (SplitKey.STORED_GB_MONTHS, SplitKey.BUCKET_TIME),
}
"""Keys by billed kind, in order of preference."""

TRANSFER: Final = (SplitKey.OUTBOUND_BYTES, SplitKey.DROPLET_TIME)
"""Keys of all other shared costs, which are pooled transfer."""


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span in which a bucket had one owner and one size."""

    resource_id: UUID
    holder: Holder
    seconds: int
    size_gb: Decimal | None
    """None if unknown."""


@dataclass(frozen=True, slots=True)
class SharedUse:
    """The known data of a month that may split shared costs."""

    stored: Sequence[StoredSpan] = ()
    outbound_gb: Mapping[Holder, Decimal] = field(default_factory=dict)
    """Sent GB of owners whose transfer was metered."""
    droplet_seconds: Mapping[Holder, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChosenKey:
    """A key with its integer weights; empty for `NONE`."""

    key: SplitKey
    weights: Mapping[Holder, int]
    remark: str = ""
    """Why it is not the product's first key, or what was estimated."""
    unkeyed_owners: int = 0
    """Owners of droplets without known outbound bytes, who get no part."""


@dataclass(frozen=True, slots=True)
class SharedTotal:
    """A kind's shared cost on a day, or in the month if no day is known."""

    kind: str
    day: date | None
    amount_usd: Decimal


@dataclass(frozen=True, slots=True)
class SharedSplit:
    """A stored split of one kind of shared cost."""

    kind: str
    split_key: SplitKey
    remark: str
    unkeyed_owners: int
    amount_usd: Decimal


def chosen_key(kind: str, used: SharedUse) -> ChosenKey:
    """The first available key of a kind's cost."""
    remarks: list[str] = []
    for key in KEYS.get(kind, TRANSFER):
        weights, remark = WEIGHTS[key](used)
        if remark:
            remarks.append(remark)
        if any(weights.values()):
            unkeyed = 0
            if key is SplitKey.OUTBOUND_BYTES:
                unkeyed = len(used.droplet_seconds.keys() - weights.keys())
            return ChosenKey(key, weights, "; ".join(remarks), unkeyed)
    return ChosenKey(SplitKey.NONE, {}, "; ".join(remarks))


Weighed = tuple[Mapping[Holder, int], str]


def _by_storage(used: SharedUse) -> Weighed:
    """GB-seconds by owner. A bucket counts with its average for times of unknown size."""
    by_bucket: dict[UUID, list[StoredSpan]] = {}
    for span in used.stored:
        by_bucket.setdefault(span.resource_id, []).append(span)
    weights: dict[Holder, Fraction] = {}
    unknown = estimated = 0
    for spans in by_bucket.values():
        known = [(span.size_gb, span.seconds) for span in spans if span.size_gb is not None]
        seconds = sum(each for _, each in known)
        if not seconds:
            unknown += 1
            continue
        average = sum((Fraction(size) * each for size, each in known), Fraction(0)) / seconds
        estimated += len(known) < len(spans)
        for span in spans:
            size = average if span.size_gb is None else Fraction(span.size_gb)
            weights[span.holder] = weights.get(span.holder, Fraction(0)) + size * span.seconds
    if unknown:
        # Omitting them would count their data as zero.
        return {}, f"the size of {unknown} of {len(by_bucket)} buckets is unknown"
    remark = f"{estimated} of {len(by_bucket)} buckets count by their average in part"
    if by_bucket and not any(weights.values()):
        return {}, "no bucket held anything"
    whole = {holder: round(weight * 10**PLACES) for holder, weight in weights.items()}
    return whole, remark if estimated else ""


def _by_buckets(used: SharedUse) -> Weighed:
    weights: dict[Holder, int] = {}
    for span in used.stored:
        weights[span.holder] = weights.get(span.holder, 0) + span.seconds
    return weights, "" if weights else "no bucket is known"


def _by_outbound(used: SharedUse) -> Weighed:
    weights = {holder: int(qty.scaleb(PLACES)) for holder, qty in used.outbound_gb.items() if qty}
    return weights, "" if weights else "no outbound bytes are known"


def _by_droplets(used: SharedUse) -> Weighed:
    return used.droplet_seconds, "" if used.droplet_seconds else "no droplet is known"


WEIGHTS: Final = {
    SplitKey.STORED_GB_MONTHS: _by_storage,
    SplitKey.BUCKET_TIME: _by_buckets,
    SplitKey.OUTBOUND_BYTES: _by_outbound,
    SplitKey.DROPLET_TIME: _by_droplets,
}
