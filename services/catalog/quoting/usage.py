"""The usage lines: usage is priced by the day on which it happened.

The steps, in order: usage of the days that an item prices, allowance, hard cap, price by tiers or
units, minimum. Days of one plan at one price are priced together.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from services.catalog.plans.rules.matches import named, values_text, words
from services.catalog.plans.rules.plans import PlanItem
from services.catalog.quoting.ad_hoc import ad_hoc_lines
from services.catalog.quoting.inputs import QuoteInputs, UsageSeries
from services.catalog.quoting.lines import Line, LineKind, line
from services.catalog.quoting.models import MODELS, Part
from services.catalog.quoting.numbers import cents, quantity_text
from services.catalog.quoting.shares import (
    Month,
    Over,
    Share,
    Used,
    month_of,
    over_allowance,
)
from services.catalog.quoting.units import MeterSnapshot, in_units, meter_meta
from services.catalog.vocabulary import PricingModel

__all__ = ["usage_lines"]


def usage_lines(inputs: QuoteInputs) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Overage and ad hoc lines, by kind and then in the order of the terms.

    Raises NoPriceInForce and AmountOutOfRange.
    """
    month = month_of(inputs)
    overage: list[Line] = []
    ad_hoc: list[Line] = []
    used_kinds = _used_kinds(inputs, month)
    for kind in sorted(used_kinds):
        for share, used in month.plans.priced(kind, used_kinds[kind]):
            if share.item is not None:
                overage += _overage(kind, share, share.item, used, month)
            else:
                ad_hoc += ad_hoc_lines(kind, share, used, month)
    return tuple(overage), tuple(ad_hoc)


def _used_kinds(inputs: QuoteInputs, month: Month) -> dict[str, list[UsageSeries]]:
    """The kinds with usage or a minimum, with their usage."""
    used: dict[str, list[UsageSeries]] = {}
    for series in inputs.usage:
        if series.projected_qty or series.is_used:
            used.setdefault(series.resource_kind, []).append(series)
    for kind in month.plans.minimums:
        used.setdefault(kind, [])
    return used


class Priced(NamedTuple):
    """What prices the usage of a share over its allowance."""

    kind: str
    share: Share
    item: PlanItem
    part: Part
    meters: tuple[MeterSnapshot, ...]

    def meta(self) -> dict[str, str]:
        """The metadata that identifies the price of an overage line."""
        version = self.share.version.id
        meta = {
            "plan_item_id": f"{version}/{named(self.kind, self.item.match)}",
            "plan_version_id": version,
        }
        if self.part.days != self.part.month:
            meta["proration"] = f"{self.part.days}/{self.part.month}"
        return meta | meter_meta(self.kind, self.meters) if self.meters else meta


def _overage(kind: str, share: Share, item: PlanItem, used: Used, month: Month) -> list[Line]:
    """The lines of a plan item; none without overage or minimum."""
    over = over_allowance(kind, share, used, month, item.match)
    is_minimum = item.pricing_model is PricingModel.MINIMUM
    if over.over <= 0 and not is_minimum:
        return []
    part = Part(share.service.days, month.days)
    priced = Priced(kind, share, item, part, month.meters)
    made = _priced(priced, _capped(over, item, part)) if over.over > 0 else []
    if is_minimum:
        made += _minimum(priced, made)
    return made


def _capped(over: Over, item: PlanItem, part: Part) -> Over:
    """Step 3: at most the hard cap, prorated by days."""
    if item.hard_cap_qty is None:
        return over
    cap = item.hard_cap_qty * part.days
    scale = part.month // over.scale
    # Both as a fraction of the month's days: `over.scale` is 1 or their number.
    if over.over * scale <= cap:
        return over
    return Over(over.used * scale, over.allowance * scale, cap, part.month)


def _priced(priced: Priced, over: Over) -> list[Line]:
    """Step 4: prices the overage by units, tiers or packages; one line per charge."""
    if not over.over:
        return []
    kind, share, item, part, meters = priced
    units, scale = in_units(over.over, over.scale, kind, item.overage_unit, meters)
    used, _ = quantity_text(over.used, over.scale)
    allowance, _ = quantity_text(over.allowance, over.scale)
    made = []
    for charge in MODELS[item.pricing_model](item, units, scale, part):
        meta = priced.meta()
        meta["used"], meta["allowance"] = used, allowance
        if item.pricing_model is not PricingModel.ALLOWANCE:
            meta["pricing_model"] = item.pricing_model.value
        if charge.tier:
            meta["tier"] = str(charge.tier)
        made.append(
            line(
                LineKind.OVERAGE,
                kind,
                f"Overage: {words(kind, item.match)}",
                qty=charge.qty,
                over=charge.over,
                unit=charge.unit,
                unit_price=charge.unit_price_cents,
                base=charge.base,
                service=share.service,
                meta=meta,
                dimensions=values_text(item.match),
            )
        )
    return made


def _minimum(priced: Priced, made: Sequence[Line]) -> list[Line]:
    """Step 5: adds the difference to the minimum, prorated by days, with or without usage."""
    kind, share, item, part, _ = priced
    least = cents(Decimal(item.amount_cents * part.days), part.month)
    missing = least - sum([one.amount_cents for one in made])
    if missing <= 0:
        return []
    meta = priced.meta()
    meta["minimum_cents"], meta["pricing_model"] = str(least), item.pricing_model.value
    return [
        line(
            LineKind.OVERAGE,
            kind,
            f"Minimum: {words(kind, item.match)}",
            qty=Decimal(1),
            over=1,
            unit="minimum",
            unit_price=Decimal(missing),
            base=1,
            service=share.service,
            meta=meta,
            dimensions=values_text(item.match),
        )
    ]
