"""Actions on subscriptions, usage and bills, in any order, on the services and on the model."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from arcadia.catalog.v1 import subscription_service_pb2 as subscriptions_pb
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.catalog.plans.rules.plans import AddonTerms
from services.common.values.periods import Period
from tests.analytics.account import event
from tests.analytics.peers import Span
from tests.billing_machine.model import Addon, Deployment, Held, Lines, Model
from tests.billing_machine.world import FIRST_MONTH, World

__all__ = ["BillsMachine", "Counts"]

MONTHS = 4
"""How many months end in an example, and one more when it is settled."""

PICKS = st.integers(0, 5)
MONTHS_AGO = st.integers(-1, 3)
DAYS_OF_MONTH = st.sampled_from([1, 2, 10, 15, 16, 28, 31])
DAYS = st.tuples(MONTHS_AGO, DAYS_OF_MONTH)
PLANS = st.sampled_from(["starter", "studio", "pro", "metered"])
ADDONS = st.sampled_from(["llm_1m", "storage_50gb"])
USED = st.sampled_from(
    [
        ("llm_tokens", "1500000"), ("llm_tokens", "500000"), ("llm_tokens", "333"),
        ("droplet_hours", "1488"), ("droplet_hours", "100"), ("droplet_hours", "0.5"),
        ("spaces_gb_month", "77.7"), ("bandwidth_gb", "101"), ("dns_zones", "2"),
    ]
)  # fmt: skip  # a table


@dataclass
class Counts:
    """How much was tried."""

    examples: int = 0
    steps: int = 0
    refused: int = 0
    rollups: int = 0
    invoices: int = 0


def month_before(month: date, count: int) -> date:
    """The first day of the month so many months before; after, where it is negative."""
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


Bills = dict[tuple[str, date], tuple[str, Lines]]


class BillsMachine(RuleBasedStateMachine):
    """Every step is done to both; then all bills are compared."""

    def __init__(self, world: World, counts: Counts) -> None:
        super().__init__()
        self.world = world
        self.counts = counts
        self.model = Model(world.known)
        self.events: list[tuple[str, Deployment, str, date, Decimal]] = []
        self.sent = 0
        self.awaiting: dict[date, str] = {}
        counts.examples += 1

    @initialize(months=st.integers(0, 2), used=USED, approval=st.booleans())
    def begin(self, months: int, used: tuple[str, str], approval: bool) -> None:
        """A subscription, and some months of it that ended; usage of the first comes late."""
        self.world.reset()
        self._deploy("acme", None)
        self._subscribe(self.model.deployments[0], "studio", (), FIRST_MONTH, by_tenant=False)
        for _ in range(months):
            self._use(self.model.deployments[0], FIRST_MONTH, *used)
            self._roll_up(self._next_month(1), force=False, approval=approval)

    # What is known.

    @property
    def today(self) -> date:
        return self.world.today

    def day(self, chosen: tuple[int, int]) -> date:
        """A day of a month around this one, not before the first."""
        month = max(FIRST_MONTH, month_before(self.today.replace(day=1), chosen[0]))
        return month.replace(day=min(chosen[1], monthrange(month.year, month.month)[1]))

    def deployment(self, pick: int) -> Deployment:
        return self.model.deployments[pick % len(self.model.deployments)]

    @property
    def all_held(self) -> list[tuple[Deployment, Held]]:
        return [(one, held) for one in self.model.deployments for held in one.held]

    def held(self, pick: int) -> tuple[Deployment, Held] | None:
        found = self.all_held
        return found[pick % len(found)] if found else None

    # Deployments and what they are subscribed to.

    @precondition(lambda self: len(self.model.deployments) < 4)
    @rule(tenant=st.sampled_from(["acme", "globex"]), trial=st.none() | DAYS)
    def deploy(self, tenant: str, trial: tuple[int, int] | None) -> None:
        ends = self.day(trial) if trial else None
        self._deploy(tenant, ends if ends and ends > self.today else None)

    def _deploy(self, tenant: str, trial_ends_on: date | None) -> None:
        slug = f"app-{len(self.model.deployments)}"
        made = self.world.deploy(tenant, slug, trial_ends_on)
        self.model.deployments.append(Deployment(made, tenant, trial_ends_on))

    @rule(
        pick=PICKS,
        plan=PLANS,
        addons=st.lists(ADDONS, max_size=2),
        starts=DAYS,
        by_tenant=st.booleans(),
    )
    def subscribe(
        self, pick: int, plan: str, addons: list[str], starts: tuple[int, int], by_tenant: bool
    ) -> None:
        self._subscribe(
            self.deployment(pick), plan, tuple(addons), self.day(starts), by_tenant=by_tenant
        )

    def _subscribe(
        self, one: Deployment, plan: str, addons: tuple[str, ...], day: date, *, by_tenant: bool
    ) -> None:
        shop = self.world.shop
        made = self.answer(
            shop.subscribe(
                one.id,
                plan,
                token=shop.tenant(one.tenant) if by_tenant else shop.operator,
                addons=addons,
                starts_on=day.isoformat(),
            )
        )
        if made is None:
            return
        trial = one.on_trial_until
        held = Held(
            made.id,
            day,
            {day: self.world.versions[made.plan_code, made.plan_version]},
            trial_end=max(trial, day) if trial else None,
        )
        # Not by their ids, which are others when an example is tried again.
        held.addons = [
            _addon(added, day) for added in sorted(made.addons, key=lambda one: one.code)
        ]
        one.held.append(held)

    @rule(pick=PICKS, plan=PLANS, version=st.sampled_from([0, 0, 1]), day=DAYS,
          by_tenant=st.booleans())  # fmt: skip  # a table
    def change_plan(
        self, pick: int, plan: str, version: int, day: tuple[int, int], by_tenant: bool
    ) -> None:
        def done(held: Held, on: date, answer: Any) -> None:
            number = version or max(number for code, number in self.world.versions if code == plan)
            held.bind(on, self.world.versions[plan, number])

        self.change(
            "ChangePlan", pick, day, done, by_tenant=by_tenant, plan_code=plan, plan_version=version
        )

    @rule(pick=PICKS, code=ADDONS, day=DAYS)
    def attach_addon(self, pick: int, code: str, day: tuple[int, int]) -> None:
        def done(held: Held, on: date, answer: Any) -> None:
            held.addons.append(_addon(answer.attached_addon, on))

        self.change("AttachAddon", pick, day, done, code=code)

    @precondition(lambda self: any(held.addons for _, held in self.all_held))
    @rule(pick=PICKS, which=PICKS, day=DAYS, by_tenant=st.booleans())
    def detach_addon(self, pick: int, which: int, day: tuple[int, int], by_tenant: bool) -> None:
        found = self.held(pick)
        if not found or not found[1].addons:
            return
        addon = found[1].addons[which % len(found[1].addons)]

        def done(held: Held, on: date, answer: Any) -> None:
            addon.until = self.closing(on, addon.since, by_tenant=by_tenant)

        self.change("DetachAddon", pick, day, done, by_tenant=by_tenant, attached_addon_id=addon.id)

    @rule(pick=PICKS, resumes=st.booleans(), day=DAYS)
    def pause_or_resume(self, pick: int, resumes: bool, day: tuple[int, int]) -> None:
        def done(held: Held, on: date, answer: Any) -> None:
            if resumes:
                held.resume(on)
            else:
                held.pause(on)

        self.change("ResumeSubscription" if resumes else "PauseSubscription", pick, day, done)

    @rule(pick=PICKS, day=DAYS, by_tenant=st.booleans())
    def cancel(self, pick: int, day: tuple[int, int], by_tenant: bool) -> None:
        def done(held: Held, on: date, answer: Any) -> None:
            held.until = self.closing(on, held.since, by_tenant=by_tenant)

        self.change("CancelSubscription", pick, day, done, by_tenant=by_tenant)

    @rule(pick=PICKS, which=PICKS, day=st.none() | DAYS)
    def take_back_or_move(self, pick: int, which: int, day: tuple[int, int] | None) -> None:
        found = self.held(pick)
        if not found:
            return
        held = found[1]
        places = {addon.id: place for place, addon in enumerate(held.addons)}
        upcoming = sorted(
            self.world.run(
                self.world.shop.subscription(held.id, self.world.shop.operator)
            ).upcoming_changes,
            key=lambda one: (one.effective_on, one.kind, places.get(one.attached_addon_id, 0)),
        )
        if not upcoming:
            return
        change = upcoming[which % len(upcoming)]
        to = self.day(day) if day else None
        what = "MoveChange" if to else "TakeBackChange"
        said = {"effective_on": to.isoformat()} if to else {}
        if self.said(self.world.change(what, held.id, change_id=change.id, **said)):
            self._rescheduled(held, change, to)

    def _rescheduled(self, held: Held, change: Any, to: date | None) -> None:
        was = date.fromisoformat(change.effective_on)
        match change.kind:
            case "plan_change":
                version = held.terms.pop(was)
                if to:
                    held.terms[to] = version
            case "addon_attach":
                [addon] = [one for one in held.addons if one.id == change.attached_addon_id]
                addon.since, addon.until = (to, addon.until) if to else (was, was)
            case "addon_detach":
                [addon] = [one for one in held.addons if one.id == change.attached_addon_id]
                addon.until = to
            case "pause":
                until = held.pauses.pop(was)
                if to:
                    held.pauses[to] = until
            case "resume":
                [since] = [since for since, until in held.pauses.items() if until == was]
                if to:
                    held.pauses[since] = to
                else:
                    held.pause(since)
            case _:
                held.until = to

    @rule(pick=PICKS, day=DAYS)
    def extend_trial(self, pick: int, day: tuple[int, int]) -> None:
        one, end = self.deployment(pick), self.day(day)
        if self.said(self.world.extend_trial(one.id, end)):
            one.on_trial_until = end
            for held in one.held:
                if held.since < end and (held.trial_end is None or held.trial_end < end):
                    held.trial_end = end

    # What is used.

    @rule(pick=PICKS, used=USED, day=DAYS)
    def use(self, pick: int, used: tuple[str, str], day: tuple[int, int]) -> None:
        self._use(self.deployment(pick), min(self.day(day), self.today), *used)

    def _use(self, one: Deployment, on: date, kind: str, qty: str) -> None:
        self.sent += 1
        key = f"event-{self.sent}"
        receipt = self.world.run(
            self.world.metering.send(
                event(key, kind=kind, qty=qty, day=on.isoformat(), deployment=one.id)
            )
        )
        assert not receipt.refused, receipt
        one.use(kind, on, Decimal(qty))
        self.events.append((key, one, kind, on, Decimal(qty)))

    @precondition(lambda self: self.events)
    @rule(pick=PICKS)
    def void_event(self, pick: int) -> None:
        key, one, kind, on, qty = self.events.pop(pick % len(self.events))
        self.world.run(self.world.metering.void(key))
        one.use(kind, on, -qty)

    @rule(pick=PICKS, count=st.sampled_from([1, 3, 40]), day=DAYS)
    def run_droplets(self, pick: int, count: int, day: tuple[int, int]) -> None:
        """The inventory learns of droplets that ran on a day, and the day is metered anew."""
        one = self.deployment(pick)
        on = min(self.day(day), self.today - timedelta(days=1))
        spans, whole = self.world.metering.peers.spans, Period(on, on + timedelta(days=1))
        first = len(spans)
        spans += [
            Span(number, whole.start_at, whole.end_at, tenant_id=one.tenant, deployment=one.id)
            for number in range(first, first + count)
        ]
        self.world.run(self.world.metering.meter(on.isoformat()))
        one.use("droplet_hours", on, 24 * Decimal(count))

    # What is billed.

    @precondition(lambda self: self.has_months_left)
    @rule(day=st.sampled_from([1, 2, 15]), approval=st.booleans())
    def month_ends(self, day: int, approval: bool) -> None:
        """The next month begins, and the one that ended is rolled up."""
        ended = self._next_month(day)
        self._roll_up(ended, force=False, approval=approval)

    @precondition(lambda self: self.has_months_left)
    @rule(day=st.sampled_from([1, 2, 15]))
    def next_month(self, day: int) -> None:
        """The next month begins; the one that ended is rolled up later, or never."""
        self._next_month(day)

    def _next_month(self, day: int) -> date:
        ended = self.today.replace(day=1)
        self.world.clock.set(month_before(ended, -1).replace(day=day).isoformat())
        return ended

    @property
    def has_months_left(self) -> bool:
        return month_before(self.today.replace(day=1), MONTHS) < FIRST_MONTH

    @precondition(lambda self: self.today >= month_before(FIRST_MONTH, -1))
    @rule(ago=st.integers(1, 3), force=st.booleans(), approval=st.booleans())
    def roll_up(self, ago: int, force: bool, approval: bool) -> None:
        """A month that ended is rolled up, for the first time or again."""
        month = max(FIRST_MONTH, month_before(self.today.replace(day=1), ago))
        self._roll_up(month, force=force, approval=approval)

    def _roll_up(self, month: date, *, force: bool, approval: bool) -> None:
        rollup = self.world.begin(month, force=force, approval=approval)
        self.counts.rollups += 1
        self.awaiting.pop(month, None)
        self.model.draft(month, rollup.id, force=force)
        mine = [one for one in self.model.invoices if one.month == month and one.stands]
        for invoice in mine:
            if invoice.status == "draft":
                invoice.rollup = rollup.id
        if approval:
            self.awaiting[month] = rollup.id
        else:
            self._issued(rollup.id)

    @precondition(lambda self: self.awaiting)
    @rule(pick=PICKS, what=st.sampled_from(["approve", "undo"]))
    def decide(self, pick: int, what: str) -> None:
        """An operator lets a roll-up issue its drafts, or undoes it."""
        month = sorted(self.awaiting)[pick % len(self.awaiting)]
        if self.said(self.world.decide(what, self.awaiting[month])):
            self._told()

    def _told(self) -> None:
        """The work on a roll-up does what it was told."""
        for rollup, decision in self.world.do_as_told():
            [month] = [month for month, one in self.awaiting.items() if one == rollup]
            del self.awaiting[month]
            if decision == "approve":
                self._issued(rollup)
                continue
            own = [one for one in self.model.invoices if one.month == month]
            for invoice in own:
                invoice.status = "void" if invoice.status == "draft" else invoice.status
            if all(one.status == "void" for one in own):
                self.model.closed.discard(month)

    def _issued(self, rollup: str) -> None:
        for invoice in self.model.invoices:
            if invoice.rollup == rollup and invoice.status == "draft":
                invoice.status = "issued"
                self.counts.invoices += 1

    @precondition(lambda self: any(one.stands for one in self.model.invoices))
    @rule(pick=PICKS, what=st.sampled_from(["issue", "pay", "void", "credit", "credit"]))
    def settle(self, pick: int, what: str) -> None:
        """An operator issues, marks as paid, voids or credits in full one invoice."""
        standing = [one for one in self.model.invoices if one.stands]
        invoice = standing[pick % len(standing)]
        books, identity = self.world.books, self.world.invoice_id(invoice.tenant, invoice.month)
        act, needed, becomes = {
            "issue": (books.issue_by_hand, ("draft",), "issued"),
            "pay": (books.pay, ("issued",), "paid"),
            "void": (books.void, ("draft", "issued"), "void"),
            "credit": (books.credit, ("issued", "paid"), invoice.status),
        }[what]
        may = invoice.status in needed
        if what == "credit":
            may = may and sum(invoice.lines.values()) > 0
        answer = self.said(self.world.tried(act(identity)))
        assert (answer is not None) == may, f"{what} of what is {invoice.status}: {answer}"
        if may:
            invoice.status, invoice.is_credited = becomes, what == "credit"
            self._told()

    # What must be true.

    @invariant()
    def bills_are_the_models(self) -> None:
        self.counts.steps += 1
        expected = {
            (one.tenant, one.month): (one.status, one.lines)
            for one in self.model.invoices
            if one.stands
        }
        billed = self.world.billed()
        assert billed == expected, "\n".join(_differences(billed, expected))

    def teardown(self) -> None:
        """All is taken up in the end: each closed month is billed once, and nothing else is."""
        for month in sorted(self.awaiting):
            self.world.decide("approve", self.awaiting[month])
            self._told()
        this = self.today.replace(day=1)
        self.world.clock.set(month_before(this, -1).isoformat())
        month = FIRST_MONTH
        while month <= this:
            if month == this or not self._is_done(month):
                self._roll_up(month, force=False, approval=False)
            month = month_before(month, -1)
        self.bills_are_the_models()
        billed: Lines = Lines()
        owed: Lines = Lines()
        for _, lines in self.world.billed().values():
            billed.update(lines)
        for tenant in self.model.tenants:
            for closed in self.model.closed:
                owed.update(self.model.owed(tenant, closed))
        billed.subtract(owed)
        left = {key: cents for key, cents in billed.items() if cents}
        assert not left, f"billed more, or less, than is owed: {left}"

    def _is_done(self, month: date) -> bool:
        """Whether a month was rolled up, and none of its invoices was taken back since."""
        own = [one for one in self.model.invoices if one.month == month]
        return (
            month in self.model.closed
            and all(one.status != "draft" for one in own)
            and all(self.model.standing(one.tenant, month) for one in own)
        )

    # How a change is tried.

    def change(
        self,
        what: str,
        pick: int,
        day: tuple[int, int],
        done: Callable[[Held, date, Any], None],
        *,
        by_tenant: bool = False,
        **said: Any,
    ) -> None:
        """Changes a subscription; where it is refused, nothing changes in the model either."""
        found = self.held(pick)
        if not found:
            return
        one, held = found
        on = self.day(day)
        assert hasattr(subscriptions_pb, f"{what}Request")
        answer = self.said(
            self.world.change(
                what, held.id, one.tenant if by_tenant else "", effective_on=on.isoformat(), **said
            )
        )
        if answer:
            done(held, on, answer)

    def closing(self, day: date, since: date, *, by_tenant: bool) -> date:
        """A tenant gives nothing up for a day on which it held it."""
        tomorrow = self.today + timedelta(days=1)
        return max(day, tomorrow) if by_tenant and since <= self.today else day

    def answer(self, call: Any) -> Any:
        return self.said(self.world.tried(call))

    def said(self, answer: Any) -> Any:
        self.counts.refused += answer is None
        return answer


def _addon(message: Any, since: date) -> Addon:
    terms = AddonTerms(
        message.resource_kind, Decimal(message.qty), message.price_cents, message.currency
    )
    return Addon(message.id, message.code, terms, since)


def _differences(billed: Bills, expected: Bills) -> Iterator[str]:
    """What differs, invoice by invoice."""
    for key in sorted({*billed, *expected}):
        is_now, should_be = billed.get(key), expected.get(key)
        if is_now != should_be:
            yield f"{key[0]} {key[1]:%Y-%m}: is {is_now}, should be {should_be}"
