"""Calls the routes of the API once, with what a billed month has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.openapi.contract import OPERATIONS, Operation, operation_of

__all__ = ["Tour", "writes"]

MONTH = {"period": "2026-04"}
ASKED: Mapping[str, Mapping[str, str]] = {
    "getCoverage": MONTH,
    "getMargin": MONTH,
    "getMarginTrend": {"from_period": "2026-03", "to_period": "2026-05"},
    "listCostLines": MONTH,
    "listCostTotals": {**MONTH, "group_by": "product"},
    "listCoverageParts": MONTH,
    "listDailyUsage": {"from_day": "2026-04-01", "to_day": "2026-10-03"},
    "listMarginShares": {**MONTH, "group_by": "tenant"},
    "listReconciliationDifferences": MONTH,
    "listUnbilledUsage": {"period": "2026-05"},
    "previewMigration": {"from_plan_code": "studio", "effective_on": "2190-01-01"},
    "verifyAuditLog": {"service": "catalog"},
    "listListPrices": {},
}
"""What the query of an operation needs."""

NAMED: Mapping[str, str] = {"tenant_id": "acme"}
KEYS = ("id", "code", "name", "version", "tenant_id")
"""The fields by which a row is found, the first existing one."""


@dataclass
class Tour:
    """Calls operations as one caller, and finds the ids of their paths in the lists above them."""

    http: httpx.AsyncClient
    known: dict[str, str] = field(default_factory=dict)
    """Values of paths with variables that no list has, by template."""
    unreached: list[str] = field(default_factory=list)
    """Operations without an object to call them on."""

    async def read_everything(self) -> None:
        """Calls every GET."""
        for operation in OPERATIONS:
            if operation.method == "GET":
                await self.read(operation)

    async def read(self, operation: Operation) -> Any:
        """Calls a GET; None without an object to call it on."""
        path = await self._path(operation.template)
        if path is None:
            self.unreached.append(operation.name)
            return None
        asked = dict(ASKED.get(operation.name, {}))
        if operation.name == "compareQuotes":
            asked["other_id"] = path.split("/")[-2]
        answer = await self.http.get(path, params=asked)
        return answer.json() if "json" in answer.headers["content-type"] else None

    async def write(self, method: str, path: str, body: Any = None) -> Any:
        """Calls a write."""
        answer = await self.http.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        return answer.json()

    async def _path(self, template: str) -> str | None:
        """A template with the values of its variables."""
        path = ""
        for segment in template.strip("/").split("/"):
            variable = re.fullmatch(r"{(\w+)}", segment)
            value = await self._value(path, variable[1]) if variable else segment
            if value is None:
                return None
            path += f"/{value}"
        return path

    async def _value(self, parent: str, variable: str) -> str | None:
        if parent in self.known:
            return self.known[parent]
        if operation_of("GET", parent) is None:
            return NAMED.get(variable)
        operation = operation_of("GET", parent)
        assert operation is not None
        answer = await self.http.get(parent, params=ASKED.get(operation.name, {}))
        rows = next((value for value in answer.json().values() if isinstance(value, list)), [])
        for row in rows:
            for key in (variable, variable.rpartition("_")[2], *KEYS):
                if row.get(key):
                    return str(row[key])
        return None


async def writes(tour: Tour, shop: str) -> None:
    """Writes that a billed month permits. `shop` is a deployment with a subscription."""
    await _catalog(tour)
    await _callers(tour)
    await _deployments(tour, shop)
    await _money(tour)
    await _inventory(tour)


async def _catalog(tour: Tour) -> None:
    await tour.write("POST", "/catalog/plans", {"code": "team", "name": "Team"})
    await tour.write("PATCH", "/catalog/plans/team", {"name": "Teams"})
    item = {
        "resource_kind": "droplet_hours", "included_qty": "744",
        "overage_unit": "hour", "overage_price_cents": "1",
    }  # fmt: skip  # a table
    version = {"price_cents": "9900", "currency": "AUD", "items": [item]}
    await tour.write("POST", "/catalog/plans/team/versions", version)
    await tour.write("PUT", "/catalog/plans/team/versions/1", version)
    await tour.write("POST", "/catalog/plans/team/versions/1/publish", {})
    addon = {
        "code": "tokens_5m", "resource_kind": "llm_tokens", "qty": "5000000",
        "price_cents": "1500", "currency": "AUD",
    }  # fmt: skip  # a table
    await tour.write("POST", "/catalog/addons", addon)
    await tour.write("PATCH", "/catalog/addons/tokens_5m", {"price_cents": "1400"})
    price = {
        "resource_kind": "dns_zones", "unit": "zone", "unit_price_cents": "50",
        "currency": "AUD", "effective_from": "2190-01-01",
    }  # fmt: skip  # a table
    await tour.write("POST", "/catalog/resource-prices", price)
    rule = {
        "code": "volumes", "basis": "list", "match": {"meter": "volume_gb_month"},
        "percent": "20", "currency": "AUD", "effective_from": "2190-01-01",
    }  # fmt: skip  # a table
    await tour.write("POST", "/rebilling-rules", rule)
    await tour.write("POST", "/rebilling-rules/volumes/end", {"effective_to": "2190-02-01"})
    document = (await tour.http.get("/api/v1/catalog:export")).json()["document"]
    await tour.write("POST", "/catalog:apply", {"document": document, "validate_only": True})
    await tour.write("POST", "/catalog:simulate", {"plan_code": "team", "plan_version": 1})
    quote = {
        "plan_code": "studio", "addons": ["storage_50gb"], "starts_on": "2026-05-20",
        "projected_usage": {"droplet_hours": 2160},
    }  # fmt: skip  # a table
    made = await tour.write("POST", "/quote", quote)
    tour.known["/api/v1/quotes"] = made["id"]


async def _callers(tour: Tour) -> None:
    key = {"name": "robot", "tenant_id": "acme", "roles": ["billing"]}
    made = await tour.write("POST", "/api-keys", key)
    identifier = made["api_key"]["id"]
    await tour.write("POST", f"/api-keys/{identifier}/rotate", {"overlap_seconds": 60})
    await tour.write("POST", f"/api-keys/{identifier}/revoke", {"reason": "no longer used"})
    await tour.write("POST", "/token-revocations", {"tenant_id": "acme", "subject": "gone"})
    await tour.write("PUT", "/tenants/acme/limits/deployments", {"limit": "120"})


async def _deployments(tour: Tour, shop: str) -> None:
    await tour.write("POST", "/trial-grants", {"tenant_id": "acme", "trials": 1})
    new = {"tenant_id": "acme", "slug": "tried", "trial": True}
    tried = (await tour.write("POST", "/deployments", new))["deployment"]["id"]
    await tour.write("PATCH", f"/deployments/{tried}", {"display_name": "A trial"})
    later = {"trial_ends_on": "2189-01-01"}
    await tour.write("POST", f"/deployments/{tried}/extend-trial", later)
    await tour.write(
        "PATCH", f"/deployments/{tried}/billing-actions", {"power_off_when_suspended": True}
    )
    subscribe = {"plan_code": "studio"}
    made = await tour.write("POST", f"/deployments/{tried}/subscribe", subscribe)
    path = f"/subscriptions/{made['subscription']['id']}"
    attached = await tour.write("POST", f"{path}/addons", {"code": "llm_1m"})
    addon = attached["subscription"]["addons"][0]["id"]
    await tour.write("POST", f"{path}/addons/{addon}/detach", {})
    change = {"plan_code": "pro", "effective_on": "2190-01-01"}
    await tour.write("POST", f"{path}/change-plan", change)
    moved = {"effective_on": "2189-01-01"}
    await tour.write("POST", f"{path}/changes/plan-2190-01-01/move", moved)
    await tour.write("POST", f"{path}/changes/plan-2189-01-01/take-back", {})
    await tour.write("POST", f"{path}/pause", {})
    await tour.write("POST", f"{path}/resume", {})
    await tour.write("POST", f"{path}/cancel", {"reason": "moved away"})
    await tour.write("POST", f"/deployments/{tried}/transition", {"to_state": "cancelled"})
    policy = {"deployment_id": shop, "cap_cents": "10000000", "currency": "AUD", "action": "notify"}
    capped = (await tour.write("POST", "/spend-policies", policy))["spend_policy"]["id"]
    await tour.write("PATCH", f"/spend-policies/{capped}", {"cap_cents": "20000000"})


async def _money(tour: Tour) -> None:
    rate = {
        "from_currency": "EUR", "to_currency": "AUD", "rate": "1.65",
        "effective_from": "2026-04-01", "source": "the bank",
    }  # fmt: skip  # a table
    await tour.write("POST", "/exchange-rates", rate)
    profile = {"recipient": {"name": "Acme Pty Ltd"}, "tax_region": "AU"}
    await tour.write("PUT", "/billing-profiles/acme", profile)
    rule = {
        "tax_region": "NZ", "label": "GST", "rate_percent": "15",
        "effective_from": "2026-01-01",
    }  # fmt: skip  # a table
    await tour.write("POST", "/tax-rules", rule)
    owed = {"tenant_id": "acme", "currency": "AUD", "reason": "agreed"}
    line = {**owed, "description": "Set-up", "amount_cents": "50000"}
    added = await tour.write("POST", "/one-off-lines", line)
    await tour.write("DELETE", f"/one-off-lines/{added['one_off_line']['id']}")
    await tour.write("POST", "/one-off-lines", line)
    work = {**owed, "lines": [{"description": "Work", "amount_cents": "70000"}]}
    drafted = (await tour.write("POST", "/invoices", work))["invoice"]["id"]
    await tour.write("POST", f"/invoices/{drafted}/issue", {})
    await tour.write("POST", f"/invoices/{drafted}/credit-notes", {"reason": "goodwill"})
    other = (await tour.write("POST", "/invoices", work))["invoice"]["id"]
    await tour.write("POST", f"/invoices/{other}/issue", {})
    await tour.write("POST", f"/invoices/{other}/void", {"reason": "entered twice"})
    third = (await tour.write("POST", "/invoices", work))["invoice"]["id"]
    await tour.write("POST", f"/invoices/{third}/issue", {})
    await tour.write("POST", f"/invoices/{third}/pay", {"reference": "transfer 4711"})
    event = {
        "idempotency_key": "4711", "source": "llm-gateway", "tenant_id": "acme",
        "resource_kind": "llm_tokens",
        "deployment_id": "shop", "qty": "12500", "occurred_at": "2026-05-20T10:00:00Z",
    }  # fmt: skip  # a table
    await tour.write("POST", "/usage-events", {"events": [event]})
    key = {"source": "llm-gateway", "idempotency_key": "4711"}
    voided = {"reason": "sent twice", "events": [key]}
    await tour.write("POST", "/usage-events/void", voided)


async def _inventory(tour: Tour) -> None:
    listed = (await tour.http.get("/api/v1/inventory", params={"kind": "droplet"})).json()
    droplet = listed["resources"][0]["id"]
    await tour.write("PUT", f"/inventory/{droplet}/spec", {"from_live": True})
    assign = {"tenant_id": "acme", "reason": "theirs"}
    await tour.write("POST", f"/inventory/{droplet}/assign", assign)
    rule = {"kind": "droplet", "field": "tags", "reason": "theirs to choose"}
    made = await tour.write("POST", "/drift-ignore-rules", rule)
    await tour.write("POST", "/drift-ignore-rules", {**rule, "field": "name"})
    await tour.write("DELETE", f"/drift-ignore-rules/{made['ignore_rule']['id']}")
    project = (await tour.http.get("/api/v1/projects")).json()["projects"][0]["id"]
    await tour.write("POST", f"/projects/{project}/classify", {"classification": "internal"})
