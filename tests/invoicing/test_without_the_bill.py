"""Tenants whose rule waits for the provider's bill, billed without it: its costs follow, once."""

from tests.invoicing.books import APRIL, MAY
from tests.invoicing.test_rebilled_bills import bill, claims, line, rebill, rebilled, subscribed
from tests.invoicing.test_with_the_catalog import Month
from tests.invoicing.test_with_the_catalog import month as month


async def test_tenants_who_wait_are_billed_without_the_bill_and_its_costs_once_when_it_is_there(
    month: Month,
) -> None:
    await rebill(month, takes_all=True)
    await subscribed(month, "acme", "shop", "covered")
    await month.runs("acme", "shop", 1)
    await bill(month, line(1, "4"), complete=False)
    await month.closed()
    assert (await month.books.rolled_up()).waiting_count == 1

    rollup = await month.books.rolled_up(without_bill=True)
    assert (rollup.without_bill, rollup.drafted_count, rollup.waiting_count) == (True, 1, 0)
    assert [one.kind for one in await month.books.lines_of("acme")] == ["plan_base", "tax"]
    assert claims(month) == {}

    # The bill arrives, and the wait for it starts the month's roll-up once more.
    await bill(month, line(1, "10"), line(2, "2"))
    assert (await month.books.rolled_up()).skipped_count == 1
    month.inventory.cost_lines = []
    for later in (MAY, "2026-06-01"):
        month.books.close(later)
        await month.books.rolled_up(later, without_bill=True)

    [late] = [one for one in await month.books.lines_of("acme", MAY) if one.kind == "adjustment"]
    assert (late.qty, late.amount_cents, late.meta["adjusts_period"]) == ("14.4", 1440, APRIL)
    assert (late.service_start, late.service_end) == (APRIL, MAY)
    assert await rebilled(month, period="2026-06-01") == []
    assert claims(month) == {"bill/1": ("1E+1", 1200), "bill/2": ("2", 240)}
    for period in (APRIL, MAY):
        assert (
            await month.books.verify((await month.books.invoice_of("acme", period)).id)
        ).verified


async def test_a_roll_up_without_the_bill_has_the_costs_of_a_bill_that_is_there(
    month: Month,
) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await bill(month, line(1, "10"))
    await month.closed()
    await month.books.rolled_up(without_bill=True)
    assert await rebilled(month) == [("12", 1200)]


async def test_a_month_billed_without_the_bill_and_voided_waits_again_and_is_billed_once(
    month: Month,
) -> None:
    await rebill(month)
    await subscribed(month, "acme", "shop")
    await month.closed()
    await month.books.rolled_up(without_bill=True)
    await month.books.void((await month.books.invoice_of("acme")).id)
    assert (await month.books.rolled_up()).waiting_count == 1

    await bill(month, line(1, "10"))
    await month.books.rolled_up()
    month.inventory.cost_lines = []
    month.books.close(MAY)
    await month.books.rolled_up(MAY, without_bill=True)
    assert await rebilled(month) == [("12", 1200)]
    assert await rebilled(month, period=MAY) == []
