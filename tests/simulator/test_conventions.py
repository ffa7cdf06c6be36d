"""Pages, errors, tokens and limits like DigitalOcean's."""

from pathlib import Path

import httpx
import pytest

from tests.simulator.running import Simulator, simulator


def test_pages_are_linked_by_full_urls(reading: Simulator) -> None:
    document = reading.get("/v2/droplets", page=2, per_page=10)
    pages = document["links"]["pages"]
    assert pages["prev"].endswith("page=1&per_page=10")
    assert pages["next"] == f"{reading.url}/v2/droplets?page=3&per_page=10"
    assert set(pages) == {"first", "prev", "next", "last"}
    assert reading.get("/v2/droplets", per_page=200)["links"] == {}
    assert reading.get("/v2/volumes")["links"] == {"pages": {}}
    assert "links" not in reading.get("/v2/domains")
    assert set(reading.get("/v2/databases")) == {"databases"}


def test_the_pages_of_any_size_make_the_same_list(reading: Simulator) -> None:
    whole = [d["id"] for d in reading.get("/v2/droplets", per_page=200)["droplets"]]
    for size in (1, 7, 20, 41):
        pages = range(1, -(-len(whole) // size) + 2)
        split = [
            d["id"]
            for page in pages
            for d in reading.get("/v2/droplets", page=page, per_page=size)["droplets"]
        ]
        assert split == whole


@pytest.mark.parametrize(
    ("path", "status", "identifier"),
    [
        ("/v2/droplets?per_page=201", 422, "unprocessable_entity"),
        ("/v2/droplets?page=0", 422, "unprocessable_entity"),
        ("/v2/droplets/1/", 404, "not_found"),
        ("/v2/droplets/1", 404, "not_found"),
        ("/v2/nothing", 404, "not_found"),
    ],
)
def test_a_refusal_has_status_id_and_request_id(
    reading: Simulator, path: str, status: int, identifier: str
) -> None:
    answer = reading.client.get(path)
    assert (answer.status_code, answer.json()["id"]) == (status, identifier)
    assert answer.json()["request_id"]
    assert answer.headers["ratelimit-limit"] == "5000"


@pytest.mark.parametrize("path", ["/v2/droplets", "/v2/projects/default", "/v2/account/keys"])
def test_a_slash_at_the_end_of_a_path_changes_nothing(reading: Simulator, path: str) -> None:
    assert reading.get(f"{path}/") == reading.get(path)
    assert reading.get(f"{path}/", per_page=1) == reading.get(path, per_page=1)


def test_a_slash_at_the_end_gives_no_rights(sim: Simulator) -> None:
    sim.post("/_simulator/tokens", {"token": "simulated", "without": ["droplet:read"]}, 204)
    assert sim.client.get("/v2/droplets/").status_code == 403


def test_without_a_token_there_is_no_answer(reading: Simulator) -> None:
    answer = httpx.get(f"{reading.url}/v2/droplets")
    assert (answer.status_code, answer.json()["id"]) == (401, "unauthorized")


def test_gpu_droplets_are_in_no_plain_list(reading: Simulator) -> None:
    plain = {d["id"] for d in reading.everything("/v2/droplets", "droplets")}
    gpus = reading.get("/v2/droplets", type="gpus")["droplets"]
    assert len(gpus) == 2
    assert not plain & {d["id"] for d in gpus}
    assert reading.get(f"/v2/droplets/{gpus[0]['id']}")["droplet"]["gpu_info"]["count"] == 1


def test_backups_are_images_but_no_snapshots(reading: Simulator) -> None:
    droplets = reading.everything("/v2/droplets", "droplets")
    backups = {b for d in droplets for b in d["backup_ids"]}
    assert backups
    snapshots = {s["id"] for s in reading.everything("/v2/snapshots", "snapshots")}
    assert not {str(b) for b in backups} & snapshots
    images = reading.get("/v2/images", type="backup", per_page=200)["images"]
    assert {image["id"] for image in images} == backups


def test_the_nodes_of_clusters_are_droplets_with_system_tags(reading: Simulator) -> None:
    droplets = {str(d["id"]): d for d in reading.everything("/v2/droplets", "droplets")}
    for cluster in reading.get("/v2/kubernetes/clusters")["kubernetes_clusters"]:
        for pool in cluster["node_pools"]:
            for node in pool["nodes"]:
                assert f"k8s:{cluster['id']}" in droplets[node["droplet_id"]]["tags"]


def test_a_reserved_ip_embeds_its_whole_droplet(reading: Simulator) -> None:
    addresses = reading.get("/v2/reserved_ips")["reserved_ips"]
    held = next(a for a in addresses if a["droplet"])
    assert held["droplet"] == reading.get(f"/v2/droplets/{held['droplet']['id']}")["droplet"]
    assert any(a["droplet"] is None for a in addresses)


def test_every_assigned_urn_names_something_that_is_there(reading: Simulator) -> None:
    urns = [
        resource["urn"]
        for project in reading.get("/v2/projects")["projects"]
        for resource in reading.everything(f"/v2/projects/{project['id']}/resources", "resources")
    ]
    assert len(urns) == len(set(urns)) > 60
    assert {urn.split(":")[1] for urn in urns} >= {"droplet", "volume", "space", "dbaas", "domain"}
    for resource in urns:
        kind, identifier = resource.split(":", 2)[1:]
        if kind == "droplet":
            reading.get(f"/v2/droplets/{identifier}")


def test_a_full_minute_is_refused_until_it_has_passed(tmp_path: Path) -> None:
    with simulator(tmp_path / "data", "--rate-limit-per-minute", "3") as sim:
        answers = [sim.client.get("/v2/droplets") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].json()["id"] == "too_many_requests"
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert [a.headers["ratelimit-remaining"] for a in answers] == [
            "4999",
            "4998",
            "4997",
            "4997",
        ]
        other = {"authorization": "Bearer another"}
        assert sim.client.get("/v2/droplets", headers=other).status_code == 200
        sim.post("/_simulator/settings", {"rate_limit_per_minute": 0})
        assert sim.client.get("/v2/droplets").status_code == 200
        burst = [sim.client.get("/v2/cdn/endpoints").status_code for _ in range(6)]
        assert burst == [200] * 6
        sim.post("/_simulator/settings", {"rate_limit_per_minute": 100, "forget_requests": True})
        burst = [sim.client.get("/v2/cdn/endpoints").status_code for _ in range(6)]
        assert burst == [200] * 5 + [429]


def test_a_narrower_token_does_not_see_the_fields_of_its_missing_scopes(sim: Simulator) -> None:
    sim.post(
        "/_simulator/tokens", {"token": "narrow", "without": ["tag:read", "project:read"]}, 204
    )
    narrow = {"authorization": "Bearer narrow"}
    droplet = sim.client.get("/v2/droplets", headers=narrow).json()["droplets"][0]
    assert "tags" not in droplet
    assert "volume_ids" in droplet
    refused = sim.client.get("/v2/projects", headers=narrow)
    assert (refused.status_code, refused.json()["id"]) == (403, "forbidden")
    assert "tags" in sim.get("/v2/droplets")["droplets"][0]
    sim.post("/_simulator/tokens", {"token": "narrow", "revoked": True}, 204)
    assert sim.client.get("/v2/droplets", headers=narrow).status_code == 401
