"""Properties of the matching ladder for any account and bill, through its SQL."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.ingest.rules.matching import UNSEEN_END
from tests.billing.bills import MAY, Billing, Line
from tests.billing.lookup import Known, KnownAccount, resource_id
from tests.billing.test_matching import matched_again

PRODUCTS = {"Droplets": "droplet", "Volumes": "volume"}
DAYS = st.integers(0, 30)
IDS = st.sampled_from("1234")

few = settings(max_examples=20)


@dataclass(frozen=True)
class Found:
    """How a line was matched."""

    state: str
    rung: str
    reason: str
    resource_id: str | None


def day(number: int) -> datetime:
    return MAY + timedelta(days=number)


@st.composite
def accounts(draw: st.DrawFn) -> list[Known]:
    """A few resources with few names between them, some gone, some renamed."""
    resources = []
    for provider_id in draw(st.sets(IDS)):
        born, renamed, gone = sorted(draw(st.sets(st.integers(-9, 40), min_size=3, max_size=3)))
        former = ((draw(st.sampled_from("ab")), day(renamed)),) if draw(st.booleans()) else ()
        resources.append(
            Known(
                provider_id,
                name=draw(st.sampled_from(["a", "b", "A"])),
                kind=draw(st.sampled_from(["droplet", "volume"])),
                lived_from=day(born),
                lived_to=day(gone) if draw(st.booleans()) else None,
                former=former,
            )
        )
    return resources


@st.composite
def lines(draw: st.DrawFn, *, ids: bool = True) -> list[Line]:
    """A small bill whose lines each have an amount of their own."""
    bill = []
    for number in range(draw(st.integers(1, 8))):
        start = draw(DAYS)
        bill.append(
            Line(
                amount=f"{number + 1}.00",
                description=f"{draw(st.sampled_from('abc'))} (s)",
                product=draw(st.sampled_from(sorted(PRODUCTS))),
                start=day(start),
                end=day(draw(st.integers(start + 1, 31))),
                resource_id=draw(st.just("") | IDS) if ids else "",
            )
        )
    return bill


async def matched(billing: Billing, bill: list[Line]) -> dict[str, Found]:
    """How each line of a new bill is matched, by its amount."""
    invoice = await billing.discovered(f"{uuid4()}")
    await billing.ingested(invoice.id, bill, with_items=True)
    await matched_again(billing, invoice.id)
    return {amount: found for amount, found, _ in rows(billing, invoice.id)}


def rows(billing: Billing, invoice_id: str) -> list[tuple[str, Found, Any]]:
    """Amount, match and writing transaction of each line of an invoice."""
    return [
        (
            f"{Decimal(amount):.2f}",
            Found(state, rung, reason, None if resource is None else str(resource)),
            version,
        )
        for amount, state, rung, reason, resource, version in billing.rows(
            "SELECT amount_usd, match_state, match_rung, match_reason, resource_id, xmin::text"
            " FROM cloud_cost_lines WHERE provider_invoice_id = %s ORDER BY id",
            invoice_id,
        )
    ]


def fitting(line: Line, account: list[Known]) -> set[str]:
    """Who bore the line's name within its span, and lived then."""
    name = line.description.rpartition(" (")[0]
    found = set()
    for one in account:
        held, since = [], one.lived_from
        for former, until in one.former:
            held.append((former, since, until))
            since = until
        held.append((one.name, since, one.lived_to or datetime.max.replace(tzinfo=MAY.tzinfo)))
        if one.kind == PRODUCTS[line.product] and any(
            called.lower() == name and overlaps(line, start, end) and lived(line, one)
            for called, start, end in held
        ):
            found.add(resource_id(one.provider_id, one.kind))
    return found


def overlaps(line: Line, start: datetime, end: datetime) -> bool:
    assert line.start is not None
    assert line.end is not None
    return start < line.end and end > line.start


def lived(line: Line, one: Known, grace: timedelta = timedelta(0)) -> bool:
    """Whether a resource lived within a line's span, or so shortly before."""
    assert line.start is not None
    assert line.end is not None
    ended = one.lived_to is not None and one.lived_to + grace <= line.start
    return one.lived_from < line.end and not ended


@few
@given(account=accounts(), bill=lines(), seed=st.integers(0, 99))
async def test_the_order_of_lines_and_of_candidates_decides_nothing(
    billing: Billing, known: KnownAccount, account: list[Known], bill: list[Line], seed: int
) -> None:
    known.resources = account
    first = await matched(billing, bill)
    chance = random.Random(seed)
    known.resources = chance.sample(account, len(account))
    assert await matched(billing, chance.sample(bill, len(bill))) == first


@few
@given(account=accounts(), bill=lines())
async def test_no_line_is_matched_with_a_resource_that_did_not_live_in_its_span(
    billing: Billing, known: KnownAccount, account: list[Known], bill: list[Line]
) -> None:
    known.resources = account
    by_id = {resource_id(one.provider_id, one.kind): one for one in account}
    found = await matched(billing, bill)
    for line in bill:
        match = found[line.amount]
        assert (match.state == "matched") == (match.resource_id is not None)
        if match.resource_id is not None:
            grace = UNSEEN_END if match.rung == "provider_id" else timedelta(0)
            assert lived(line, by_id[match.resource_id], grace)


@few
@given(account=accounts(), bill=lines(ids=False))
async def test_a_name_matches_its_only_bearer_and_nothing_if_there_are_several(
    billing: Billing, known: KnownAccount, account: list[Known], bill: list[Line]
) -> None:
    known.resources = account
    found = await matched(billing, bill)
    for line in bill:
        fit = fitting(line, account)
        expected = Found("unmatched", "", "no resource had this name then", None)
        if len(fit) == 1:
            expected = Found("matched", "name", "", *fit)
        elif fit:
            expected = Found("ambiguous", "", f"{len(fit)} resources fit by name", None)
        assert found[line.amount] == expected


@few
@given(account=accounts(), bill=lines())
async def test_matching_again_writes_nothing_until_the_inventory_knows_better(
    billing: Billing, known: KnownAccount, account: list[Known], bill: list[Line]
) -> None:
    known.resources = account
    invoice = await billing.discovered(f"{uuid4()}")
    await billing.ingested(invoice.id, bill, with_items=True)
    first = rows(billing, invoice.id)
    counts = await matched_again(billing, invoice.id)
    assert rows(billing, invoice.id) == first
    assert await matched_again(billing, invoice.id) == counts
    assert rows(billing, invoice.id) == first
    known.resources = [replace(one, lived_from=day(90), lived_to=None) for one in account]
    await matched_again(billing, invoice.id)
    assert {found.resource_id for _, found, _ in rows(billing, invoice.id)} == {None}
