"""Invoices over HTTP through the gateway, and from the command line, on the whole system."""

import io
import uuid
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from services.common.db.database import Database
from services.common.settings import Port, Service
from services.common.values.periods import Period
from stack.output.welcome import gateway_url
from tests.support.whole_stack import WholeStack
from tests.walls.invoices import issued_invoices

LONG_AGO = Period.month(2019, 2)
"""A month that no other test on the shared stack looks at."""


@pytest.fixture
async def tenant(stack: WholeStack) -> str:
    """A tenant of its own, with an issued invoice."""
    name = f"tenant-{uuid.uuid4().hex[:8]}"
    url = stack.settings.database_url(Service.ANALYTICS)
    database = Database(url, application_name="test")
    await issued_invoices(database, [name], LONG_AGO)
    await database.close()
    return name


def answered(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    content: dict[str, Any] = response.json()
    return content


def test_a_tenant_lists_reads_and_downloads_its_invoices(stack: WholeStack, tenant: str) -> None:
    with stack.client(tenant) as http:
        listed = answered(http.get("/api/v1/invoices", params={"period": "2019-02"}))
        assert listed["next_page_token"] == ""
        [invoice] = listed["invoices"]
        assert (invoice["status"], invoice["total_cents"]) == ("issued", "110")
        assert invoice["period"] == "2019-02-01"
        path = f"/api/v1/invoices/{invoice['id']}"
        whole = answered(http.get(path))
        assert [line["kind"] for line in whole["lines"]] == ["overage", "tax"]
        assert answered(http.get(f"{path}/lines"))["lines"] == whole["lines"]
        line = whole["lines"][0]
        traced = answered(http.get(f"{path}/lines/{line['id']}/trace"))
        assert traced["price_type"] == "plan_item"
        assert answered(http.get(f"{path}/verify"))["verified"] is True

        pdf = http.get(f"{path}/document")
        assert pdf.status_code == 200
        assert pdf.headers["content-type"] == "application/pdf"
        text = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
        assert invoice["number"] in text
        page = http.get(f"{path}/document", params={"format": "html"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert f"hours of {tenant}" in page.text
        answered(http.get(f"{path}/document", params={"format": "docx"}), 400)

    with stack.client("globex") as other:
        for below in ("", "/lines", "/document", "/verify"):
            answered(other.get(f"{path}{below}"), 404)
        answered(other.post(f"{path}/pay", json={}), 403)
    with httpx.Client(base_url=gateway_url(stack.settings), trust_env=False) as nobody:
        assert nobody.get(f"{path}/document").status_code == 401


def test_an_operator_credits_pays_and_verifies(stack: WholeStack, tenant: str) -> None:
    with stack.client() as http:
        [invoice] = answered(http.get("/api/v1/invoices", params={"tenant_id": tenant}))["invoices"]
        path = f"/api/v1/invoices/{invoice['id']}"
        note = {"reason": "a mistake"}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        made = answered(http.post(f"{path}/credit-notes", json=note, headers=key))["credit_note"]
        assert made["total_cents"] == "110"
        again = answered(http.post(f"{path}/credit-notes", json=note, headers=key))["credit_note"]
        assert again == made
        assert "NOTHING_TO_CREDIT" in http.post(f"{path}/credit-notes", json=note).text
        paid = answered(http.post(f"{path}/pay", json={"paid_on": "2019-03-20"}))["invoice"]
        assert (paid["status"], paid["credited_cents"]) == ("paid", "110")
        refused = answered(http.post(f"{path}/void", json={"reason": "x"}), 422)
        assert "paid" in refused["message"]
        assert "reason" in answered(http.post(f"{path}/void", json={}), 400)["message"]
        assert answered(http.get("/api/v1/invoices:verify"))["verified"] is True
        answered(http.post("/api/v1/rollups", json={"period": "2150-01"}), 400)
        profile = {"recipient": {"name": "Pty Ltd", "abn": "51824753556"}, "tax_region": "AU"}
        saved = answered(http.put(f"/api/v1/billing-profiles/{tenant}", json=profile))
        assert saved["billing_profile"]["recipient"]["name"] == "Pty Ltd"
    with stack.client(tenant) as http:
        own = answered(http.get("/api/v1/credit-notes"))["credit_notes"]
        assert [one["number"] for one in own] == [made["number"]]
        mine = answered(http.get(f"/api/v1/billing-profiles/{tenant}"))["billing_profile"]
        assert mine["recipient"]["abn"] == "51 824 753 556"


def test_the_command_line_shows_downloads_and_verifies(
    stack: WholeStack, tenant: str, tmp_path: Any
) -> None:
    listed = stack.run("invoices", "list", "--tenant", tenant)
    assert "AUD 1.10" in listed.stdout, listed.stderr
    with stack.client() as http:
        [invoice] = answered(http.get("/api/v1/invoices", params={"tenant_id": tenant}))["invoices"]
    shown = stack.run("invoices", "show", invoice["id"])
    assert "GST 10%" in shown.stdout
    file = tmp_path / "invoice.pdf"
    downloaded = stack.run("invoices", "download", invoice["id"], "--output", str(file))
    assert downloaded.returncode == 0, downloaded.stderr
    assert file.read_bytes().startswith(b"%PDF")
    verified = stack.run("invoices", "verify")
    assert "the chain is valid" in verified.stdout
    one = stack.run("invoices", "verify", invoice["id"])
    assert (one.returncode, one.stdout.strip()) == (0, "tax: verified")
    voided = stack.run("invoices", "void", invoice["id"], "--reason", "a test")
    assert "void" in voided.stdout
    refused = stack.run("invoices", "pay", invoice["id"])
    assert refused.returncode == 1
    assert "FAILED_PRECONDITION" in refused.stderr


def test_the_command_line_saves_and_shows_a_billing_profile(stack: WholeStack) -> None:
    tenant = f"tenant-{uuid.uuid4().hex[:8]}"
    profile = ("invoices", "profile")
    words = ("--name", "Acme Pty Ltd", "--abn", "51824753556", "--purchase-order", "PO 42")
    saved = stack.run(*profile, "save", tenant, *words, "--address", "1 Street")
    assert "ABN: 51 824 753 556" in saved.stdout, saved.stderr
    shown = stack.run(*profile, "show", tenant)
    assert "purchase order: PO 42" in shown.stdout
    assert tenant in stack.run(*profile, "list", "--count", "500").stdout
    refused = stack.run(*profile, "save", tenant, "--name", "Acme", "--abn", "1")
    assert (refused.returncode, "recipient.abn" in refused.stderr) == (1, True)


def test_an_operator_bills_by_hand_over_http_and_tenants_do_not(stack: WholeStack) -> None:
    tenant = f"tenant-{uuid.uuid4().hex[:8]}"
    line = {
        "tenant_id": tenant,
        "description": "Data recovery",
        "amount_cents": 12345,
        "currency": "AUD",
        "reason": "as agreed",
    }
    key = {"Idempotency-Key": uuid.uuid4().hex}
    with stack.client() as http:
        made = answered(http.post("/api/v1/one-off-lines", json=line, headers=key))
        assert answered(http.post("/api/v1/one-off-lines", json=line, headers=key)) == made
        added = made["one_off_line"]
        assert (added["status"], added["amount_cents"]) == ("pending", "12345")
        query = {"tenant_id": tenant, "status": "pending"}
        assert answered(http.get("/api/v1/one-off-lines", params=query))["one_off_lines"] == [added]
        path = f"/api/v1/one-off-lines/{added['id']}"
        assert answered(http.delete(path))["one_off_line"]["status"] == "removed"
        answered(http.delete(path), 422)
        wrong = answered(http.post("/api/v1/one-off-lines", json={**line, "currency": "XXQ"}), 400)
        assert "currency" in wrong["message"]
        bill = {
            "tenant_id": tenant,
            "currency": "AUD",
            "reason": "as agreed",
            "lines": [{"description": "Migration", "amount_cents": 40000}],
        }
        draft = answered(http.post("/api/v1/invoices", json=bill))["invoice"]
        assert (draft["kind"], draft["total_cents"]) == ("one_off", "44000")
        path = f"/api/v1/invoices/{draft['id']}"
        assert answered(http.post(f"{path}/issue", json={}))["invoice"]["status"] == "issued"
        [tax] = [one for one in answered(http.get(path))["lines"] if one["kind"] == "tax"]
        credit = {"reason": "exempt", "lines": [{"line_id": tax["id"], "amount_cents": 4000}]}
        note = answered(http.post(f"{path}/credit-notes", json=credit))["credit_note"]
        assert (note["subtotal_cents"], note["tax_cents"]) == ("0", "4000")
        answered(http.post(f"{path}/credit-notes", json=credit), 400)
        answered(http.get(f"{path}/void-notice"), 422)
        assert answered(http.get("/api/v1/invoices:verify"))["verified"] is True
    with stack.client(tenant) as own:
        document = own.get(f"/api/v1/credit-notes/{note['id']}/document")
        assert document.headers["content-type"] == "application/pdf"
        text = PdfReader(io.BytesIO(document.content)).pages[0].extract_text()
        assert note["number"] in text
        answered(own.get("/api/v1/one-off-lines"), 403)
        answered(own.post("/api/v1/one-off-lines", json=line), 403)
        answered(own.post("/api/v1/invoices", json=bill), 403)


def test_the_command_line_bills_by_hand_and_takes_back(stack: WholeStack, tmp_path: Any) -> None:
    tenant = f"tenant-{uuid.uuid4().hex[:8]}"
    words = ("--description", "Migration", "--reason", "as agreed")
    added = stack.run("invoices", "one-off", "add", tenant, "--cents=-2345", *words)
    assert (added.returncode, "AUD -23.45" in added.stdout) == (0, True), added.stderr
    listed = stack.run("invoices", "one-off", "list", "--tenant", tenant)
    line_id = next(word for word in listed.stdout.split() if word.count("-") == 4)
    removed = stack.run("invoices", "one-off", "remove", line_id)
    assert "removed" in removed.stdout
    drafted = stack.run("invoices", "one-off", "invoice", tenant, "--cents", "40000", *words)
    assert "AUD 440.00" in drafted.stdout, drafted.stderr
    invoice_id = drafted.stdout.split()[0]
    assert "issued" in stack.run("invoices", "issue", invoice_id).stdout
    credited = stack.run("invoices", "credit", invoice_id, "--reason", "exempt", "--tax", "4000")
    assert "AUD 40.00, 40.00 of it tax" in credited.stdout, credited.stderr
    notes = stack.run("invoices", "notes", "list", "--tenant", tenant)
    assert "AUD 40.00" in notes.stdout
    file = tmp_path / "note.pdf"
    note_id = next(word for word in notes.stdout.split() if word.count("-") == 4)
    stack.run("invoices", "notes", "download", note_id, "--output", str(file))
    assert file.read_bytes().startswith(b"%PDF")
    other = stack.run("invoices", "one-off", "invoice", tenant, "--cents", "100", *words)
    other_id = other.stdout.split()[0]
    stack.run("invoices", "issue", other_id)
    stack.run("invoices", "void", other_id, "--reason", "a test")
    stack.run("invoices", "download", other_id, "--void", "--output", str(file))
    assert "is void" in PdfReader(file).pages[0].extract_text()


def test_an_operator_caps_a_tenant_over_http_and_tenants_do_not(stack: WholeStack) -> None:
    tenant = f"tenant-{uuid.uuid4().hex[:8]}"
    wanted = {"tenant_id": tenant, "cap_cents": 5000, "currency": "AUD", "action": "notify"}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    with stack.client() as http:
        made = answered(http.post("/api/v1/spend-policies", json=wanted, headers=key))
        assert answered(http.post("/api/v1/spend-policies", json=wanted, headers=key)) == made
        path = f"/api/v1/spend-policies/{made['spend_policy']['id']}"
        changed = answered(http.patch(path, json={"action": "ask_approval"}))["spend_policy"]
        assert (changed["cap_cents"], changed["action"]) == ("5000", "ask_approval")
        query = {"tenant_id": tenant}
        listed = answered(http.get("/api/v1/spend-policies", params=query))["spend_policies"]
        assert listed == [changed]
        assert answered(http.get("/api/v1/spend-breaches", params=query))["spend_breaches"] == []
        nowhere = "/api/v1/spend-breaches/00000000-0000-7000-8000-000000000000/decide"
        answered(http.post(nowhere, json={"decision": "approve"}), 404)
        answered(http.delete(path))
        answered(http.delete(path), 404)
    with stack.client(tenant) as own:
        answered(own.get("/api/v1/spend-policies"), 403)
        answered(own.post(nowhere, json={"decision": "approve"}), 403)


def test_a_roll_up_that_cannot_be_made_says_why_on_the_command_line(stack: WholeStack) -> None:
    failed = stack.run("rollup", "run", "2019-03")
    assert failed.returncode == 1
    assert "not metered" in failed.stdout
    listed = stack.run("rollup", "status", "--period", "2019-03")
    assert "failed" in listed.stdout
    with stack.client() as http:
        [rollup] = answered(http.get("/api/v1/rollups", params={"period": "2019-03"}))["rollups"]
    ui = stack.settings.port(Port.TEMPORAL_UI)
    run = f"http://localhost:{ui}/namespaces/default/workflows/invoice-rollup%2F2019-03/"
    assert rollup["run"]["url"].startswith(run)
