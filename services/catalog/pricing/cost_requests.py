"""Parses the cost lines of pricing requests."""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from arcadia.catalog.v1 import pricing_service_pb2 as pb

from services.catalog import requests
from services.catalog.quoting.rebilling.snapshots import CostRun, CostSeries
from services.catalog.rebilling.rules.products import PRODUCTS
from services.common.errors import InvalidArgument
from services.common.values.periods import Period, read_day

__all__ = ["cost_series"]

MAX_USD: Final = Decimal(10**12)
MAX_DIGITS: Final = 60
"""Digits of an amount; the engine multiplies it exactly."""
MAX_CHARGES: Final = 10**6

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME: Final = re.compile(r"[^\s\[\]]{1,100}")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def cost_series(said: Sequence[pb.CostSeries], period: Period) -> tuple[CostSeries, ...]:
    """The cost lines of an item, by product and size. Raises InvalidArgument."""
    found: dict[str, CostSeries] = {}
    for place, one in enumerate(said):
        try:
            made = _series(one, period)
        except InvalidArgument as error:
            raise error.within(f"costs[{place}]") from None
        if made.label in found:
            raise InvalidArgument(
                f"costs[{place}].product", f"{made.label} is named twice", reason="DUPLICATE_KIND"
            )
        found[made.label] = made
    # By label, so that equal costs freeze to equal inputs.
    return tuple(found[label] for label in sorted(found))


def _series(said: pb.CostSeries, period: Period) -> CostSeries:
    if not _NAME.fullmatch(requests.required("product", said.product)):
        raise InvalidArgument("product", "is not the name of a product")
    if said.sku and not _NAME.fullmatch(said.sku):
        raise InvalidArgument("sku", "is not the name of a size")
    if not _HASH.fullmatch(said.lines_hash):
        raise InvalidArgument("lines_hash", "is not a SHA-256 in lower-case hexadecimal")
    runs = [_run(one, place, period) for place, one in enumerate(said.runs)]
    runs.sort(key=lambda run: (run.first, run.days, run.usd, run.charges))
    meters = PRODUCTS.get(said.product, ())
    return CostSeries(said.product, said.sku, meters, tuple(runs), said.lines_hash)


def _run(said: pb.CostRun, place: int, period: Period) -> CostRun:
    first = read_day(said.first_day, f"runs[{place}].first_day")
    is_within = 1 <= said.days <= period.days and period.start <= first
    if not is_within or first + timedelta(days=said.days) > period.end:
        raise InvalidArgument(
            f"runs[{place}].first_day", "is not within the period", reason="OUT_OF_RANGE"
        )
    if not 0 <= said.charges <= MAX_CHARGES:
        raise InvalidArgument(
            f"runs[{place}].charges", f"must be from 0 to {MAX_CHARGES}", reason="OUT_OF_RANGE"
        )
    return CostRun(first, said.days, _usd(said.usd, f"runs[{place}].usd"), said.charges)


def _usd(text: str, field: str) -> Decimal:
    if not _NUMBER.fullmatch(text) or len(text) > MAX_DIGITS:
        raise InvalidArgument(field, "is not a decimal number", reason="NOT_A_DECIMAL")
    try:
        amount = Decimal(text)
    except InvalidOperation:  # not reached: the pattern allows only numbers
        raise InvalidArgument(field, "is not a decimal number", reason="NOT_A_DECIMAL") from None
    if abs(amount) > MAX_USD:
        raise InvalidArgument(field, f"must be at most {MAX_USD}", reason="OUT_OF_RANGE")
    return amount
