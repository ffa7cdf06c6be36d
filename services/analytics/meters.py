"""Resolves meters by code: the built-in ones, and those that an operator added to the catalog."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from arcadia.catalog.v1 import meter_service_pb2 as pb
from arcadia.catalog.v1 import meters_pb2

from kinds.metering import METERS, Aggregation, Basis, Meter
from services.analytics.peers import asking
from services.common.errors import Unimplemented
from services.common.rpc.wire import instant_of
from services.common.settings import Service

if TYPE_CHECKING:
    from arcadia.catalog.v1.meter_service_pb2_grpc import MeterServiceAsyncStub

__all__ = ["BUILT_IN", "KnownMeter", "MeterCost", "Meters"]

SECONDS_KEPT: Final = 15.0
"""How old a meter may be: a retired one takes events for as long."""

MAX_KEPT: Final = 10_000
CODES_A_CALL: Final = 500
"""The catalog's maximum per page."""

ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
"""When a meter was retired if an older release of the catalog does not say."""

CODE: Final = re.compile("[a-z][a-z0-9_]{0,62}", re.ASCII)
"""The pattern of a meter's code; the catalog is not asked for others."""


@dataclass(frozen=True, slots=True)
class MeterCost:
    """What the operator says that a unit of a meter costs."""

    meter: Meter
    unit: str
    unit_cost_cents: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class KnownMeter:
    """A meter, and until when it takes events."""

    meter: Meter
    retired_at: datetime | None = None
    """Events from then on are refused; None for a meter that is not retired."""
    cost: MeterCost | None = None
    """On the day of the look-up; None if none is stated."""


BUILT_IN: Final[Mapping[str, KnownMeter]] = MappingProxyType(
    {code: KnownMeter(meter) for code, meter in METERS.items()}
)


class Meters:
    """Looks meters up in the catalog, with a short cache; built-in meters need no catalog."""

    def __init__(
        self, catalog: "MeterServiceAsyncStub", *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._catalog = catalog
        self._seconds = seconds
        self._kept: dict[str, tuple[KnownMeter, float]] = {}

    async def find(self, wanted: Mapping[str, Collection[str]]) -> dict[str, KnownMeter]:
        """The known meters among `wanted`, which are codes with the dimensions of their usage.

        A meter is looked up again if it is unknown or lacks one of the dimensions, because it may
        have been added just now. Raises Unavailable if the catalog does not respond.
        """
        oldest = self._seconds() - SECONDS_KEPT
        found: dict[str, KnownMeter] = {}
        unknown: list[str] = []
        for code, dimensions in wanted.items():
            kept, read_at = self._kept.get(code, (BUILT_IN.get(code), oldest))
            if kept is None or (
                code not in BUILT_IN
                and (read_at <= oldest or not set(dimensions).issubset(kept.meter.dimensions))
            ):
                unknown.append(code)
            else:
                found[code] = kept
        asked = [code for code in unknown if CODE.fullmatch(code)]
        for start in range(0, len(asked), CODES_A_CALL):
            found |= await self._ask(asked[start : start + CODES_A_CALL])
        return found

    async def costs(self, day: date) -> list[MeterCost]:
        """The stated costs of event meters in force on a day, by meter; none of an old catalog."""
        try:
            found = await self._ask((), on=day.isoformat())
        except Unimplemented:
            return []
        return [one.cost for one in found.values() if one.cost is not None]

    async def dimensions(self, wanted: Collection[str]) -> frozenset[str]:
        """Every key that a meter declares; of built-in ones only, if that includes the wanted."""
        keys = _keys(BUILT_IN.values())
        return keys if keys.issuperset(wanted) else keys | _keys((await self._ask(())).values())

    async def _ask(self, codes: Iterable[str], *, on: str = "") -> dict[str, KnownMeter]:
        """The event meters of these codes; all if there are none. With their costs on a day."""
        found: dict[str, KnownMeter] = {}
        request = pb.LookupMetersRequest(codes=codes, page_size=CODES_A_CALL, on=on)
        while True:
            with asking(Service.CATALOG):
                answer = await self._catalog.LookupMeters(request)
            found |= {one.code: _known(one) for one in answer.meters}
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
        if len(self._kept) > MAX_KEPT:
            self._kept.clear()
        now = self._seconds()
        self._kept |= {code: (known, now) for code, known in found.items()}
        return found


def _keys(meters: Iterable[KnownMeter]) -> frozenset[str]:
    return frozenset(key for one in meters for key in one.meter.dimensions)


def _known(message: meters_pb2.Meter) -> KnownMeter:
    meter = Meter(
        code=message.code,
        units=MappingProxyType({one.unit: one.factor for one in message.units}),
        basis=Basis(message.basis),
        dimensions=tuple(message.dimensions),
        name=message.name,
        aggregation=Aggregation(message.aggregation),
    )
    cost = message.cost
    stated = (
        MeterCost(meter, cost.unit, Decimal(cost.unit_cost_cents), cost.currency)
        if message.HasField("cost")
        else None
    )
    return KnownMeter(meter, _retired_at(message), stated)


def _retired_at(message: meters_pb2.Meter) -> datetime | None:
    if message.HasField("retired_at"):
        return instant_of(message.retired_at)
    return ALWAYS if message.retired else None
