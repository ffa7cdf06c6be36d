"""The account bills in every seen spelling, by name; amounts stay the same."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest

from providers.digitalocean import billing
from providers.digitalocean.simulator.billing.spellings import Spelling
from tests.simulator.running import Simulator

SPELLINGS = "/_simulator/billing/spellings"
INVOICES = "/v2/customers/my/invoices"
SUMMED = set(Spelling) - {Spelling.UNREADABLE_INVOICE}


def spell(sim: Simulator, *names: str) -> None:
    assert sim.post(SPELLINGS, {"spellings": list(names)})["spellings"] == sorted(names)


def newest(sim: Simulator) -> str:
    return str(sim.get(INVOICES)["invoices"][0]["invoice_uuid"])


def rows_of(sim: Simulator) -> list[dict[str, str]]:
    text = sim.client.get(f"{INVOICES}/{newest(sim)}/csv").text
    return list(csv.DictReader(io.StringIO(text, newline="")))


def usd(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", ""))


def exact(sim: Simulator, path: str) -> Any:
    return billing.loads(sim.client.get(path, params={"per_page": 200}).content)


def items_of(sim: Simulator) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = exact(sim, f"{INVOICES}/{newest(sim)}")["invoice_items"]
    return items


@pytest.fixture
def account(sim: Simulator) -> Simulator:
    sim.post("/_simulator/reset", {"now": "2025-03-10T10:00:00Z"})
    return sim


def test_unknown_spellings_are_refused_with_the_known_ones(account: Simulator) -> None:
    told = account.post(SPELLINGS, {"spellings": ["no_category", "klingon"]}, status=422)
    assert "unknown: klingon" in told["message"]
    assert account.get(SPELLINGS) == {"spellings": [], "known": list(Spelling)}


@pytest.mark.parametrize("names", [*([name] for name in sorted(SUMMED)), sorted(SUMMED)], ids=str)
def test_every_form_of_a_bill_comes_to_the_same_however_it_is_spelled(
    account: Simulator, names: list[str]
) -> None:
    spell(account, *names)
    uuid = newest(account)
    rows, items = rows_of(account), items_of(account)
    summary = exact(account, f"{INVOICES}/{uuid}/summary")
    history = exact(account, "/v2/customers/my/billing_history")["billing_history"]
    [booked] = [one["amount"] for one in history if one.get("invoice_uuid") == uuid]
    amount = Decimal(summary["amount"])
    parts = ("product_charges", "overages", "taxes", "credits_and_adjustments")
    assert sum(usd(row["USD"]) for row in rows) == amount == Decimal(booked)
    assert sum(Decimal(item["amount"]) for item in items) == amount
    assert sum(Decimal(summary[part]["amount"]) for part in parts) == amount
    assert [item["description"] for item in items] == [row["description"] for row in rows]
    balance = exact(account, "/v2/customers/my/balance")
    owed = sum(Decimal(one["amount"]) for one in history if one["amount"] is not None)
    assert Decimal(balance["account_balance"]) == owed


def test_each_spelling_reads_as_it_is_called(account: Simulator) -> None:
    plain = rows_of(account)
    spell(account, Spelling.NO_CATEGORY, Spelling.UTC_SUFFIX)
    assert "category" not in rows_of(account)[0]
    assert rows_of(account)[0]["start"].endswith(" +0000 UTC")
    spell(account, Spelling.JSON_NUMBERS)
    assert not any(isinstance(item["amount"], str) for item in items_of(account))
    spell(account, Spelling.MANY_DIGITS)
    assert max(len(row["USD"].partition(".")[2]) for row in rows_of(account)) == 16
    assert any(re.fullmatch(r"\d+\.\d{13}", row["hours"]) for row in rows_of(account)) or (
        {row["hours"] for row in rows_of(account)} != {row["hours"] for row in plain}
    )
    spell(account, Spelling.PRODUCT_NAMES, Spelling.LOCAL_TAXES)
    products = {row["product"] for row in rows_of(account)}
    assert {"Premium Droplets", "Backups", "GST"} <= products
    spell(account, Spelling.LONG_DESCRIPTIONS)
    assert max(len(row["description"]) for row in rows_of(account)) > 5_000
    spell(account, Spelling.BLANKS_IN_NAMES)
    assert any(re.search(r"\S  \(.*\) $", row["description"]) for row in rows_of(account))
    spell(account, Spelling.GROUPED_DATABASES)
    [database, *_] = [row for row in rows_of(account) if row["product"] == "Database Clusters"]
    assert database["group_description"]
    assert database["description"].startswith("primary-node (")
    spell(account, Spelling.REFUNDS)
    [refund, *_] = [one for one in items_of(account)[::-1] if one.get("resource_uuid")]
    assert Decimal(refund["amount"]) < 0
    spell(account, Spelling.OCTET_STREAM)
    answer = account.client.get(f"{INVOICES}/{newest(account)}/csv")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_the_history_may_be_odd_and_hold_chargebacks(account: Simulator) -> None:
    spell(account, Spelling.ODD_HISTORY, Spelling.CHARGEBACKS)
    history = account.get("/v2/customers/my/billing_history", per_page=200)["billing_history"]
    assert [entry["type"] for entry in history if entry["amount"] is None] == ["Credit"]
    assert {"Chargeback", "Reversal", "Refund"} <= {entry["type"] for entry in history}


def test_the_oldest_invoice_may_be_unreadable_for_good(account: Simulator) -> None:
    spell(account, Spelling.UNREADABLE_INVOICE)
    invoices = account.get(INVOICES, per_page=200)["invoices"]
    text = account.client.get(f"{INVOICES}/{invoices[-1]['invoice_uuid']}/csv").text
    assert text.startswith("<!DOCTYPE html>")
    assert len(rows_of(account)) > 10


def test_estimates_name_their_products_by_the_words_of_today(sim: Simulator) -> None:
    sim.post("/_simulator/reset", {"now": "2026-05-20T10:00:00Z"})
    spell(sim, Spelling.SKUS)
    team = sim.get("/v2/account")["account"]["team"]["uuid"]
    path = f"/v2/billing/do:team:{team}/insights/2026-05-01/2026-05-01"
    skus = {point["sku"].split("-")[2] for point in sim.get(path, per_page=200)["data_points"]}
    assert {"DBAA", "LBAA", "DOKS"} <= skus
