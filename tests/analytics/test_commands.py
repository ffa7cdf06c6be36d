"""`arcadia usage` and `arcadia margin`: tables and a chart in the terminal."""

import asyncio
import sys
from datetime import date

import pytest
from arcadia.analytics.v1 import exchange_rate_service_pb2 as rates_pb
from arcadia.billing.v1 import costs_pb2

from cli.invoicing.margin import METER, READ_COSTS, missing_costs
from services.common.values.periods import Period, month_of
from tests.analytics.account import Analytics, event, today, yesterday
from tests.analytics.april import PERIOD, STUDIO, line, spans
from tests.analytics.peers import SHOP, Span, at
from tests.analytics.revenue import Billed, invoice
from tests.support.environment import environment_of


async def arcadia(analytics: Analytics, *arguments: str, columns: int = 160) -> tuple[int, str]:
    """Runs a command; its exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.app",
        *arguments,
        env={**environment_of(analytics.settings), "COLUMNS": str(columns)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_usage_is_listed_with_the_facts_behind_each_figure(analytics: Analytics) -> None:
    day = yesterday()
    analytics.peers.spans = [Span(1, at(day), at("2199-01-01"))]
    await analytics.meter(day)
    await analytics.send(event("call-1", qty="12.5"))
    code, said = await arcadia(analytics, "usage", "list", "--tenant", "acme")
    assert code == 0, said
    assert [row.split()[:5] for row in said.splitlines()[1:]] == [
        [day, "acme", SHOP.id, "droplet_hours", "24"],
        [day, "acme", SHOP.id, "llm_tokens", "12.5"],
    ]
    hours, tokens = (row.split()[-1] for row in said.splitlines()[1:])
    assert "droplet droplet-1" in (await arcadia(analytics, "usage", "facts", hours))[1]
    assert "call-1" in (await arcadia(analytics, "usage", "facts", tokens))[1]
    code, narrow = await arcadia(analytics, "usage", "list", "--tenant", "acme", columns=60)
    *rows, note = narrow.splitlines()[1:]
    assert [row.split()[-1] for row in rows] == [hours, tokens]
    assert note.startswith("Left out for lack of width: ")


async def test_a_wrong_event_is_taken_back_with_a_reason_and_listed(analytics: Analytics) -> None:
    await analytics.send(event("call-1", qty="999"))
    void = ("usage", "void", "llm-gateway")
    code, said = await arcadia(analytics, *void, "call-1", "--reason", "twice the tokens")
    assert (code, said.strip()) == (0, f"voided call-1: 999 llm_tokens of acme on {yesterday()}")
    code, said = await arcadia(analytics, *void, "call-1", "--reason", "again")
    assert (code, "voided already by" in said, "twice the tokens" in said) == (0, True, True)
    code, said = await arcadia(analytics, *void, "call-2", "--reason", "no such call")
    assert (code, "not voided call-2" in said) == (1, True)
    code, said = await arcadia(analytics, "usage", "voided", columns=200)
    assert (code, "twice the tokens" in said) == (0, True)
    assert await analytics.figures() == []


async def test_unmetered_resources_are_listed_with_the_reason(analytics: Analytics) -> None:
    day = yesterday()
    refused = Span(
        1,
        at(day),
        at("2199-01-01"),
        kind="spaces_bucket",
        unmeasured="the Spaces key may not read the bucket",
    )
    analytics.peers.spans = [refused]
    await analytics.meter(day)
    code, said = await arcadia(analytics, "usage", "unmetered")
    assert code == 0, said
    [row] = said.splitlines()[1:]
    assert row.split()[:3] == ["spaces_bucket", "spaces_bucket-1", "acme"]
    assert "24.0" in row
    assert row.rstrip().endswith("the Spaces key may not read the bucket")
    code, said = await arcadia(analytics, "usage", "unmetered", "--tenant", "globex")
    assert (code, "no unmetered resources" in said) == (0, True), said


async def test_a_margin_is_a_table_with_a_chart_and_says_what_was_assumed(
    analytics: Analytics,
) -> None:
    await invoice(analytics.database, PERIOD, "acme", *STUDIO)
    analytics.peers.spans = spans(("acme", "shop"), ("", ""))
    analytics.peers.cost_lines = [
        line("30.53", 1),
        line("46.39", 2),
        line("10.00", kind="spaces_bucket", classification="shared"),
    ]
    await analytics.attribute(PERIOD)
    await analytics.margin(PERIOD)
    code, said = await arcadia(analytics, "margin", "show", "--period", "2026-04")
    assert code == 0, said
    assert "revenue 71.12 - costs 86.92 = margin -15.80 (-22.2 %) AUD" in said
    assert "a rate of 1 was assumed" in said
    rows = {row.split()[0]: row for row in said.splitlines() if row.strip()}
    assert rows["acme"].split()[1:5] == ["71.12", "30.53", "40.59", "57.1"]
    assert "█" in rows["acme"]
    # The bars are told apart without colours, and explained.
    assert "▒" in rows["internal"]
    assert "█ revenue, ▒ costs, same scale" in said
    assert rows["internal"].split()[1:4] == ["0.00", "46.39", "-46.39"]
    assert rows["unattributed"].split()[1:4] == ["0.00", "10.00", "-10.00"]
    [split] = [row for row in said.splitlines() if "nothing: unattributed" in row]
    assert split.split()[:2] == ["spaces_bucket", "10"]
    assert split.rstrip().endswith("no bucket is known")
    assert rows["droplet_hours"].split()[1] == "21.12"


async def test_an_unknown_amount_is_shown_as_a_question_mark(analytics: Analytics) -> None:
    last = month_of(today()).preceding()
    await invoice(analytics.database, last.start.isoformat(), "acme", Billed(5000))
    await analytics.margin(last.start.isoformat())
    code, said = await arcadia(analytics, "margin", "trend", "--months", "2")
    assert code == 0, said
    rows = {row.split()[0]: row.split()[1:4] for row in said.splitlines() if row.strip()}
    assert rows[last.code] == ["50.00", "?", "?"]
    before: Period = last.preceding()
    assert rows[before.code] == ["?", "?", "?"]
    code, said = await arcadia(analytics, "margin", "accrual")
    assert "revenue ? - costs ? = margin ?" in said
    assert "no usage metered yet, no daily costs" in said
    assert METER in said
    analytics.peers.daily_costs = [costs_pb2.DailyCost(day=today().isoformat())]
    code, said = await arcadia(analytics, "margin", "accrual")
    assert "no usage metered yet, daily costs not attributed yet" in said
    assert METER in said
    assert READ_COSTS not in said
    code, said = await arcadia(analytics, "margin", "show", "--period", "2019-01")
    assert "`arcadia margin refresh --period 2019-01`" in said


@pytest.mark.parametrize(
    ("day", "are_read", "told", "steps"),
    [
        ("2026-04-02", False, "no daily costs read yet", [READ_COSTS, METER]),
        ("2026-04-02", True, "daily costs not attributed yet", [METER]),
        (
            "2026-04-01",
            False,
            "no daily costs: the provider reports a day's on the next day",
            [METER],
        ),
    ],
)
def test_the_step_that_is_missing_for_costs_is_named(
    day: str, are_read: bool, told: str, steps: list[str]
) -> None:
    assert missing_costs(date.fromisoformat(day), are_read=are_read) == (told, steps)


async def test_a_rate_that_was_used_is_named(analytics: Analytics) -> None:
    request = rates_pb.CreateExchangeRateRequest(
        from_currency="USD",
        to_currency="AUD",
        rate="1.5",
        effective_from="2026-01-01",
        source="rba",
    )
    await analytics.rates.CreateExchangeRate(request, metadata=analytics.operator)
    analytics.peers.cost_lines = [line("10.01")]
    await analytics.attribute(PERIOD)
    await analytics.margin(PERIOD)
    _, said = await arcadia(analytics, "margin", "show", "--period", PERIOD)
    assert "1 USD = 1.5 AUD since 2026-01-01 rba" in said
    assert "costs 15.02" in said


async def test_a_refusal_ends_the_command_with_its_reason(analytics: Analytics) -> None:
    code, said = await arcadia(analytics, "margin", "differences", "--period", PERIOD)
    assert code == 1
    assert "not closed" in said
    code, said = await arcadia(analytics, "margin", "show", "--period", "April")
    assert code == 2
    assert "2026-04" in said
