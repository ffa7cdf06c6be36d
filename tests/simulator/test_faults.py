"""Each fault, and its end with its rule."""

from typing import Any

import httpx
import orjson
import pytest

from tests.simulator.running import Simulator


def _rule(sim: Simulator, fault: str, **more: Any) -> None:
    sim.post("/_simulator/faults", {"fault": fault, "times": 1, "path": "/v2/droplets"} | more, 201)


def _page(sim: Simulator, number: int = 1) -> httpx.Response:
    return sim.client.get("/v2/droplets", params={"page": number, "per_page": 5})


@pytest.mark.parametrize(
    ("rule", "status", "retry_after"),
    [
        ({"fault": "too_many_requests"}, 429, None),
        ({"fault": "too_many_requests", "retry_after": 7}, 429, "7"),
        ({"fault": "server_error"}, 500, None),
        ({"fault": "status", "status": 403}, 403, None),
    ],
)
def test_errors_come_with_the_apis_body(
    sim: Simulator, rule: dict[str, Any], status: int, retry_after: str | None
) -> None:
    _rule(sim, **rule)
    answer = _page(sim)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert answer.json()["message"]
    assert _page(sim).status_code == 200


def test_a_gateway_timeout_is_html(sim: Simulator) -> None:
    _rule(sim, "gateway_timeout")
    answer = _page(sim)
    assert (answer.status_code, answer.headers["content-type"]) == (504, "text/html")


def test_a_dropped_connection_leaves_half_a_body(sim: Simulator) -> None:
    _rule(sim, "drop")
    with pytest.raises(httpx.RemoteProtocolError):
        _page(sim)
    assert _page(sim).status_code == 200


def test_a_truncated_body_is_no_json(sim: Simulator) -> None:
    _rule(sim, "truncate")
    answer = _page(sim)
    assert answer.status_code == 200
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(answer.content)


def test_a_missing_key_is_a_success_without_its_list(sim: Simulator) -> None:
    _rule(sim, "missing_key")
    assert set(_page(sim).json()) == {"links", "meta"}


def test_a_shift_makes_later_pages_skip_an_item(sim: Simulator) -> None:
    before = [d["id"] for d in sim.get("/v2/droplets", per_page=200)["droplets"]]
    _rule(sim, "shift", page=1)
    first = [d["id"] for d in _page(sim).json()["droplets"]]
    second = [d["id"] for d in _page(sim, 2).json()["droplets"]]
    assert first == before[:5]
    assert second == before[6:11], "the sixth slipped onto the first page unseen"


def test_a_shrinking_total_is_less_each_time(sim: Simulator) -> None:
    true = _page(sim).json()["meta"]["total"]
    _rule(sim, "shrinking_total", times=None)
    assert [_page(sim).json()["meta"]["total"] for _ in range(3)] == [true - 1, true - 2, true - 3]


def test_links_may_lead_elsewhere_or_in_a_circle(sim: Simulator) -> None:
    _rule(sim, "foreign_next")
    assert _page(sim, 2).json()["links"]["pages"]["next"].startswith("https://elsewhere.invalid/")
    _rule(sim, "cycling_next")
    pages = _page(sim, 2).json()["links"]["pages"]
    assert pages["next"] == pages["first"]


def test_a_rule_picks_by_method_pattern_count_and_seeded_chance(sim: Simulator) -> None:
    rule = {"fault": "server_error", "path": "/v2/droplets", "pattern": "page=2", "skip": 1}
    sim.post("/_simulator/faults", rule | {"method": "GET", "times": 2}, 201)
    assert [_page(sim, 1).status_code for _ in range(2)] == [200, 200]
    assert [_page(sim, 2).status_code for _ in range(4)] == [200, 500, 500, 200]
    sim.client.delete("/_simulator/faults")
    chosen = []
    for _ in range(2):
        chance = {"fault": "server_error", "probability": 0.5, "seed": 3}
        number = sim.post("/_simulator/faults", chance, 201)["id"]
        chosen.append([_page(sim).status_code for _ in range(12)])
        sim.client.delete(f"/_simulator/faults/{number}")
    assert chosen[0] == chosen[1]
    assert set(chosen[0]) == {200, 500}


def test_a_malformed_rule_is_refused(sim: Simulator) -> None:
    sim.post("/_simulator/faults", {"fault": "boredom"}, 422)
    sim.post("/_simulator/faults", {"fault": "drop", "tmies": 1}, 422)


@pytest.mark.parametrize(
    ("fault", "left"),
    [("empty_absent", {"links", "meta"}), ("empty_null", {"apps", "links", "meta"})],
)
def test_a_list_without_rows_may_be_left_out_or_null(
    sim: Simulator, fault: str, left: set[str]
) -> None:
    sim.post("/_simulator/faults", {"fault": fault, "path": "/v2/apps"}, 201)
    assert sim.get("/v2/apps")["apps"], "a list with rows stays"
    ids = [app["id"] for app in sim.get("/v2/apps", per_page=200)["apps"]]
    sim.post("/_simulator/mutate", {"do": "delete", "kind": "app", "ids": ids})
    answer = sim.get("/v2/apps")
    assert set(answer) == left
    assert answer.get("apps") is None
    assert answer["meta"] == {"total": 0}


def test_an_error_may_come_as_a_success_or_as_a_page(sim: Simulator) -> None:
    _rule(sim, "error_body")
    answer = _page(sim)
    assert (answer.status_code, set(answer.json())) == (200, {"id", "message", "request_id"})
    _rule(sim, "not_found_page")
    answer = _page(sim)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")


def test_a_row_fault_applies_in_lists_and_single_reads(sim: Simulator) -> None:
    second = str(_page(sim).json()["droplets"][1]["id"])
    place = {"times": None, "row_id": second}
    _rule(sim, "absent_field", key="networks.v4.0.ip_address", **place)
    _rule(sim, "odd_field", key="name", value="nul\0", **place)
    for row in (
        _page(sim).json()["droplets"][1],
        sim.get(f"/v2/droplets/{second}")["droplet"],
    ):
        assert str(row["id"]) == second
        assert "ip_address" not in row["networks"]["v4"][0]
        assert row["name"] == "nul\0"
    assert "ip_address" in _page(sim).json()["droplets"][0]["networks"]["v4"][0]


def test_a_list_may_show_and_count_more_than_there_is(sim: Simulator) -> None:
    true = _page(sim).json()
    _rule(sim, "wrong_total")
    assert _page(sim).json()["meta"]["total"] == true["meta"]["total"] + 1
    hidden = true["droplets"][1]
    _rule(sim, "hidden_row", row_id=str(hidden["id"]))
    assert hidden not in _page(sim).json()["droplets"]
    assert sim.get(f"/v2/droplets/{hidden['id']}")["droplet"] == hidden
    _rule(sim, "extra_row", row={"id": 7}, times=None)
    assert _page(sim).json()["droplets"] == [*true["droplets"], {"id": 7}]
    assert {"id": 7} not in _page(sim, 2).json()["droplets"]
    assert _page(sim, 2).json()["meta"]["total"] == true["meta"]["total"] + 1


def test_cdn_endpoints_announce_the_limit_of_their_own(sim: Simulator) -> None:
    sim.post("/_simulator/settings", {"rate_limit_per_minute": 250, "forget_requests": True})
    told = [sim.client.get("/v2/cdn/endpoints").headers for _ in range(5)]
    assert [headers["ratelimit-limit"] for headers in told] == ["5"] * 5
    assert [headers["ratelimit-remaining"] for headers in told] == ["4", "3", "2", "1", "0"]
    refused = sim.client.get("/v2/cdn/endpoints")
    assert refused.status_code == 429
    assert sim.client.get("/v2/droplets").headers["ratelimit-limit"] == "5000"
