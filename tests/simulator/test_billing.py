"""The forms of each invoice agree to the cent, and with the account's ledger."""

import csv
import io
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.running import Simulator


def _invoices(sim: Simulator) -> list[dict[str, str]]:
    return sim.everything("/v2/customers/my/invoices", "invoices")


def _usd(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", ""))


def test_lines_charges_summary_and_history_agree_to_the_cent(reading: Simulator) -> None:
    history = reading.everything("/v2/customers/my/billing_history", "billing_history")
    booked = {e["invoice_uuid"]: Decimal(e["amount"]) for e in history if e["type"] == "Invoice"}
    invoices = _invoices(reading)
    assert len(invoices) == 28  # January 2024 to April 2026
    for invoice in invoices:
        path = f"/v2/customers/my/invoices/{invoice['invoice_uuid']}"
        items = reading.everything(path, "invoice_items")
        rows = list(csv.DictReader(io.StringIO(reading.client.get(f"{path}/csv").text)))
        summary = reading.get(f"{path}/summary")
        parts = ("product_charges", "overages", "taxes", "credits_and_adjustments")
        amount = Decimal(invoice["amount"])
        assert sum(Decimal(item["amount"]) for item in items) == amount
        assert sum(_usd(row["USD"]) for row in rows) == amount
        assert sum(Decimal(summary[part]["amount"]) for part in parts) == amount
        assert Decimal(summary["amount"]) == booked[invoice["invoice_uuid"]] == amount
        products = summary["product_charges"]["items"]
        assert sum(Decimal(p["amount"]) for p in products) == Decimal(
            summary["product_charges"]["amount"]
        )
        assert [item["description"] for item in items] == [row["description"] for row in rows]


def test_the_csv_has_the_documented_header(reading: Simulator) -> None:
    uuid = _invoices(reading)[0]["invoice_uuid"]
    answer = reading.client.get(f"/v2/customers/my/invoices/{uuid}/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == (
        "product,group_description,description,hours,start,end,USD,project_name,category"
    )


def test_the_balance_is_the_sum_of_the_history(reading: Simulator) -> None:
    history = reading.everything("/v2/customers/my/billing_history", "billing_history")
    balance = reading.get("/v2/customers/my/balance")
    owed = sum(Decimal(entry["amount"]) for entry in history)
    assert Decimal(balance["account_balance"]) == owed
    assert Decimal(balance["month_to_date_balance"]) == owed + Decimal(
        balance["month_to_date_usage"]
    )


def test_bills_hold_what_makes_matching_hard(reading: Simulator) -> None:
    kinds: set[str] = set()
    names: dict[str, set[str]] = {}
    lines: list[dict[str, str]] = []
    for invoice in _invoices(reading):
        uuid = invoice["invoice_uuid"]
        lines += reading.get(f"/_simulator/truth/invoices/{uuid}")["lines"]
    for line in lines:
        kinds.add(line["kind"])
        if line["kind"] == "droplet":
            names.setdefault(line["resource_id"], set()).add(line["description"])
    assert {"backup", "volume", "snapshot", "spaces", "bandwidth", "kubernetes_node"} <= kinds
    assert {line["charge"] for line in lines} == {"usage", "overage", "tax", "credit"}
    live = {str(o["id"]) for o in reading.get("/_simulator/truth", kind="droplet")["objects"]}
    assert set(names) - live, "some droplets of the bills are deleted"
    assert any(len(described) > 1 for described in names.values()), "renamed or resized"
    by_name: dict[str, set[str]] = {}
    for identifier, described in names.items():
        for description in described:
            by_name.setdefault(description.split(" (")[0], set()).add(identifier)
    assert any(len(identifiers) > 1 for identifiers in by_name.values()), "same names"


@given(months=st.integers(1, 5), created=st.integers(0, 4))
@settings(max_examples=8)
def test_months_that_end_later_are_issued_once_and_agree(
    sim: Simulator, months: int, created: int
) -> None:
    sim.post("/_simulator/reset", {})
    before = {i["invoice_uuid"]: i["amount"] for i in _invoices(sim)}
    for number in range(created):
        order = {"do": "create", "name": f"late-{number}", "size": "s-1vcpu-1gb", "region": "fra1"}
        sim.post("/_simulator/mutate", order)
    sim.post("/_simulator/clock", {"advance_seconds": months * 31 * 86_400})
    after = _invoices(sim)
    assert before.items() <= {i["invoice_uuid"]: i["amount"] for i in after}.items()
    assert len(after) >= len(before) + months
    for invoice in after[:months]:
        items = sim.everything(
            f"/v2/customers/my/invoices/{invoice['invoice_uuid']}", "invoice_items"
        )
        assert sum(Decimal(item["amount"]) for item in items) == Decimal(invoice["amount"])
        late = {i["description"] for i in items if i["description"].startswith("late-")}
        assert len(late) == created


def test_an_invoice_of_any_length_agrees_in_all_its_forms(sim: Simulator) -> None:
    made = sim.post("/_simulator/invoices", {"lines": 2345, "droplets": 7}, 201)
    path = f"/v2/customers/my/invoices/{made['invoice_uuid']}"
    items = sim.everything(path, "invoice_items")
    rows = list(csv.DictReader(io.StringIO(sim.client.get(f"{path}/csv").text)))
    amount = Decimal(made["amount"])
    assert len(items) == len(rows) == 2345
    assert sum(Decimal(item["amount"]) for item in items) == amount
    assert sum(_usd(row["USD"]) for row in rows) == amount
    assert Decimal(sim.get(f"{path}/summary")["amount"]) == amount
    assert [item["description"] for item in items] == [row["description"] for row in rows]
    assert [item["start_time"][:19].replace("T", " ") for item in items] == [
        row["start"][:19] for row in rows
    ]
    assert len({item["resource_id"] for item in items}) == 7
    history = sim.everything("/v2/customers/my/billing_history", "billing_history")
    assert [e["amount"] for e in history if e.get("invoice_uuid") == made["invoice_uuid"]] == [
        made["amount"]
    ]
    sim.post("/_simulator/reset", {})
    assert sim.client.get(path).status_code == 404
