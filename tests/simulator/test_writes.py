"""The writes of sagas on the account, and their responses."""

from typing import Any

from tests.simulator.running import Simulator

_ORDER = {
    "name": "made-1",
    "size": "s-1vcpu-1gb",
    "region": "nyc3",
    "image": "ubuntu-24-04-x64",
    "tags": ["tenant:acme"],
}


def _act(sim: Simulator, droplet: int, status: int = 201, **action: Any) -> Any:
    return sim.post(f"/v2/droplets/{droplet}/actions", action, status)


def _pass(sim: Simulator, seconds: int = 200) -> None:
    sim.post("/_simulator/clock", {"advance_seconds": seconds})


def _make(sim: Simulator) -> int:
    identifier: int = sim.post("/v2/droplets", _ORDER, 202)["droplet"]["id"]
    _pass(sim)
    return identifier


def _read(sim: Simulator, droplet: int) -> Any:
    return sim.get(f"/v2/droplets/{droplet}")["droplet"]


def test_a_droplet_is_new_until_its_action_completes(sim: Simulator) -> None:
    made = sim.post("/v2/droplets", _ORDER, 202)
    assert made["droplet"]["status"] == "new"
    action = made["links"]["actions"][0]["id"]
    assert sim.get(f"/v2/actions/{action}")["action"]["status"] == "in-progress"
    _pass(sim)
    assert sim.get(f"/v2/actions/{action}")["action"]["status"] == "completed"
    assert _read(sim, made["droplet"]["id"])["status"] == "active"


def test_a_new_droplet_may_not_be_found_by_its_id(sim: Simulator) -> None:
    sim.post("/_simulator/settings", {"settle_ms": 600_000})
    identifier = sim.post("/v2/droplets", _ORDER, 202)["droplet"]["id"]
    assert sim.client.get(f"/v2/droplets/{identifier}").status_code == 404
    assert identifier in {d["id"] for d in sim.get("/v2/droplets", per_page=200)["droplets"]}


def test_a_resize_needs_the_droplet_off_and_may_leave_the_disk(sim: Simulator) -> None:
    droplet = _make(sim)
    resize: dict[str, Any] = {"type": "resize", "size": "s-2vcpu-4gb", "disk": False}
    assert _act(sim, droplet, 422, **resize)["id"] == "unprocessable_entity"
    _act(sim, droplet, type="power_off")
    _act(sim, droplet, 422, type="power_on")  # one action at a time
    _pass(sim)
    _act(sim, droplet, **resize)
    _pass(sim)
    _act(sim, droplet, type="power_on")
    _pass(sim)
    now = _read(sim, droplet)
    assert (now["size_slug"], now["memory"], now["disk"]) == ("s-2vcpu-4gb", 4096, 25)
    assert (now["size"]["disk"], now["status"]) == (80, "active")
    done = [a["type"] for a in sim.get(f"/v2/droplets/{droplet}/actions")["actions"]]
    assert done == ["power_on", "resize", "power_off", "create"]


def test_a_droplet_is_locked_and_refuses_all_else_while_something_is_done_to_it(
    sim: Simulator,
) -> None:
    droplet = _make(sim)
    assert _read(sim, droplet)["locked"] is False
    _act(sim, droplet, type="power_off")
    assert _read(sim, droplet)["locked"] is True
    refused = _act(sim, droplet, 422, type="rename", name="renamed-1")
    assert refused["message"] == "Droplet already has a pending event."
    assert sim.client.delete(f"/v2/droplets/{droplet}").status_code == 422
    _pass(sim)
    assert _read(sim, droplet)["locked"] is False
    _act(sim, droplet, type="rename", name="renamed-1")


def test_the_agent_shows_itself_after_the_first_boot(sim: Simulator) -> None:
    made = sim.post("/v2/droplets", _ORDER, 202)["droplet"]
    assert "droplet_agent" not in made["features"]
    _pass(sim)
    assert "droplet_agent" in _read(sim, made["id"])["features"]


def test_a_disk_that_grew_does_not_shrink(sim: Simulator) -> None:
    droplet = _make(sim)
    _act(sim, droplet, type="power_off")
    _pass(sim)
    _act(sim, droplet, type="resize", size="s-2vcpu-4gb", disk=True)
    _pass(sim)
    assert _read(sim, droplet)["disk"] == 80
    _act(sim, droplet, 422, type="resize", size="s-1vcpu-1gb", disk=False)


def test_snapshot_and_rename_show_where_they_should(sim: Simulator) -> None:
    droplet = _make(sim)
    for kind, name in (("rename", "renamed-1"), ("snapshot", "keep")):
        _act(sim, droplet, type=kind, name=name)
        _pass(sim)
    now = _read(sim, droplet)
    assert now["name"] == "renamed-1"
    (snapshot,) = sim.get(f"/v2/droplets/{droplet}/snapshots")["snapshots"]
    assert now["snapshot_ids"] == [snapshot["id"]]
    assert sim.get(f"/v2/snapshots/{snapshot['id']}")["snapshot"]["name"] == "keep"


def test_a_deleted_droplet_is_gone_everywhere(sim: Simulator) -> None:
    droplet = _make(sim)
    assert sim.client.delete(f"/v2/droplets/{droplet}").status_code == 204
    assert sim.client.get(f"/v2/droplets/{droplet}").status_code == 404
    resources = sim.get("/v2/projects/default/resources")["resources"]
    assert f"do:droplet:{droplet}" not in {resource["urn"] for resource in resources}
    assert sim.client.delete(f"/v2/droplets/{droplet}").status_code == 404


def test_bad_orders_are_refused_by_field(sim: Simulator) -> None:
    for change in ({"size": "huge"}, {"image": "dos"}, {"name": "a b"}, {"region": "moon"}):
        answer = sim.post("/v2/droplets", _ORDER | change, 422)
        assert answer["message"].startswith(next(iter(change)))


def test_a_projects_name_is_taken_once_and_its_own_purpose_is_other(sim: Simulator) -> None:
    made = sim.post("/v2/projects", {"name": "skyai-internal", "purpose": "custom"}, 201)
    assert made["project"]["purpose"] == "Other: custom"
    again = sim.post("/v2/projects", {"name": "skyai-internal", "purpose": "custom"}, 409)
    assert again["id"] == "conflict"
    path = f"/v2/projects/{made['project']['id']}"
    patched = sim.client.patch(path, json={"environment": "staging"}).json()["project"]
    assert (patched["environment"], patched["name"]) == ("Staging", "skyai-internal")
    assert sim.client.put(path, json={"name": "only"}).status_code == 422
    assert sim.client.delete(path).status_code == 204


def test_a_resource_moves_into_a_project_by_its_urn(sim: Simulator) -> None:
    droplet = _make(sim)
    project = sim.post("/v2/projects", {"name": "mine", "purpose": "IoT"}, 201)["project"]["id"]
    body = {"resources": [f"do:droplet:{droplet}", "do:droplet:1"]}
    answer = sim.post(f"/v2/projects/{project}/resources", body)
    assert [r["status"] for r in answer["resources"]] == ["assigned", "not_found"]
    again = sim.post(f"/v2/projects/{project}/resources", body)
    assert again["resources"][0]["status"] == "already_assigned"
    held = sim.get(f"/v2/projects/{project}/resources")["resources"]
    assert [resource["urn"] for resource in held] == [f"do:droplet:{droplet}"]


def test_tags_are_attached_found_and_taken_off(sim: Simulator) -> None:
    droplet = _make(sim)
    sim.post("/v2/tags", {"name": "Fresh"}, 201)
    body = {"resources": [{"resource_id": str(droplet), "resource_type": "droplet"}]}
    sim.post("/v2/tags/Fresh/resources", body, 204)
    assert [d["id"] for d in sim.get("/v2/droplets", tag_name="fresh")["droplets"]] == [droplet]
    assert sim.get("/v2/tags/Fresh")["tag"]["resources"]["droplets"]["count"] == 1
    answer = sim.client.request("DELETE", "/v2/tags/Fresh/resources", json=body)
    assert answer.status_code == 204
    assert _read(sim, droplet)["tags"] == ["tenant:acme"]
