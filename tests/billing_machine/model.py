"""A model of subscriptions, usage and invoices without a database.

Subscriptions are spans of days, usage is a number on a day, and an invoice is the difference to
what the others bill. The amounts of a month are computed day by day by tests/quoting/oracle.py.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from services.catalog.plans.rules.plans import AddonTerms
from services.catalog.quotes.rules.snapshots import Known
from services.catalog.subscriptions.rules.subscriptions import (
    AttachedAddon,
    PauseSpan,
    PlanTerm,
    Subscription,
)
from services.common.values.periods import Period, month_of
from tests.quoting.oracle import amounts, billed_days

__all__ = ["Addon", "Deployment", "Held", "Invoice", "Lines", "Model"]

Lines = Counter[tuple[str, str, str, str]]
"""Cents by service month, deployment, kind of line and kind of usage."""


@dataclass
class Addon:
    """An addon on its days; `until` is the first day without it."""

    id: str
    code: str
    terms: AddonTerms
    since: date
    until: date | None = None


@dataclass
class Held:
    """A subscription: which version from which day on, and what else is said of its days."""

    id: str
    since: date
    terms: dict[date, UUID]
    until: date | None = None
    trial_end: date | None = None
    pauses: dict[date, date | None] = field(default_factory=dict)
    addons: list[Addon] = field(default_factory=list)

    def bind(self, day: date, version: UUID) -> None:
        """Another version from a day on, instead of what was to come."""
        self.terms = {start: one for start, one in self.terms.items() if start < day}
        self.terms[day] = version

    def pause(self, day: date) -> None:
        """Pauses it from a day on, instead of what was to come."""
        self.pauses = {start: end for start, end in self.pauses.items() if start < day}
        self.pauses[day] = None

    def resume(self, day: date) -> None:
        """Ends the last of its pauses."""
        last = max(start for start in self.pauses if self.until is None or start < self.until)
        self.pauses[last] = day
        if last == day:
            del self.pauses[last]

    @property
    def spans(self) -> Subscription:
        """As the reckoning reads it."""
        starts = sorted(self.terms)
        edges: list[date | None] = [*starts[1:], None]
        key = UUID(int=0)
        return Subscription(
            id=key, deployment_id=key, tenant_id="", starts_on=self.since, ends_on=self.until,
            trial_end=self.trial_end, created_at=datetime(2026, 1, 1, tzinfo=UTC),
            terms=tuple(
                PlanTerm(key, "", 0, self.terms[start], start, end)
                for start, end in zip(starts, edges, strict=True)
            ),
            pauses=tuple(PauseSpan(*pause) for pause in self.pauses.items()),
            addons=tuple(
                AttachedAddon(key, one.code, one.terms, one.since, one.until)
                for one in self.addons
            ),
        )  # fmt: skip  # a table


@dataclass
class Deployment:
    """What is billed: its subscriptions one after the other, and what it used."""

    id: str
    tenant: str
    on_trial_until: date | None = None
    held: list[Held] = field(default_factory=list)
    used: dict[str, dict[date, Decimal]] = field(default_factory=dict)

    def use(self, kind: str, day: date, qty: Decimal) -> None:
        """More, or less, of a kind on a day."""
        days = self.used.setdefault(kind, {})
        days[day] = days.get(day, Decimal(0)) + qty


@dataclass
class Invoice:
    """What one invoice bills, its own month and earlier ones."""

    tenant: str
    month: date
    rollup: str
    lines: Lines
    status: str = "draft"
    is_credited: bool = False

    @property
    def stands(self) -> bool:
        """Whether it bills anything."""
        return self.status != "void" and not self.is_credited


@dataclass
class Model:
    """All that is known, and what was billed of it."""

    known: Known
    deployments: list[Deployment] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    closed: set[date] = field(default_factory=set)

    @property
    def tenants(self) -> list[str]:
        """Whose they are."""
        return sorted({one.tenant for one in self.deployments})

    def standing(self, tenant: str, month: date) -> Invoice | None:
        """The invoice that bills a tenant's month, if it stands."""
        found = [one for one in self.of(tenant) if one.month == month]
        return found[0] if found else None

    def of(self, tenant: str) -> Iterator[Invoice]:
        """The invoices of a tenant that stand."""
        return (one for one in self.invoices if one.tenant == tenant and one.stands)

    def owed(self, tenant: str, month: date) -> Lines:
        """What a month comes to by all that is known now."""
        found: Lines = Counter()
        period = month_of(month)
        for one in self.deployments:
            for held in one.held if one.tenant == tenant else ():
                lines = amounts(held.spans, self.known, one.used, period)
                for (kind, resource), cents in lines.items():
                    found[month.isoformat(), one.id, kind, resource] += sum(cents)
        return found

    def billed(self, tenant: str, month: date) -> Lines:
        """What the invoices that stand bill for a month."""
        found: Lines = Counter()
        for invoice in self.of(tenant):
            for key, cents in invoice.lines.items():
                if key[0] == month.isoformat():
                    found[key] += cents
        return found

    def draft(self, month: date, rollup: str, *, force: bool) -> None:
        """The roll-up of a month: whoever has no invoice of it, and what was learned late."""
        self.closed.add(month)
        for tenant in self.tenants:
            standing = self.standing(tenant, month)
            if standing and force and standing.status == "draft":
                self.invoices.remove(standing)
            elif standing:
                continue
            lines: Lines = Counter()
            for each in sorted(self.closed):
                if each == month or (each < month and self._is_priced_again(tenant, each)):
                    lines.update(self.owed(tenant, each))
                    lines.subtract(self.billed(tenant, each))
            lines = Counter({key: cents for key, cents in lines.items() if cents})
            if lines or self._is_billable(tenant, month_of(month)):
                self.invoices.append(Invoice(tenant, month, rollup, lines))

    def _is_billable(self, tenant: str, month: Period) -> bool:
        mine = (one for one in self.deployments if one.tenant == tenant)
        return any(billed_days(held.spans, month) for one in mine for held in one.held)

    def _is_priced_again(self, tenant: str, month: date) -> bool:
        """One whose own invoice was taken back waits for its own roll-up."""
        own = [one for one in self.invoices if one.tenant == tenant and one.month == month]
        return not own or any(one.stands for one in own)
