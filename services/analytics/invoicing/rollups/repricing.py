"""Reprices a closed month with late changes from current data."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.rollups.quotes import Subscribed
from services.analytics.invoicing.rollups.rules.adjusting import adjustment_lines
from services.analytics.invoicing.rollups.rules.drafting import Part
from services.analytics.invoicing.rollups.store.billed import Billed, Deployment
from services.analytics.invoicing.rollups.store.rebilled import NO_BILL, Bill
from services.analytics.usage.rules.figures import UsageSeries
from services.common.values.periods import Period

__all__ = ["ClosedMonth", "Repriced", "adjusting_parts", "taken_away"]


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """The current inputs of a month, and what valid invoices bill for it."""

    period: Period
    changed: Mapping[Deployment, Sequence[int]]
    """The deployments with late changes, and the rows of these changes."""
    usage: Sequence[UsageSeries]
    billed: Mapping[Deployment, Mapping[str, Sequence[Line]]]
    """Billed lines by deployment and currency; for the roll-up's own month, only those of later
    invoices."""
    proven: Mapping[Deployment, Billed]
    taken_back: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    """By tenant, the currencies whose own invoice was voided or credited in full.

    In these, the month's own roll-up bills it; it is not adjusted before.
    """
    is_own: bool = False
    """Whether it is the roll-up's own month."""
    bill: Bill = NO_BILL
    may_wait: bool = False
    """Whether a tenant is not billed without the bill, if its rebilling rule waits for it."""
    rebilled: AbstractSet[Deployment] = frozenset()
    """The deployments of which invoices bill costs of the month."""

    def has_costs(self, one: Subscribed) -> bool:
        """Whether costs are known: a bill that was billed stays so while it is read again."""
        return self.bill.is_complete or one.deployment in self.rebilled

    def engine_of(self, one: Subscribed) -> str:
        """The engine version for a subscription: the one that billed the month."""
        billed = None if self.is_own else self.proven.get(one.deployment)
        return billed.engine_version if billed else ""

    def with_billed(self, listed: Iterable[Subscribed]) -> list[Subscribed]:
        """The subscriptions of changed deployments, and billed ones that are no longer listed.

        The latter now cost nothing, which a proof records.
        """
        return self._with(listed, self.changed.keys(), only=True)

    def with_adjusted(self, listed: Iterable[Subscribed]) -> list[Subscribed]:
        """All subscriptions, and those that only later invoices bill for the month."""
        return self._with(listed, self.billed.keys(), only=False)

    def _with(
        self, listed: Iterable[Subscribed], deployments: Iterable[Deployment], *, only: bool
    ) -> list[Subscribed]:
        wanted = set(deployments)
        found = [one for one in listed if not only or one.deployment in wanted]
        known = {one.deployment for one in found}
        for deployment in sorted(wanted - known):
            billed = self.proven.get(deployment)
            for subscription_id, name in (billed.subscriptions if billed else {}).items():
                found.append(Subscribed(subscription_id, *deployment, name))
        return found


@dataclass(frozen=True, slots=True)
class Repriced:
    """A repriced month of a deployment, as parts of the next invoice."""

    tenant_id: str
    month: Period
    change_ids: Sequence[int]
    parts: Sequence[Part]
    """One per priced subscription; empty if nothing changes."""


def adjusting_parts(month: ClosedMonth, quoted: Iterable[tuple[str, Part]]) -> list[Repriced]:
    """The parts that bill the difference between the price now and the billed amount."""
    by_deployment: dict[Deployment, list[Part]] = {}
    for tenant, part in quoted:
        by_deployment.setdefault((tenant, part.deployment_id), []).append(part)
    return [
        Repriced(
            deployment[0],
            month.period,
            ids,
            _adjusting(
                month.period,
                by_deployment.get(deployment, []),
                month.billed.get(deployment, {}),
                month.taken_back.get(deployment[0], frozenset()),
            ),
        )
        for deployment, ids in month.changed.items()
    ]


def _adjusting(
    month: Period,
    now: Sequence[Part],
    billed: Mapping[str, Sequence[Line]],
    taken_back: AbstractSet[str],
) -> list[Part]:
    """One part per currency has the adjustments; the others only have proofs."""
    made: list[Part] = []
    for currency in sorted({*billed, *(part.currency for part in now)} - taken_back):
        known_now = [line for part in now if part.currency == currency for line in part.lines]
        lines = adjustment_lines(billed.get(currency, ()), known_now, month)
        if not lines:
            continue
        proven = [part for part in now if part.currency == currency] or list(now)
        made += [
            replace(
                part,
                currency=currency,
                lines=lines if place == 0 else (),
                claims=part.claims if part.currency == currency else None,
            )
            for place, part in enumerate(proven)
        ]
    return made


def taken_away(own: ClosedMonth, tenant: str, parts: Iterable[Part]) -> list[Part]:
    """The parts of a month's own invoice, less what later invoices already bill for the month.

    This prevents double billing when an invoice is voided and its month is billed again.
    """
    made = list(parts)
    for (owner, deployment_id), billed in own.billed.items():
        if owner != tenant:
            continue
        theirs = [
            part
            for part in made
            if part.deployment_id == deployment_id and part.proof.service_month is None
        ]
        for currency, adjustments in billed.items():
            lines = adjustment_lines(adjustments, (), own.period)
            if theirs and lines:
                made.append(replace(theirs[-1], currency=currency, lines=lines, claims=None))
    return made
