"""Scale, mutations, clock, and a state that survives the process."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from providers.digitalocean.simulator.acts.scaling import scale_to
from providers.digitalocean.simulator.billing.ledger import Ledger
from providers.digitalocean.simulator.config import Config
from providers.digitalocean.simulator.start import open_simulation
from providers.digitalocean.simulator.state import Store
from tests.simulator.running import Simulator, simulator
from tests.support.waiting import until

_UNLIMITED = ("--rate-limit-per-minute", "0", "--rate-limit-per-hour", "0", "--settle-ms", "0")


def test_scale_gives_exactly_that_many_and_takes_back_only_its_own(sim: Simulator) -> None:
    own = {d["id"] for d in sim.everything("/v2/droplets", "droplets")}
    assert sim.post("/_simulator/scale", {"droplets": 1500})["droplets"] == 1500
    droplets = sim.everything("/v2/droplets", "droplets")
    assert len({d["id"] for d in droplets}) == 1500
    assert all(d["tags"] for d in droplets if d["name"].startswith("fleet-"))
    assert sim.post("/_simulator/scale", {"droplets": 1})["droplets"] == len(own)
    assert {d["id"] for d in sim.everything("/v2/droplets", "droplets")} == own


@pytest.mark.parametrize("kind", [None, "backup"])
def test_to_end_the_bills_of_a_resource_reads_no_other(tmp_path: Path, kind: str | None) -> None:
    # Else an account of 100,000 droplets takes ten minutes to shrink.
    store = Store(tmp_path / "account.db")
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    Ledger(store).end(["7"], datetime(2026, 5, 1, tzinfo=UTC), kind)
    store.connection.set_trace_callback(None)
    [update] = [one for one in statements if one.startswith("UPDATE lifespan")]
    plan = [row[-1] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {update}")]
    store.close()
    assert any("lifespan_of_resource (resource_id=?" in step for step in plan)
    assert not any(step.startswith("SCAN lifespan") for step in plan)


def test_the_statements_of_a_shrinking_do_not_grow_with_the_account(tmp_path: Path) -> None:
    day = datetime(2026, 5, 20, tzinfo=UTC)
    simulation = open_simulation(Config(0, tmp_path / "data", now=day))
    own = scale_to(simulation, 1)

    def shrunk_from(droplets: int) -> int:
        scale_to(simulation, droplets)
        statements: list[str] = []
        simulation.store.connection.set_trace_callback(statements.append)
        assert scale_to(simulation, 1) == own
        simulation.store.connection.set_trace_callback(None)
        return len(statements)

    assert shrunk_from(own + 10) == shrunk_from(own + 300)
    simulation.store.close()


def test_a_simulator_in_a_long_call_stops_on_a_signal_without_completing_the_call(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with simulator(data, *_UNLIMITED) as busy:
        droplets = busy.get("/v2/droplets")["meta"]["total"]
        with ThreadPoolExecutor(1) as pool:
            wish = {"droplets": 100_000}
            call = pool.submit(httpx.post, f"{busy.url}/_simulator/scale", json=wish, timeout=120)
            # Far more than one page of memory is written: the call is in the midst of its work.
            log = data / "world.sqlite3-wal"
            until(lambda: log.exists() and log.stat().st_size > 8 * 2**20)
            assert busy.stop() == 0
            with pytest.raises(httpx.TransportError):
                call.result()
    with simulator(data, *_UNLIMITED) as again:
        assert again.get("/v2/droplets")["meta"]["total"] == droplets


def test_a_touch_changes_name_and_tags_and_nothing_else(sim: Simulator) -> None:
    before = {d["id"]: d for d in sim.everything("/v2/droplets", "droplets")}
    assert sim.post("/_simulator/mutate", {"do": "touch"})["changed"] == len(before) + 2
    for _ in range(2):
        sim.post("/_simulator/mutate", {"do": "touch"})
    for after in sim.everything("/v2/droplets", "droplets"):
        old = before[after["id"]]
        assert after["name"] == f"{old['name']}.r3"
        assert after["tags"] == [*old["tags"], "touched-3"]
        assert {**after, "name": 0, "tags": 0} == {**old, "name": 0, "tags": 0}


def test_mutations_create_resize_set_and_delete(sim: Simulator) -> None:
    order = {"do": "create", "names": ["m-1", "m-2"], "size": "s-1vcpu-1gb", "region": "sgp1"}
    ids = sim.post("/_simulator/mutate", order)["ids"]
    sim.post("/_simulator/mutate", {"do": "resize", "ids": ids, "size": "c-2", "disk": True})
    change = {"do": "set", "kind": "droplet", "id": ids[0], "fields": {"region.slug": "lon1"}}
    sim.post("/_simulator/mutate", change)
    droplet = sim.get(f"/v2/droplets/{ids[0]}")["droplet"]
    assert (droplet["size_slug"], droplet["region"]["slug"]) == ("c-2", "lon1")
    sim.post("/_simulator/mutate", {"do": "delete", "ids": ids})
    assert sim.client.get(f"/v2/droplets/{ids[0]}").status_code == 404
    sim.post("/_simulator/mutate", {"do": "dance"}, 422)


def test_the_platform_acts_by_name_and_changes_what_it_says(sim: Simulator) -> None:
    acts = sim.get("/_simulator/platform")["acts"]
    assert acts["certificates_renewed"]["kinds"] == ["certificate", "load_balancer", "cdn_endpoint"]
    before = {one["name"]: one["id"] for one in sim.get("/v2/certificates")["certificates"]}
    asked = {"acts": ["certificates_renewed"]}
    changed = sim.post("/_simulator/platform", asked)["changed"]["certificates_renewed"]
    after = {one["name"]: one["id"] for one in sim.get("/v2/certificates")["certificates"]}
    assert before.keys() == after.keys()
    assert {name for name in after if after[name] != before[name]} == {"acme-example"}
    balancers = sim.get("/v2/load_balancers")["load_balancers"]
    used = {
        rule["certificate_id"]
        for balancer in balancers
        for rule in balancer["forwarding_rules"]
        if "certificate_id" in rule
    }
    assert used == {after["acme-example"]}
    assert changed > len(balancers)
    assert sim.get(f"/v2/certificates/{after['acme-example']}")["certificate"]["name"]
    assert sim.post("/_simulator/platform", {"acts": ["dance"]}, 422)["message"].endswith("dance")


def test_the_clock_only_goes_forward(sim: Simulator) -> None:
    assert sim.post("/_simulator/clock", {"set": "2026-07-01T00:00:00Z"})["now"] >= "2026-07"
    sim.post("/_simulator/clock", {"advance_seconds": -1}, 422)
    sim.post("/_simulator/clock", {"set": "2026-01-01T00:00:00Z"}, 422)


def test_the_requests_that_were_served_can_be_replayed(sim: Simulator) -> None:
    sim.client.delete("/_simulator/requests")
    sim.get("/v2/droplets", page=2, per_page=7)
    sim.client.get("/v2/nothing")
    served = sim.get("/_simulator/requests", clear="true")["requests"]
    assert [(s["method"], s["path"], s["status"]) for s in served] == [
        ("GET", "/v2/droplets?page=2&per_page=7", 200),
        ("GET", "/v2/nothing", 404),
    ]
    assert sim.get("/_simulator/requests")["total"] == 0


def test_the_same_seed_and_day_make_the_same_account(sim: Simulator, reading: Simulator) -> None:
    for kind in ("droplet", "volume", "database", "project", "image", "action"):
        same = sim.get("/_simulator/truth", kind=kind)
        assert same == reading.get("/_simulator/truth", kind=kind)


def test_completed_actions_survive_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with simulator(data, *_UNLIMITED, "--action-seconds", "60") as first:
        order = {"name": "kept", "size": "s-1vcpu-1gb", "region": "fra1", "image": "debian-12-x64"}
        made = first.post("/v2/droplets", order, 202)
        first.post("/_simulator/tokens", {"token": "gone", "revoked": True}, 204)
        first.post("/_simulator/clock", {"set": "2026-06-03T00:00:00Z"})
        droplet = first.post("/v2/droplets", order | {"name": "young"}, 202)["droplet"]["id"]
        invoices = first.get("/v2/customers/my/invoices")
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with simulator(data, *_UNLIMITED, "--action-seconds", "60") as second:
        assert second.get("/_simulator/clock")["now"] >= "2026-06-03"
        assert second.get(f"/v2/droplets/{made['droplet']['id']}")["droplet"]["status"] == "active"
        assert second.get(f"/v2/droplets/{droplet}")["droplet"]["status"] == "new"
        second.post("/_simulator/clock", {"advance_seconds": 300})
        assert second.get(f"/v2/droplets/{droplet}")["droplet"]["status"] == "active"
        assert second.get("/v2/customers/my/invoices")["invoices"] == invoices["invoices"]
        refused = second.client.get("/v2/droplets", headers={"authorization": "Bearer gone"})
        assert refused.status_code == 401
        assert second.stop() == 0


@pytest.mark.parametrize(
    "header",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:8025"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_page_in_a_browser_cannot_reach_the_control_api(
    sim: Simulator, header: dict[str, str]
) -> None:
    before = sim.get("/_simulator/settings")
    refused = sim.client.post("/_simulator/settings", json={"latency_ms": 9}, headers=header)
    assert refused.status_code == 403
    assert sim.get("/_simulator/settings") == before


def test_a_page_on_this_machine_may_call(sim: Simulator) -> None:
    header = {"origin": "http://localhost:3000"}
    assert sim.client.get("/_simulator/health", headers=header).status_code == 200
