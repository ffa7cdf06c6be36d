"""What tenants and operators see of usage and margin over HTTP."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.whole_stack import WholeStack


def answered(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    content: dict[str, Any] = response.json()
    return content


def test_a_tenant_reads_its_usage_per_deployment_and_day_and_nobody_elses(
    stack: WholeStack,
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    slug = f"app-{uuid.uuid4().hex[:12]}"
    with stack.client("acme") as acme, stack.client() as operator, stack.client("globex") as other:
        made = answered(acme.post("/api/v1/deployments", json={"slug": slug}))["deployment"]
        used = {
            "source": "llm-gateway",
            "deployment_id": made["id"],
            "resource_kind": "llm_tokens",
            "occurred_at": yesterday.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        events = [
            {**used, "idempotency_key": f"{slug}-1", "qty": "1250.5"},
            {**used, "idempotency_key": f"{slug}-2", "qty": "49.5"},
            {**used, "idempotency_key": f"{slug}-3", "qty": "-1"},
        ]
        receipt = answered(operator.post("/api/v1/usage-events", json={"events": events}))
        assert receipt["receipt"]["accepted_count"] == 2
        [refused] = receipt["receipt"]["refused"]
        assert (refused["index"], refused["reason"]) == (2, "OUT_OF_RANGE")
        answered(acme.post("/api/v1/usage-events", json={"events": events}), 403)

        path, wanted = "/api/v1/usage", {"deployment_id": made["id"]}
        [figure] = answered(acme.get(path, params=wanted))["daily_usage"]
        assert (figure["qty"], figure["day"]) == ("1300", yesterday.date().isoformat())
        assert (figure["resource_kind"], figure["fact_count"]) == ("llm_tokens", "2")
        facts = answered(acme.get(f"{path}/{figure['id']}/facts"))["facts"]
        assert {fact["event_key"] for fact in facts} == {f"{slug}-1", f"{slug}-2"}
        assert answered(other.get(path, params=wanted))["daily_usage"] == []
        answered(other.get(f"{path}/{figure['id']}/facts"), 404)
        answered(acme.get(path, params={"from_day": "soon"}), 400)

        key = {"source": "llm-gateway", "idempotency_key": f"{slug}-2"}
        void = {"events": [key], "reason": "counted twice"}
        answered(acme.post("/api/v1/usage-events/void", json=void), 403)
        [voided] = answered(operator.post("/api/v1/usage-events/void", json=void))["voided"]
        assert (voided["qty"], voided["reason"]) == ("49.5", "counted twice")
        [figure] = answered(acme.get(path, params=wanted))["daily_usage"]
        assert figure["qty"] == "1250.5"
        again = answered(operator.post("/api/v1/usage-events", json={"events": events[:2]}))
        assert again["receipt"]["duplicate_count"] == 2
        assert again["receipt"]["voided_indexes"] == [1]
        voids = "/api/v1/usage-events/voided"
        [listed] = answered(acme.get(voids, params=wanted))["voided_events"]
        assert listed["idempotency_key"] == f"{slug}-2"
        assert answered(other.get(voids, params=wanted))["voided_events"] == []


def test_margin_and_accrual_are_the_operators(stack: WholeStack) -> None:
    with stack.client("acme") as acme, stack.client() as operator:
        for path in ("margin?period=2020-04-01", "margin?period=2020-04", "accrual"):
            answered(acme.get(f"/api/v1/dashboard/{path}"), 403)
        margin = answered(operator.get("/api/v1/dashboard/margin", params={"period": "2020-04"}))
        assert margin["period"] == "2020-04-01"
        assert (margin["revenue_state"], margin["cogs_state"]) == ("unknown", "unknown")
        assert "revenue_cents" not in margin
        assert margin["by_tenant"] == margin["by_deployment"] == []
        wrong = answered(operator.get("/api/v1/dashboard/margin", params={"period": "April"}), 400)
        assert "period" in wrong["message"]
        path = "/api/v1/dashboard/reconciliation"
        answered(operator.get(path, params={"period": "2020-04-01"}), 422)


def test_a_rate_is_corrected_by_setting_its_days_again_and_refused_when_it_is_nothing(
    stack: WholeStack,
) -> None:
    rate = {
        "from_currency": "USD",
        "to_currency": "NZD",
        "rate": "1.65",
        "effective_from": "2026-01-01",
        "effective_to": "2026-02-01",
    }
    with stack.client() as operator:
        made = answered(operator.post("/api/v1/exchange-rates", json=rate))["exchange_rate"]
        assert (made["rate"], made["effective_to"]) == ("1.65", "2026-02-01")
        corrected = {**rate, "rate": "1.66"}
        set_again = answered(operator.post("/api/v1/exchange-rates", json=corrected))
        assert set_again["exchange_rate"]["rate"] == "1.66"
        answered(operator.post("/api/v1/exchange-rates", json={**rate, "rate": "0"}), 400)
        listed = answered(operator.get("/api/v1/exchange-rates", params={"to_currency": "NZD"}))
        assert [one["rate"] for one in listed["exchange_rates"]] == ["1.66"]
