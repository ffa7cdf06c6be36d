"""Parsers of quote requests; each error names the field."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import quote_service_pb2 as pb
from google.protobuf.struct_pb2 import Value

from kinds.metering import Meter
from services.catalog import requests
from services.catalog.meters.rules.meters import Meters
from services.catalog.plans.rules.terms import check_dimension, check_value
from services.catalog.quoting.inputs import UsageSeries
from services.common.errors import InvalidArgument
from services.common.values.money import MAX_QUANTITY, exact
from services.common.values.periods import optional_day

__all__ = ["QuoteRequest", "quantity", "read_quote_request"]

MAX_ADDONS: Final = 100

MAX_PARTS: Final = 1_000
"""Combinations of dimensions of a kind."""

QTY: Final = "qty"
"""The key of a quantity beside its dimensions."""

EXACT_DIGITS: Final = 15
"""Maximum digits of a decimal that survives a double; longer ones must be sent as text."""

EXACT_WHOLE: Final = 2**53
"""Up to here, every integer is exact as a double."""


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """A quote request: a plan, or a subscription with its changes."""

    plan_code: str
    plan_version: int
    addons: tuple[str, ...]
    usage: tuple[UsageSeries, ...]
    starts_on: date
    subscription_id: UUID | None


def read_quote_request(request: pb.CreateQuoteRequest, today: date, meters: Meters) -> QuoteRequest:
    """Parses a request with the known meters. Raises InvalidArgument."""
    subscription = request.subscription_id
    if not (request.plan_code or subscription):
        raise InvalidArgument("plan_code", "is required", reason="FIELD_REQUIRED")
    if request.plan_version < 0:
        raise InvalidArgument("plan_version", "must not be negative", reason="OUT_OF_RANGE")
    if len(request.addons) > MAX_ADDONS:
        raise InvalidArgument("addons", f"must not be more than {MAX_ADDONS}")
    return QuoteRequest(
        plan_code=requests.text("plan_code", request.plan_code),
        plan_version=request.plan_version,
        addons=tuple(
            requests.required(f"addons[{place}]", requests.text(f"addons[{place}]", code))
            for place, code in enumerate(request.addons)
        ),
        usage=_usage(request.projected_usage, meters),
        starts_on=optional_day(request.starts_on, "starts_on") or today,
        subscription_id=requests.uuid_of("subscription_id", subscription) if subscription else None,
    )


def _usage(said: Mapping[str, Value], meters: Meters) -> tuple[UsageSeries, ...]:
    """Sorted by kind, so that the first of several errors is deterministic."""
    facts: list[UsageSeries] = []
    for kind in sorted(said):
        field, value = f"projected_usage.{kind}", said[kind]
        meter = meters[meters.known(field, kind)]
        if value.WhichOneof("kind") == "list_value":
            facts += _by_dimension(meter, value.list_value.values, field)
        else:
            facts.append(UsageSeries(kind, projected_qty=quantity(value, field)))
    return tuple(facts)


def _by_dimension(meter: Meter, said: Sequence[Value], field: str) -> list[UsageSeries]:
    """The usage of a kind by its dimensions, each combination once."""
    if not 1 <= len(said) <= MAX_PARTS:
        raise InvalidArgument(field, f"must be from 1 to {MAX_PARTS} parts", reason="OUT_OF_RANGE")
    found: dict[str, UsageSeries] = {}
    for place, part in enumerate(said):
        if part.WhichOneof("kind") != "struct_value":
            raise InvalidArgument(
                field,
                f"[{place}] is not an object with {QTY} and dimensions",
                reason="NOT_A_DECIMAL",
            )
        series = _part(meter, part.struct_value.fields, f"{field}[{place}]")
        if series.label in found:
            raise InvalidArgument(
                f"{field}[{place}]", f"{series.label} is named twice", reason="DUPLICATE_KIND"
            )
        found[series.label] = series
    return list(found.values())


def _part(meter: Meter, fields: Mapping[str, Value], path: str) -> UsageSeries:
    """A quantity with its dimensions: `{"size": "s-2vcpu-4gb", "qty": 1440}`."""
    dimensions = tuple(
        (key, _dimension(meter, key, fields[key], f"{path}.{key}"))
        for key in sorted(fields)
        if key != QTY
    )
    if QTY not in fields:
        raise InvalidArgument(f"{path}.{QTY}", "is required", reason="FIELD_REQUIRED")
    return UsageSeries(
        meter.code, dimensions=dimensions, projected_qty=quantity(fields[QTY], f"{path}.{QTY}")
    )


def _dimension(meter: Meter, key: str, said: Value, field: str) -> str:
    check_dimension(meter, key, field)
    if said.WhichOneof("kind") != "string_value":
        raise InvalidArgument(field, "is not a text", reason="MALFORMED_VALUE")
    return check_value(said.string_value, field)


def quantity(said: Value, field: str) -> Decimal:
    """An exact quantity, from a JSON number or a decimal as text. Raises InvalidArgument.

    A number arrives as a double and is read as the shortest decimal that equals it, which is what
    was written if that has at most 15 digits; longer ones are rejected.
    """
    form = said.WhichOneof("kind")
    if form == "string_value":
        return exact(said.string_value, field, minimum=0, maximum=MAX_QUANTITY)
    if form != "number_value":
        raise InvalidArgument(
            field, "is neither a number nor a decimal as text", reason="NOT_A_DECIMAL"
        )
    number = said.number_value
    if number.is_integer() and 0 <= number <= MAX_QUANTITY:  # most are integers, which are exact
        return Decimal(int(number))
    if not math.isfinite(number):
        raise InvalidArgument(field, "is not finite", reason="NOT_A_DECIMAL")
    shortest = Decimal(repr(number))
    known = shortest == shortest.to_integral_value() and abs(shortest) <= EXACT_WHOLE
    if not known and len(shortest.normalize().as_tuple().digits) > EXACT_DIGITS:
        raise InvalidArgument(
            field, f"has more than {EXACT_DIGITS} digits: send it as text", reason="TOO_PRECISE"
        )
    return exact(format(shortest, "f"), field, minimum=0, maximum=MAX_QUANTITY)
