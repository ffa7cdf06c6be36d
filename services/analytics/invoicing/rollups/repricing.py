"""A closed month of which something was learned late, priced again from what is known now."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from services.analytics.invoicing.invoices.rules.lines import Line
from services.analytics.invoicing.rollups.quotes import Subscribed
from services.analytics.invoicing.rollups.rules.adjusting import adjustment_lines
from services.analytics.invoicing.rollups.rules.drafting import Part
from services.analytics.invoicing.rollups.store.billed import Billed, Deployment
from services.analytics.usage.rules.series import UsageSeries
from services.common.values.periods import Period

__all__ = ["ClosedMonth", "Repriced", "adjusting_parts", "taken_away"]


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """What is known of a month now, and what invoices that hold bill for it."""

    period: Period
    changed: Mapping[Deployment, Sequence[int]]
    """The deployments of which something was learned late, with the rows that say so."""
    usage: Sequence[UsageSeries]
    billed: Mapping[Deployment, Mapping[str, Sequence[Line]]]
    """Lines by deployment and currency: of the month itself only what later invoices bill."""
    proven: Mapping[Deployment, Billed]
    taken_back: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    """By tenant, the currencies whose own invoice was voided or credited in full: in these the
    month is billed by its own roll-up, and not adjusted before."""
    is_own: bool = False
    """Whether it is the month of the roll-up."""

    def engine_of(self, one: Subscribed) -> str:
        """The version of the engine that prices a subscription: the one that billed the month."""
        billed = None if self.is_own else self.proven.get(one.deployment)
        return billed.engine_version if billed else ""

    def with_billed(self, listed: Iterable[Subscribed]) -> list[Subscribed]:
        """Those of changed deployments, and those that were billed and are not listed any more.

        The latter cost nothing now, and a proof says so.
        """
        return self._with(listed, self.changed.keys(), only=True)

    def with_adjusted(self, listed: Iterable[Subscribed]) -> list[Subscribed]:
        """All of them, and those that only later invoices bill for the month."""
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
    """What was learned late of a deployment's month, as parts of the next invoice."""

    tenant_id: str
    month: Period
    change_ids: Sequence[int]
    parts: Sequence[Part]
    """One for each subscription that was priced; empty when nothing changes."""


def adjusting_parts(month: ClosedMonth, quoted: Iterable[tuple[str, Part]]) -> list[Repriced]:
    """The parts that bill each changed deployment the difference of its price now and its bill."""
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
    """A part a currency bears its adjustments; the others are there for their proofs."""
    made: list[Part] = []
    for currency in sorted({*billed, *(part.currency for part in now)} - taken_back):
        known_now = [line for part in now if part.currency == currency for line in part.lines]
        lines = adjustment_lines(billed.get(currency, ()), known_now, month)
        if not lines:
            continue
        proven = [part for part in now if part.currency == currency] or list(now)
        made += [
            replace(part, currency=currency, lines=lines if place == 0 else ())
            for place, part in enumerate(proven)
        ]
    return made


def taken_away(own: ClosedMonth, tenant: str, parts: Iterable[Part]) -> list[Part]:
    """The parts of a month's own invoice less what later invoices bill for the month already.

    So that voiding an invoice and billing its month again never bills anything twice.
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
                made.append(replace(theirs[-1], currency=currency, lines=lines))
    return made
