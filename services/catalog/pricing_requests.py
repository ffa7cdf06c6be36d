"""From protos to the domain: batches to price, and periods to bill."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from arcadia.catalog.v1 import pricing_service_pb2 as pb

from services.catalog import requests
from services.catalog.quoting.inputs import UsageFact
from services.catalog.vocabulary import UNITS
from services.common.errors import InvalidArgument
from services.common.money import exact
from services.common.periods import Period, month_of, read_day

__all__ = ["MOST_USED", "BatchItem", "batch_items", "billing_period", "tenants"]

MOST_ITEMS: Final = 10_000
MOST_TENANTS: Final = 1_000
MOST_USED: Final = 10**15
"""Of a kind in a month: more is a mistake."""

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A subscription and what was used."""

    subscription_id: UUID
    usage: tuple[UsageFact, ...]


def billing_period(start: str, end: str) -> Period:
    """A half-open span of days within one calendar month, else InvalidArgument."""
    first = read_day(requests.required("period_start", start), "period_start")
    until = read_day(requests.required("period_end", end), "period_end")
    if until <= first:
        raise InvalidArgument("period_end", "must be after period_start", reason="OUT_OF_RANGE")
    if until - timedelta(days=1) not in month_of(first):
        raise InvalidArgument(
            "period_end", "must be in the month of period_start, or its end", reason="OUT_OF_RANGE"
        )
    return Period(first, until)


def batch_items(request: pb.BatchQuoteRequest) -> list[BatchItem]:
    """What a batch asks for, else InvalidArgument."""
    if len(request.items) > MOST_ITEMS:
        raise InvalidArgument("items", f"must not be more than {MOST_ITEMS}")
    return [
        BatchItem(
            requests.uuid_of(f"items[{place}].subscription_id", item.subscription_id),
            _usage(item.quantities, f"items[{place}].quantities"),
        )
        for place, item in enumerate(request.items)
    ]


def tenants(request: pb.ListBillableSubscriptionsRequest) -> list[str]:
    """The tenants that are asked for, in order, else InvalidArgument; none means all."""
    if len(request.tenant_ids) > MOST_TENANTS:
        raise InvalidArgument("tenant_ids", f"must not be more than {MOST_TENANTS}")
    return sorted(
        {
            requests.text(f"tenant_ids[{place}]", requests.required(f"tenant_ids[{place}]", tenant))
            for place, tenant in enumerate(request.tenant_ids)
        }
    )


def _usage(said: Iterable[pb.UsageQuantity], path: str) -> tuple[UsageFact, ...]:
    facts: dict[str, UsageFact] = {}
    for place, used in enumerate(said):
        kind = used.resource_kind
        if (
            kind not in UNITS
            or kind in facts
            or (used.facts_hash and not _HASH.fullmatch(used.facts_hash))
        ):
            _refuse(used, kind in facts, f"{path}[{place}]")
        qty = exact(used.qty, f"{path}[{place}].qty", minimum=0, maximum=MOST_USED)
        facts[kind] = UsageFact(kind, qty, used.facts_hash)
    return tuple(facts.values())


def _refuse(used: pb.UsageQuantity, twice: bool, path: str) -> None:
    requests.usage_kind(f"{path}.resource_kind", used.resource_kind)
    if twice:
        raise InvalidArgument(
            f"{path}.resource_kind", f"{used.resource_kind} is named twice", reason="DUPLICATE_KIND"
        )
    raise InvalidArgument(f"{path}.facts_hash", "is not a SHA-256 in lower-case hexadecimal")
