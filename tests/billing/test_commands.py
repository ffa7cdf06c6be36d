"""`arcadia costs`: balance, totals, lines, unmatched lines, export."""

import asyncio
import csv
import io
import sys
from decimal import Decimal

from arcadia.billing.v1 import balance_service_pb2

from tests.billing.bills import MAY, Billing, stamp
from tests.billing.lookup import Known, KnownAccount
from tests.billing.test_costs import billed
from tests.support.environment import environment_of


async def arcadia(billing: Billing, *arguments: str) -> tuple[int, str]:
    """Runs `arcadia costs …`; its exit code and all that it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.app", "costs", *arguments,
        env={**environment_of(billing.settings), "COLUMNS": "160"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip  # a table
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_balance_is_what_the_newest_snapshot_says(billing: Billing) -> None:
    code, said = await arcadia(billing, "balance")
    assert (code, "No balance was read yet" in said) == (1, True)
    for key, usage in (("1", "12.5"), ("2", "13.75")):
        await billing.balances.RecordBalance(
            balance_service_pb2.RecordBalanceRequest(
                month_to_date_balance="113.75",
                account_balance="100",
                month_to_date_usage=usage,
                generated_at=stamp(MAY),
                key=key,
            ),
            metadata=billing.worker,
        )
    code, said = await arcadia(billing, "balance")
    assert code == 0, said
    assert [row.split()[0] for row in said.splitlines()[:3]] == ["13.75", "100.00", "113.75"]
    assert "2026-05-01T00:00:00Z" in said


async def test_totals_of_a_month_are_shown_dearest_first_with_the_whole(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    await billed(billing)
    code, said = await arcadia(billing, "totals", "2026-05", "--by", "tenant")
    assert code == 0, said
    assert [row.split(maxsplit=2) for row in said.splitlines()] == [
        ["31.75", "4", "nobody: internal, or without a known resource"],
        ["6.00", "1", "acme"],
        ["37.75", "USD", "in total"],
    ]
    code, said = await arcadia(billing, "totals", "2026-06")
    assert said.startswith("No bill of 2026-06 was ingested: its costs are unknown")


async def test_lines_are_listed_with_how_they_were_matched_and_the_unmatched_with_why(
    billing: Billing, known: KnownAccount
) -> None:
    known.resources = [Known("1")]
    await billed(billing)
    code, said = await arcadia(billing, "lines", "--period", "2026-05", "--kind", "droplet")
    assert code == 0, said
    assert "Droplets: web-1 (s-1vcpu-1gb)  matched by name  acme dep-1" in said
    code, said = await arcadia(billing, "unmatched", "--period", "2026-05")
    [line] = said.splitlines()
    assert line.startswith("2026-05 #")
    assert line.endswith(
        "Database Clusters: db (db-s-1vcpu-1gb)  unmatched (no resource had this name then)"
    )


async def test_a_list_says_when_it_is_empty_and_when_it_is_cut_short(billing: Billing) -> None:
    await billed(billing)
    code, said = await arcadia(billing, "lines", "--count", "4")
    assert (code, "and more; printed 4" in said) == (0, True)
    assert "more than" not in (await arcadia(billing, "lines"))[1]
    code, said = await arcadia(billing, "lines", "--period", "2026-06")
    assert (code, "There are no such lines" in said) == (0, True)
    code, said = await arcadia(billing, "unmatched", "--period", "2026-06")
    assert said == "There are no such lines; `arcadia costs fetch` ingests bills.\n"
    code, said = await arcadia(billing, "bills", "--status", "failed")
    assert said == "There are no such invoices; `arcadia costs fetch` ingests bills.\n"


async def test_an_export_is_written_as_it_comes(billing: Billing) -> None:
    await billed(billing)
    code, said = await arcadia(billing, "export", "--period", "2026-05")
    assert code == 0, said
    rows = list(csv.DictReader(io.StringIO(said)))
    assert sorted(row["amount_usd"] for row in rows) == ["-1.1", "0.6", "28.25", "4", "6"]
    code, said = await arcadia(billing, "export", "--period", "2026-05", "--format", "focus")
    billed_costs = [Decimal(row["BilledCost"]) for row in csv.DictReader(io.StringIO(said))]
    assert (len(billed_costs), sum(billed_costs)) == (5, Decimal("37.75"))
    code, said = await arcadia(billing, "export", "--format", "xml")
    assert (code, "INVALID_ARGUMENT: format" in said) == (1, True)


async def test_matching_anew_without_lines_is_refused_with_the_reason(billing: Billing) -> None:
    code, said = await arcadia(billing, "rematch", "--period", "2026-05")
    assert (code, "no lines to match" in said) == (1, True)
