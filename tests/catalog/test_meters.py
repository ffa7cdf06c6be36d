"""Event meters of the operator over the API: added, changed, retired, and what they cost."""

from typing import Any

import psycopg
import pytest
from arcadia.catalog.v1 import meter_service_pb2 as pb
from arcadia.catalog.v1 import meters_pb2

from kinds.metering import METERS
from tests.catalog.shop import Shop, Token, refusal
from tests.inventory.account import reason_of, violated_field

Unit = meters_pb2.MeterUnit


def declared(code: str = "api_calls", **said: Any) -> pb.CreateMeterRequest:
    units = said.pop("units", {"1k_calls": 1000, "call": 1})
    said = {"name": "API calls", "dimensions": ["endpoint"]} | said
    return pb.CreateMeterRequest(
        code=code, units=[Unit(unit=unit, factor=factor) for unit, factor in units.items()], **said
    )


async def add_meter(shop: Shop, code: str = "api_calls", **said: Any) -> meters_pb2.Meter:
    answer = await shop.meters.CreateMeter(declared(code, **said), metadata=shop.operator)
    return answer.meter


async def listed(shop: Shop, token: Token | None = None, **said: Any) -> list[meters_pb2.Meter]:
    request = pb.ListMetersRequest(page_size=500, **said)
    answer = await shop.meters.ListMeters(request, metadata=token or shop.operator)
    return list(answer.meters)


async def state_cost(shop: Shop, code: str = "api_calls", **said: Any) -> meters_pb2.MeterCost:
    said = {"unit_cost_cents": "2.5", "currency": "USD", "effective_from": "2026-04-01"} | said
    request = pb.SetMeterCostRequest(meter_code=code, **said)
    return (await shop.meters.SetMeterCost(request, metadata=shop.operator)).meter_cost


async def test_an_operator_adds_a_meter_that_stands_beside_the_built_in_ones(shop: Shop) -> None:
    made = await add_meter(shop)

    assert [(one.unit, one.factor) for one in made.units] == [("call", 1), ("1k_calls", 1000)]
    assert (made.aggregation, made.basis, made.source) == ("sum", "events", "events")
    assert (list(made.dimensions), made.created_by) == (["endpoint"], "op")
    codes = [one.code for one in await listed(shop)]
    assert codes == sorted({*METERS, "api_calls"})
    sources = {one.code: one.source for one in await listed(shop)}
    assert sources["droplet_hours"] == "inventory"
    assert {code for code, source in sources.items() if source == "events"} == {
        "api_calls", "bandwidth_gb", "llm_tokens"
    }  # fmt: skip
    request = pb.GetMeterRequest(code="api_calls")
    assert (await shop.meters.GetMeter(request, metadata=shop.operator)).meter == made


async def test_only_operators_see_who_added_a_meter(shop: Shop) -> None:
    made = await add_meter(shop)
    request = pb.GetMeterRequest(code="api_calls")
    for token, seen in ((shop.operator, "op"), (shop.acme, "")):
        meter = (await shop.meters.GetMeter(request, metadata=token)).meter
        [same] = [one for one in await listed(shop, token) if one.code == "api_calls"]
        assert (meter.created_by, same.created_by) == (seen, seen)
        assert meter.created_at == made.created_at


async def test_meters_are_listed_in_pages_across_both_kinds(shop: Shop) -> None:
    for code in ("aaa", "mmm", "zzz"):
        await add_meter(shop, code)
    found: list[str] = []
    token = ""
    while True:
        request = pb.ListMetersRequest(page_size=4, page_token=token)
        answer = await shop.meters.ListMeters(request, metadata=shop.acme)
        found += [one.code for one in answer.meters]
        token = answer.next_page_token
        if not token:
            break
    assert found == sorted({*METERS, "aaa", "mmm", "zzz"})


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"code": "droplet_hours"}, "code", "METER_EXISTS"),
        ({"code": "one_off"}, "code", "METER_EXISTS"),
        ({"code": "Api"}, "code", "MALFORMED_CODE"),
        ({"name": " "}, "name", "FIELD_REQUIRED"),
        ({"units": {}}, "units", "OUT_OF_RANGE"),
        ({"units": {"call": 2}}, "units", "INVALID_ARGUMENT"),
        ({"units": {"call": 1, "one": 1}}, "units", "INVALID_ARGUMENT"),
        ({"units": {"call": 1, "none": 0}}, "units", "OUT_OF_RANGE"),
        ({"units": {"call": 1, "all": 10**13}}, "units", "OUT_OF_RANGE"),
        ({"units": {"minimum": 1}}, "units", "INVALID_ARGUMENT"),
        ({"units": {"a call": 1}}, "units", "MALFORMED_CODE"),
        ({"aggregation": "average"}, "aggregation", "UNKNOWN_AGGREGATION"),
        ({"aggregation": "time_weighted"}, "basis", "FIELD_REQUIRED"),
        ({"basis": "hours"}, "basis", "INVALID_ARGUMENT"),
        ({"dimensions": ["qty"]}, "dimensions[0]", "MALFORMED_CODE"),
        ({"dimensions": ["a", "a"]}, "dimensions[1]", "DUPLICATE"),
        ({"dimensions": [f"d{place}" for place in range(11)]}, "dimensions", "INVALID_ARGUMENT"),
    ],
)
async def test_a_meter_that_contradicts_itself_is_refused(
    shop: Shop, said: dict[str, Any], field: str, reason: str
) -> None:
    call = shop.meters.CreateMeter(declared(**said), metadata=shop.operator)
    told = await refusal(call, lambda error: f"{violated_field(error)} {reason_of(error)}")
    assert told[1] == f"{field} {reason}"
    assert [one.code for one in await listed(shop)] == sorted(METERS)


async def test_a_meter_grows_and_nothing_else_of_it_changes(shop: Shop) -> None:
    await add_meter(shop)
    request = pb.UpdateMeterRequest(
        code="api_calls",
        name="Calls",
        units=[Unit(unit="call", factor=1), Unit(unit="1m_calls", factor=10**6)],
        dimensions=["region", "endpoint"],
    )
    changed = (await shop.meters.UpdateMeter(request, metadata=shop.operator)).meter

    assert changed.name == "Calls"
    assert [one.unit for one in changed.units] == ["call", "1k_calls", "1m_calls"]
    assert list(changed.dimensions) == ["endpoint", "region"]
    for unit in (Unit(unit="1k_calls", factor=1024), Unit(unit="ping", factor=1)):
        request = pb.UpdateMeterRequest(code="api_calls", units=[unit])
        call = shop.meters.UpdateMeter(request, metadata=shop.operator)
        assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "METER_FIXED")
    built_in = pb.UpdateMeterRequest(code="droplet_hours", name="Hours")
    call = shop.meters.UpdateMeter(built_in, metadata=shop.operator)
    assert await refusal(call, reason_of) == ("NOT_FOUND", "METER_NOT_FOUND")


async def test_a_retired_meter_is_listed_on_request_and_never_changes_again(shop: Shop) -> None:
    await add_meter(shop)
    request = pb.RetireMeterRequest(code="api_calls")
    assert (await shop.meters.RetireMeter(request, metadata=shop.operator)).meter.retired
    for call in (
        shop.meters.RetireMeter(request, metadata=shop.operator),
        shop.meters.UpdateMeter(
            pb.UpdateMeterRequest(code="api_calls", name="Calls"), metadata=shop.operator
        ),
    ):
        assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "METER_RETIRED")
    assert "api_calls" not in [one.code for one in await listed(shop)]
    found = {one.code: one for one in await listed(shop, include_retired=True)}
    assert found["api_calls"].retired
    assert found["api_calls"].HasField("retired_at")
    lookup = pb.LookupMetersRequest(codes=["api_calls"])
    answer = await shop.meters.LookupMeters(lookup, metadata=shop.program("analytics"))
    assert answer.meters[0].retired_at == found["api_calls"].retired_at


async def test_a_cost_holds_for_its_months_and_only_operators_and_services_see_it(
    shop: Shop,
) -> None:
    await add_meter(shop)
    first = await state_cost(shop)
    assert (first.unit, first.unit_cost_cents, first.effective_to) == ("call", "2.5", "")
    await state_cost(shop, unit="1k_calls", unit_cost_cents="900", effective_from="2026-06-01")
    listing = pb.ListMeterCostsRequest(meter_code="api_calls")
    costs = (await shop.meters.ListMeterCosts(listing, metadata=shop.operator)).meter_costs
    assert [(one.unit_cost_cents, one.effective_from, one.effective_to) for one in costs] == [
        ("900", "2026-06-01", ""),
        ("2.5", "2026-04-01", "2026-06-01"),
    ]
    request = pb.GetMeterRequest(code="api_calls")
    mine = (await shop.meters.GetMeter(request, metadata=shop.operator)).meter
    theirs = (await shop.meters.GetMeter(request, metadata=shop.acme)).meter
    assert (mine.cost.unit_cost_cents, theirs.HasField("cost")) == ("2.5", False)
    assert not any(one.HasField("cost") for one in await listed(shop, shop.acme))
    for day, cost in (("2026-03-31", ""), ("2026-05-31", "2.5"), ("2026-06-01", "900")):
        lookup = pb.LookupMetersRequest(codes=["api_calls"], on=day)
        answer = await shop.meters.LookupMeters(lookup, metadata=shop.program("analytics"))
        assert [one.cost.unit_cost_cents for one in answer.meters] == [cost]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"code": "pings"}, "NOT_FOUND METER_NOT_FOUND"),
        ({"unit": "hour"}, "INVALID_ARGUMENT UNKNOWN_UNIT"),
        ({"unit_cost_cents": "-1"}, "INVALID_ARGUMENT OUT_OF_RANGE"),
        ({"effective_from": "2026-04-02"}, "INVALID_ARGUMENT OUT_OF_RANGE"),
        ({"effective_to": "2026-04-01"}, "INVALID_ARGUMENT OUT_OF_RANGE"),
        ({"currency": "XXX"}, "INVALID_ARGUMENT UNKNOWN_CURRENCY"),
    ],
)
async def test_a_cost_that_is_none_is_refused(shop: Shop, said: dict[str, Any], told: str) -> None:
    await add_meter(shop)
    assert " ".join(await refusal(state_cost(shop, **said), reason_of)) == told


async def test_a_built_in_event_meter_takes_a_cost_which_operators_and_services_see(
    shop: Shop,
) -> None:
    await add_meter(shop, "zzz_calls")
    made = await state_cost(shop, "llm_tokens", unit="1k_tokens", unit_cost_cents="0.4")
    assert (made.meter_code, made.unit, made.created_by) == ("llm_tokens", "1k_tokens", "op")

    request = pb.GetMeterRequest(code="llm_tokens")
    mine = (await shop.meters.GetMeter(request, metadata=shop.operator)).meter
    theirs = (await shop.meters.GetMeter(request, metadata=shop.acme)).meter
    assert (mine.cost, theirs.HasField("cost")) == (made, False)
    by_code = {one.code: one for one in await listed(shop)}
    assert [one.code for one in by_code.values() if one.HasField("cost")] == ["llm_tokens"]
    assert by_code["llm_tokens"].cost == made
    assert not any(one.HasField("cost") for one in await listed(shop, shop.acme))
    analytics = shop.program("analytics")
    for day, cents in (("2026-03-31", ""), ("2026-04-01", "0.4")):
        answer = await shop.meters.LookupMeters(pb.LookupMetersRequest(on=day), metadata=analytics)
        assert [(one.code, one.cost.unit_cost_cents) for one in answer.meters] == [
            ("llm_tokens", cents), ("zzz_calls", "")
        ]  # fmt: skip
    page = pb.LookupMetersRequest(page_size=1)
    first = await shop.meters.LookupMeters(page, metadata=analytics)
    page.page_token = first.next_page_token
    second = await shop.meters.LookupMeters(page, metadata=analytics)
    assert [one.code for one in (*first.meters, *second.meters)] == ["llm_tokens", "zzz_calls"]
    assert not second.next_page_token
    page = pb.LookupMetersRequest(codes=["zzz_calls", "droplet_hours"])
    asked = await shop.meters.LookupMeters(page, metadata=analytics)
    assert [one.code for one in asked.meters] == ["zzz_calls"]


@pytest.mark.parametrize("code", ["droplet_hours", "bandwidth_gb"])
async def test_a_meter_that_the_provider_charges_for_takes_no_stated_cost(
    shop: Shop, code: str
) -> None:
    def told(error: Any) -> str:
        return f"{violated_field(error)} {reason_of(error)} {error.details()}"

    status, said = await refusal(state_cost(shop, code, unit=""), told)
    assert (status, said.split(" the")[0]) == (
        "INVALID_ARGUMENT", "meter_code COST_FROM_PROVIDER meter_code:"
    )  # fmt: skip
    assert f"the provider charges for {code}" in said
    listing = pb.ListMeterCostsRequest()
    assert not (await shop.meters.ListMeterCosts(listing, metadata=shop.operator)).meter_costs


async def test_a_meter_keeps_its_meaning_in_the_database_too(shop: Shop) -> None:
    await add_meter(shop)
    for change in (
        "UPDATE meters SET units = '{\"call\": 1}'",
        "UPDATE meters SET aggregation = 'max'",
        "UPDATE meters SET dimensions = '{}'",
        "DELETE FROM meters",
        "TRUNCATE meters",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            shop.rows(change)
