"""The catalog for tenants and operators over HTTP, and from the command line."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.app import app
from services.common.identity.tokens import mint_user_token
from services.common.settings import Service
from stack.output.welcome import gateway_url
from tests.support.environment import environment_of
from tests.support.waiting import until
from tests.support.whole_stack import WholeStack


def answered(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    content: dict[str, Any] = response.json()
    return content


@pytest.fixture
def slug() -> str:
    """That no other test has; the stack is shared."""
    return f"app-{uuid.uuid4().hex[:12]}"


def test_any_valid_token_reads_what_is_sold(stack: WholeStack) -> None:
    token = mint_user_token(stack.settings, subject="somebody")
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(
        base_url=gateway_url(stack.settings), headers=headers, trust_env=False
    ) as http:
        plans = answered(http.get("/api/v1/catalog/plans"))
        addons = answered(http.get("/api/v1/catalog/addons"))
    assert plans["next_page_token"] == ""
    prices = {plan["code"]: plan["active_version"]["price_cents"] for plan in plans["plans"]}
    assert prices.items() >= {"starter": "2000", "studio": "5000", "pro": "12000"}.items()
    assert "storage_50gb" in {addon["code"] for addon in addons["addons"]}
    with httpx.Client(base_url=gateway_url(stack.settings), trust_env=False) as nobody:
        answered(nobody.get("/api/v1/catalog/plans"), 401)


def test_a_deployment_is_made_subscribed_moved_and_looked_at(stack: WholeStack, slug: str) -> None:
    with stack.client("acme") as http:
        made = answered(http.post("/api/v1/deployments", json={"slug": slug}))["deployment"]
        assert (made["tenant_id"], made["state"], made["slug"]) == ("acme", "active", slug)
        path = f"/api/v1/deployments/{made['id']}"
        order = {"plan_code": "studio", "addons": ["storage_50gb"]}
        subscription = answered(http.post(f"{path}/subscribe", json=order))["subscription"]
        assert (subscription["status"], subscription["plan_code"]) == ("active", "studio")
        assert subscription["addons"][0]["price_cents"] == "750"
        paused = {"to_state": "paused", "reason": "holidays"}
        moved = answered(http.post(f"{path}/transition", json=paused))
        assert moved["deployment"]["state"] == "paused"
        seen = answered(http.get(path))
        assert seen["subscription"] == subscription
        assert [event["type"] for event in seen["events"]] == [
            "transitioned",
            "subscribed",
            "created",
        ]
        assert seen["events"][0]["reason"] == "holidays"
        listed = answered(http.get("/api/v1/deployments", params={"slug": slug}))
        assert [one["id"] for one in listed["deployments"]] == [made["id"]]


def test_refusals_have_their_status_and_name_the_field(stack: WholeStack, slug: str) -> None:
    with stack.client("acme") as http, stack.client("globex") as other:
        made = answered(http.post("/api/v1/deployments", json={"slug": slug}))["deployment"]
        path = f"/api/v1/deployments/{made['id']}"
        order = {"plan_code": "studio"}
        answered(http.post(f"{path}/subscribe", json=order))
        again = answered(http.post("/api/v1/deployments", json={"slug": slug}), 409)
        assert "slug" in again["message"]
        wrong = answered(http.post("/api/v1/deployments", json={"slug": "No!"}), 400)
        assert "slug" in wrong["message"]
        answered(http.post(f"{path}/subscribe", json=order), 409)
        answered(other.get(path), 404)
        answered(other.post(f"{path}/transition", json={"to_state": "paused"}), 404)
        answered(http.post(f"{path}/transition", json={"to_state": "paused"}))
        refused = http.post(f"{path}/transition", json={"to_state": "archived"})
        assert "TRANSITION_NOT_ALLOWED" in refused.text
        answered(refused, 422)
        unknown = answered(http.post(f"{path}/transition", json={"to_state": "gone"}), 400)
        assert "to_state" in unknown["message"]
        answered(http.patch(f"{path}/billing-actions", json={"reason": "please"}), 403)
        answered(http.post("/api/v1/catalog/plans", json={"code": "x", "name": "X"}), 403)
        fresh = answered(http.post("/api/v1/deployments", json={"slug": f"{slug}-2"}))
        bad = {"plan_code": "unicorn"}
        unsold = http.post(f"/api/v1/deployments/{fresh['deployment']['id']}/subscribe", json=bad)
        assert "plan_code" in answered(unsold, 400)["message"]


def test_an_idempotency_key_holds_across_restarts(stack: WholeStack, slug: str) -> None:
    key = {"idempotency-key": slug}
    with stack.client("acme") as http:
        made = answered(http.post("/api/v1/deployments", json={"slug": slug}, headers=key))
        stack.kill(Service.CATALOG)
        # The gateway, too, needs a moment to find it again.
        until(lambda: http.get("/api/v1/deployments").status_code == 200)
        again = http.post("/api/v1/deployments", json={"slug": slug}, headers=key)
        assert answered(again) == made
        other = http.post("/api/v1/deployments", json={"slug": f"{slug}-2"}, headers=key)
        assert "IDEMPOTENCY_KEY_REUSED" in other.text
        answered(other, 409)


def test_a_resource_is_given_to_a_deployment_and_so_to_its_tenant(
    stack: WholeStack, slug: str
) -> None:
    with stack.client() as http:
        new = {"slug": slug, "tenant_id": "globex"}
        made = answered(http.post("/api/v1/deployments", json=new))["deployment"]
        found = answered(http.get("/api/v1/inventory", params={"tenant_id": "acme"}))
        path = f"/api/v1/inventory/{found['resources'][0]['id']}/assign"
        given = answered(http.post(path, json={"deployment_id": made["id"]}))["resource"]
        back = answered(http.post(path, json={"by_rules": True}))["resource"]
    assert (given["deployment_id"], given["tenant_id"]) == (made["id"], "globex")
    assert back["tenant_id"] == "acme"


def arcadia(stack: WholeStack, *arguments: str, status: int = 0, group: str = "catalog") -> str:
    """What a command prints, run in this process."""
    result = CliRunner().invoke(app, [group, *arguments], env=environment_of(stack.settings))
    assert result.exit_code == status, result.output
    return result.output


def test_a_scheduled_change_is_moved_and_taken_back_over_http_and_from_the_command_line(
    stack: WholeStack, slug: str
) -> None:
    with stack.client("acme") as http:
        made = answered(http.post("/api/v1/deployments", json={"slug": slug}))["deployment"]
        order = {"plan_code": "studio"}
        path = f"/api/v1/deployments/{made['id']}/subscribe"
        subscription = answered(http.post(path, json=order))["subscription"]
        path = f"/api/v1/subscriptions/{subscription['id']}"
        ended = answered(http.post(f"{path}/cancel", json={"effective_on": "2190-01-01"}))
        [change] = ended["subscription"]["upcoming_changes"]
        assert (change["id"], change["kind"], change["by_tenant"]) == ("cancel", "cancel", True)
        day = {"effective_on": "2190-02-01"}
        moved = answered(http.post(f"{path}/changes/cancel/move", json=day))["subscription"]
        assert moved["ends_on"] == "2190-02-01"
        shown = arcadia(stack, "show", subscription["id"], group="subscription")
        assert "2190-02-01  cancel  (by the tenant)  cancel" in shown
        words = ["move", subscription["id"], "cancel", "2190-03-01"]
        assert "2190-03-01" in arcadia(stack, *words, group="subscription")
        back = answered(http.post(f"{path}/changes/cancel/take-back", json={}))["subscription"]
        assert back == subscription
        answered(http.post(f"{path}/changes/cancel/take-back", json={}), 404)
        words = ["cancel", subscription["id"], "2190-01-01"]
        assert "until 2190-01-01" in arcadia(stack, *words, group="subscription")
        answered(http.post(f"{path}/changes/cancel/take-back", json={}), 403)
        words = ["take-back", subscription["id"], "cancel", "--reason", "we spoke"]
        assert "There are no scheduled changes" in arcadia(stack, *words, group="subscription")


def test_a_tenant_has_one_trial_until_an_operator_grants_another(
    stack: WholeStack, slug: str
) -> None:
    tenant = f"tenant-{slug}"
    with stack.client(tenant) as http:
        trial = {"slug": slug, "trial": True}
        made = answered(http.post("/api/v1/deployments", json=trial))["deployment"]
        other = {"slug": f"{slug}-2", "trial": True}
        refused = answered(http.post("/api/v1/deployments", json=other), 422)
        assert refused["details"][0]["reason"] == "TRIAL_USED"
        granted = arcadia(stack, "grant", tenant, "--reason", "we spoke", group="trial")
        assert f"{tenant}  1 more" in granted
        answered(http.post("/api/v1/deployments", json=other))
    assert "we spoke" in arcadia(stack, "grants", "--tenant", tenant, group="trial")
    words = ("extend", made["id"], "2190-01-01")
    assert "trial until 2190-01-01" in arcadia(stack, *words, group="trial")
    with stack.client() as http:
        longer = {"trial_ends_on": "2190-02-01"}
        path = f"/api/v1/deployments/{made['id']}/extend-trial"
        extended = answered(http.post(path, json=longer))["deployment"]
        assert extended["trial_ends_on"] == "2190-02-01"


def test_an_operator_keeps_the_catalog_in_a_file(stack: WholeStack, tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    code = f"plan_{uuid.uuid4().hex[:8]}"
    arcadia(stack, "export", "--output", str(file))
    assert "Nothing changes" in arcadia(stack, "plan", str(file))
    terms = "price_cents: 990, currency: AUD"
    item = "{resource_kind: dns_zones, included_qty: 2, overage_unit: zone}"
    file.write_text(f"plans:\n  - {{code: {code}, name: Tiny, {terms}, items: [{item}]}}\n")
    assert f"+ create plan {code}" in arcadia(stack, "plan", str(file))
    assert "NOT_FOUND" in arcadia(stack, "show", code, status=1)
    assert "3 changes made" in arcadia(stack, "apply", "--yes", str(file))
    assert "Nothing changes" in arcadia(stack, "apply", str(file))
    assert "AUD 9.90" in arcadia(stack, "list")
    assert "version 1 · active" in arcadia(stack, "show", code)
    assert "FAILED_PRECONDITION" in arcadia(stack, "publish", code, "1", status=1)
    assert "Nothing changes" in arcadia(stack, "seed")


def test_an_operator_drafts_and_publishes_over_http(stack: WholeStack) -> None:
    code = f"plan_{uuid.uuid4().hex[:8]}"
    path = f"/api/v1/catalog/plans/{code}"
    with stack.client() as http:
        answered(http.post("/api/v1/catalog/plans", json={"code": code, "name": "Tiny"}))
        draft = {
            "price_cents": "990",
            "currency": "AUD",
            "items": [{"resource_kind": "dns_zones", "overage_unit": "zone"}],
        }
        drafted = answered(http.post(f"{path}/versions", json=draft))["plan_version"]
        assert (drafted["version"], drafted["status"]) == (1, "draft")
        published = answered(http.post(f"{path}/versions/1/publish", json={}))
        assert published["plan_version"]["status"] == "active"
        answered(http.put(f"{path}/versions/1", json=draft), 422)
        answered(http.post(f"{path}/versions/1/publish", json={}), 422)
        exported = answered(http.get("/api/v1/catalog:export"))
        assert code in exported["document"]
        same = {"document": exported["document"], "state_hash": exported["state_hash"]}
        assert answered(http.post("/api/v1/catalog:apply", json=same))["changes"] == []
        stale = {**same, "state_hash": "0" * 64}
        answered(http.post("/api/v1/catalog:apply", json=stale), 409)


def test_a_table_of_sizes_is_set_shown_and_written_as_csv_from_the_command_line(
    stack: WholeStack, tmp_path: Path
) -> None:
    table = ("set-prices", "load_balancer_hours", "1=3.5", "2=7", "--unit", "hour")
    span = ("--currency", "JPY", "--from", "2098-01-01", "--yes")
    assert "2 changes made" in arcadia(stack, *table, *span)
    assert "Nothing changes." in arcadia(stack, *table, *span)
    shown = arcadia(stack, "prices", "--meter", "load_balancer_hours", "--on", "2098-02-01")
    assert "size 1" in shown
    file = tmp_path / "prices.csv"
    arcadia(stack, "export-prices", "--meter", "load_balancer_hours", "--output", str(file))
    lines = file.read_text().splitlines()
    assert lines[0] == "meter,size,unit,price,currency,effective_from,effective_to"
    assert "load_balancer_hours,2,hour,7,JPY,2098-01-01," in lines
    assert "Nothing changes." in arcadia(stack, "import-prices", str(file))
    file.write_text(file.read_text().replace(",7,JPY", ",dear,JPY"))
    assert "price" in arcadia(stack, "import-prices", str(file), status=2)
