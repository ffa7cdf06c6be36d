"""Drift over HTTP through the gateway, and from the command line, on the whole system."""

from typing import Any

import pytest

from tests.support.whole_stack import WholeStack


def drifts(stack: WholeStack, **filters: str) -> list[dict[str, Any]]:
    with stack.client() as http:
        answer = http.get("/api/v1/drift", params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["drifts"]
    return found


@pytest.fixture(scope="module")
def resource_id(stack: WholeStack) -> str:
    """A droplet that is to be of another size than it is."""
    with stack.client() as http:
        listed = http.get("/api/v1/inventory", params={"kind": "droplet", "tenant_id": "acme"})
        [droplet, *_] = [one for one in listed.json()["resources"] if one["status"] == "active"]
        spec = {"size": "s-8vcpu-16gb", "name": droplet["name"]}
        recorded = http.put(f"/api/v1/inventory/{droplet['id']}/spec", json={"spec": spec})
    assert recorded.json()["spec"]["spec"] == spec
    return str(droplet["id"])


@pytest.fixture(scope="module")
def drift_id(stack: WholeStack, resource_id: str) -> str:
    """The drift that a sweep finds."""
    swept = stack.run("drift", "sweep", "--kind", "droplet")
    assert swept.returncode == 0, swept.stdout
    assert "1 new drift;" in swept.stdout or "1 new drift)" in swept.stdout
    [drift] = drifts(stack, resource_id=resource_id)
    assert (drift["field"], drift["status"], drift["tenant_id"]) == ("size", "open", "acme")
    assert drift["expected"] == "s-8vcpu-16gb"
    assert drift["cost"]["delta_monthly_usd"].startswith("-")
    return str(drift["id"])


def test_the_command_line_lists_it(stack: WholeStack, drift_id: str) -> None:
    listed = stack.run("drift", "list")
    assert listed.returncode == 0, listed.stderr
    assert "size" in listed.stdout


def test_a_tenant_is_shown_no_drift(stack: WholeStack, drift_id: str) -> None:
    with stack.client("acme") as http:
        for path in ("/api/v1/drift", f"/api/v1/drift/{drift_id}"):
            assert http.get(path).status_code == 403
        assert http.post(f"/api/v1/drift/{drift_id}/accept", json={}).status_code == 403


def test_a_muted_finding_stays_listed(stack: WholeStack, drift_id: str, resource_id: str) -> None:
    rule = {"kind": "droplet", "field": "size", "resource_id": resource_id, "reason": "a test"}
    with stack.client() as http:
        made = http.post("/api/v1/drift-ignore-rules", json=rule).json()["ignore_rule"]
        [drift] = drifts(stack, resource_id=resource_id, muted="true")
        assert (drift["id"], drift["muted_by_rule_id"]) == (drift_id, made["id"])
        assert http.delete(f"/api/v1/drift-ignore-rules/{made['id']}").status_code == 200
    assert drifts(stack, resource_id=resource_id, muted="true") == []


def test_the_command_line_mutes_lists_what_is_muted_and_takes_it_back(
    stack: WholeStack, drift_id: str, resource_id: str
) -> None:
    muted = stack.run(
        "drift", "mute", "droplet", "size", "--resource", resource_id, "--reason", "a test"
    )
    rule = muted.stdout.split()[1]
    assert f"`arcadia drift unmute {rule}`" in muted.stdout
    listed = stack.run("drift", "rules").stdout
    assert [row.split()[:5] for row in listed.splitlines()[1:]] == [
        [rule, "droplet", "size", resource_id, "for"]
    ]
    assert "open, muted" in stack.run("drift", "list").stdout
    assert stack.run("drift", "unmute", rule).returncode == 0
    assert stack.run("drift", "rules").stdout == "Nothing is muted.\n"
    assert "muted" not in stack.run("drift", "list").stdout


def test_accepting_succeeds_once_and_then_returns_422(
    stack: WholeStack, drift_id: str, resource_id: str
) -> None:
    with stack.client() as http:
        accepted = http.post(f"/api/v1/drift/{drift_id}/accept", json={})
        assert accepted.status_code == 200, accepted.text
        assert accepted.json()["drift"]["status"] == "accepted"
        again = http.post(f"/api/v1/drift/{drift_id}/accept", json={})
    assert again.status_code == 422
    assert "DRIFT_NOT_OPEN" in again.text
    refused = stack.run("drift", "accept", drift_id)
    assert refused.returncode == 1
    assert "FAILED_PRECONDITION" in refused.stderr
    assert stack.run("drift", "sweep", "--kind", "droplet").returncode == 0
    assert drifts(stack, resource_id=resource_id) == []
