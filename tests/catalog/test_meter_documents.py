"""Event meters in the catalog file: before what names them, whole, and once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import yaml
from arcadia.catalog.v1 import catalog_service_pb2 as pb
from arcadia.catalog.v1 import meter_service_pb2 as meter_pb
from arcadia.catalog.v1 import meters_pb2
from hypothesis import given
from hypothesis import strategies as st

from kinds.metering import METERS, Aggregation, Basis
from services.catalog.meters.rules.declaring import check_meter
from services.catalog.meters.rules.meters import (
    MeterCost,
    Meters,
    MeterTerms,
    StoredMeter,
    Unit,
    in_order,
)
from services.catalog.plans.document import hash_of, read_document, write_document
from services.catalog.plans.rules.changes import CatalogState, MeterChange, MeterCostChange
from services.catalog.plans.rules.diff import missing_from, plan_changes
from services.common.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from tests.catalog.shop import Shop, refusal
from tests.inventory.account import reason_of, violated_field

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NOBODY = UUID(int=0)

AI = """
meters:
  - code: gpu_seconds
    name: GPU seconds
    units: [{unit: second, factor: 1}, {unit: hour, factor: 3600}]
    dimensions: [model]
    costs:
      - {unit: hour, unit_cost_cents: "250", currency: USD, effective_from: 2026-04-01}
plans:
  - code: ai
    name: AI
    price_cents: 1000
    currency: AUD
    items:
      - {resource_kind: gpu_seconds, overage_unit: hour, overage_price_cents: "500"}
addons:
  - {code: gpu_10h, resource_kind: gpu_seconds, qty: 36000, price_cents: 4000, currency: AUD}
resource_prices:
  - {resource_kind: gpu_seconds, unit: second, unit_price_cents: "0.2", currency: AUD,
     effective_from: 2026-04-01, match: {model: h100}}
"""

codes = st.from_regex(r"m_[a-z0-9_]{0,20}", fullmatch=True)
names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)
months = st.builds(date, st.integers(2020, 2029), st.integers(1, 12), st.just(1))


@st.composite
def meters(draw: st.DrawFn, code: str) -> MeterTerms:
    words = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
    words = words.filter(lambda word: word not in {"flat", "minimum", "package", "qty"})
    units = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    factors = [1, *draw(st.lists(st.integers(2, 10**12), min_size=3, max_size=3))]
    aggregation = draw(st.sampled_from(Aggregation))
    of_time = aggregation is Aggregation.TIME_WEIGHTED
    basis = draw(st.sampled_from([Basis.HOURS, Basis.MONTHS])) if of_time else Basis.EVENTS
    return MeterTerms(
        code,
        draw(names),
        in_order(map(Unit, units, factors)),
        aggregation,
        basis,
        tuple(draw(st.lists(words, max_size=3, unique=True))),
    )


@st.composite
def states(draw: st.DrawFn) -> CatalogState:
    stored, costs = [], []
    for code in sorted(draw(st.sets(codes, max_size=3))):
        terms = draw(meters(code))
        stored.append(StoredMeter(terms, None, "op", NOW))
        begins = sorted(draw(st.sets(months, max_size=4)))
        for place, begin in enumerate(begins):
            following = begins[place + 1] if place + 1 < len(begins) else None
            costs.append(
                MeterCost(
                    NOBODY,
                    code,
                    draw(st.sampled_from(terms.units)).unit,
                    draw(st.decimals(0, 10**6, places=6)),
                    draw(st.sampled_from(["AUD", "USD"])),
                    begin,
                    following,
                    "op",
                    NOW,
                )
            )
    return CatalogState(meters=tuple(stored), costs=tuple(costs))


@given(states())
def test_exported_meters_change_nothing_when_they_are_applied(state: CatalogState) -> None:
    for one in state.meters:
        check_meter(one.terms)
    document = read_document(write_document(state), meters=Meters.of(state.meters))
    assert plan_changes(state, document) == []
    assert missing_from(state, document).meters == ()


@given(states())
def test_exported_meters_make_the_same_ones_elsewhere(state: CatalogState) -> None:
    changes = plan_changes(CatalogState(), read_document(write_document(state)))
    made = [one.terms for one in changes if isinstance(one, MeterChange)]
    assert made == [one.terms for one in state.meters]
    costs = [one.cost for one in changes if isinstance(one, MeterCostChange)]
    assert [(one.meter_code, one.unit, one.unit_cost_cents, one.span.end) for one in costs] == [
        (one.meter_code, one.unit, one.unit_cost_cents, one.effective_to) for one in state.costs
    ]


def test_a_catalog_without_event_meters_is_written_as_before() -> None:
    assert "meters" not in yaml.safe_load(write_document(CatalogState()))


async def apply(shop: Shop, document: str, **said: Any) -> pb.ApplyCatalogResponse:
    request = pb.ApplyCatalogRequest(document=document, **said)
    return await shop.catalog.ApplyCatalog(request, metadata=shop.operator)


async def export(shop: Shop) -> pb.ExportCatalogResponse:
    return await shop.catalog.ExportCatalog(pb.ExportCatalogRequest(), metadata=shop.operator)


def told(answer: pb.ApplyCatalogResponse) -> list[str]:
    return [f"{one.action} {one.object_type} {one.object_key}" for one in answer.changes]


async def test_meters_are_made_before_what_names_them_and_once(shop: Shop) -> None:
    shown = await apply(shop, AI, validate_only=True)
    assert told(shown) == [
        "create meter gpu_seconds",
        "create meter_cost gpu_seconds 2026-04-01",
        "create plan ai",
        "create plan_version ai/1",
        "publish plan_version ai/1",
        "create addon gpu_10h",
        "create resource_price gpu_seconds[model=h100] AUD 2026-04-01",
    ]
    assert list(shown.changes[0].differences) == [
        "name GPU seconds", "units second = 1, hour = 3600", "aggregation sum", "basis events",
        "dimensions model",
    ]  # fmt: skip
    made = await apply(shop, AI, state_hash=shown.state_hash)
    assert told(made) == told(shown)
    assert told(await apply(shop, AI)) == []
    exported = await export(shop)
    assert told(await apply(shop, exported.document)) == []
    listed = await shop.meters.ListMeters(
        meter_pb.ListMetersRequest(source="events"), metadata=shop.operator
    )
    [mine] = [one for one in listed.meters if one.created_by]
    assert (mine.code, mine.cost.unit_cost_cents, mine.created_by) == ("gpu_seconds", "250", "op")


async def test_a_file_adds_units_renames_and_states_later_costs(shop: Shop) -> None:
    await apply(shop, AI)
    more = """
meters:
  - code: gpu_seconds
    name: GPU time
    units: [{unit: second, factor: 1}, {unit: minute, factor: 60}]
    costs:
      - {unit: minute, unit_cost_cents: "4", currency: USD, effective_from: 2026-06-01}
      - {unit: hour, unit_cost_cents: "240", currency: USD, effective_from: 2026-04-01}
"""
    changed = await apply(shop, more)
    assert told(changed) == [
        "update meter gpu_seconds",
        "create meter_cost gpu_seconds 2026-04-01",
        "create meter_cost gpu_seconds 2026-06-01",
    ]
    assert list(changed.changes[0].differences) == [
        "name GPU seconds → GPU time",
        "units second = 1, hour = 3600 → second = 1, minute = 60, hour = 3600",
    ]
    assert told(await apply(shop, more)) == []
    costs = await shop.meters.ListMeterCosts(
        meter_pb.ListMeterCostsRequest(), metadata=shop.operator
    )
    assert [(one.unit_cost_cents, one.unit, one.effective_to) for one in costs.meter_costs] == [
        ("4", "minute", ""), ("240", "hour", "2026-06-01")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "other", "field"),
    [
        ("resource_kind: gpu_seconds, overage", "resource_kind: gpus, overage",
         "document.plans[0].items[0].resource_kind"),
        ("overage_unit: hour", "overage_unit: day", "document.plans[0].items[0].overage_unit"),
        ("resource_kind: gpu_seconds, qty", "resource_kind: gpus, qty",
         "document.addons[0].resource_kind"),
        ("match: {model: h100}", "match: {size: h100}", "document.resource_prices[0].match.size"),
        ("factor: 3600", "factor: 1h", "document.meters[0].units[1].factor"),
        ("code: gpu_seconds", "code: dns_zones", "document.meters[0].code"),
        ("unit: hour, unit_cost", "unit: day, unit_cost", "document.meters[0].costs[0].unit"),
        ("2026-04-01}\nplans", "2026-04-02}\nplans",
         "document.meters[0].costs[0].effective_from"),
        ("name: GPU", "title: GPU", "document.meters[0].title"),
    ],
)  # fmt: skip  # a table
async def test_an_error_in_a_file_is_named_by_its_path_and_changes_nothing(
    shop: Shop, said: str, other: str, field: str
) -> None:
    assert said in AI
    before = (await export(shop)).state_hash
    call = apply(shop, AI.replace(said, other, 1))
    status, found = await refusal(call, violated_field)
    assert (status in {"INVALID_ARGUMENT", "ALREADY_EXISTS"}, found) == (True, field)
    assert (await export(shop)).state_hash == before


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("factor: 3600", "factor: 60"),
        ("{unit: second, factor: 1}", "{unit: call, factor: 1}"),
        ("    dimensions", "    aggregation: max\n    dimensions"),
    ],
)
async def test_a_file_cannot_change_the_meaning_of_a_meter(
    shop: Shop, said: str, other: str
) -> None:
    await apply(shop, AI)
    meters_only = AI.split("plans:")[0].split("    costs:")[0]
    assert said in meters_only
    call = apply(shop, meters_only.replace(said, other, 1))
    assert await refusal(call, reason_of) == ("FAILED_PRECONDITION", "METER_FIXED")


async def test_a_retired_meter_is_not_exported_and_takes_no_new_price(shop: Shop) -> None:
    await apply(shop, AI.split("plans:")[0])
    kept = (await export(shop)).state_hash
    retiring = meter_pb.RetireMeterRequest(code="gpu_seconds")
    await shop.meters.RetireMeter(retiring, metadata=shop.operator)
    exported = await export(shop)
    assert ("gpu_seconds" in exported.document, exported.state_hash == kept) == (False, False)
    for document in (AI, "addons" + AI.split("addons")[1]):
        assert (await refusal(apply(shop, document), reason_of))[1] == "METER_RETIRED"


async def test_a_file_read_with_other_meters_is_not_applied(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A meter that is retired between the reading and the change would be sold."""
    await apply(shop, AI.split("plans:")[0])
    addons = "addons" + AI.split("addons")[1].split("resource_prices")[0]
    reading = read_document

    def read(text: str, **said: Any) -> Any:
        found = reading(text, **said)
        shop.rows("UPDATE meters SET retired_at = now() RETURNING code")
        return found

    monkeypatch.setattr("services.catalog.plans.servicer.read_document", read)
    assert await refusal(apply(shop, addons), reason_of) == ("ABORTED", "CATALOG_CHANGED")


def test_the_units_of_a_meter_and_its_file_are_known_to_its_plans_together() -> None:
    before = MeterTerms("gpu_seconds", "GPU", (Unit("second", 1), Unit("day", 86400)))
    document = AI.replace("overage_unit: hour", "overage_unit: day")
    read = read_document(document, meters=Meters((before,)))
    assert read.plans[0].terms is not None
    assert read.plans[0].terms.items[0].overage_unit == "day"
    with pytest.raises(InvalidArgument):
        read_document(document)
    assert set(Meters((before,))) == {*METERS, "gpu_seconds"}


LLM = """
meters:
  - code: llm_tokens
    costs:
      - {unit: 1k_tokens, unit_cost_cents: "0.4", currency: USD, effective_from: 2026-04-01}
"""


async def test_a_file_states_the_costs_of_a_built_in_event_meter_once(shop: Shop) -> None:
    await apply(shop, AI.split("plans:")[0])
    assert "llm_tokens" not in str(yaml.safe_load((await export(shop)).document)["meters"])
    before = (await export(shop)).state_hash
    made = await apply(shop, LLM)
    assert told(made) == ["create meter_cost llm_tokens 2026-04-01"]
    assert list(made.changes[0].differences)[:2] == ["meter_code llm_tokens", "unit 1k_tokens"]
    assert told(await apply(shop, LLM)) == []

    exported = await export(shop)
    assert exported.state_hash != before
    entries = yaml.safe_load(exported.document)["meters"]
    assert [one["code"] for one in entries] == ["gpu_seconds", "llm_tokens"]
    assert sorted(entries[1]) == ["code", "costs"]
    assert told(await apply(shop, exported.document)) == []
    later = exported.document.replace("'0.4'", "'0.3'")
    assert told(await apply(shop, later)) == ["create meter_cost llm_tokens 2026-04-01"]
    found = await shop.meters.GetMeter(
        meter_pb.GetMeterRequest(code="llm_tokens"), metadata=shop.operator
    )
    assert (found.meter.cost.unit_cost_cents, found.meter.cost.currency) == ("0.3", "USD")


def test_costs_of_built_in_meters_make_the_same_ones_elsewhere_and_are_kept() -> None:
    read = read_document(LLM)
    [change] = plan_changes(CatalogState(), read)
    assert isinstance(change, MeterCostChange)
    assert (read.declared_meters, change.cost.unit) == ([], "1k_tokens")
    kept = MeterCost(
        NOBODY, "llm_tokens", "token", Decimal(1), "AUD", date(2026, 1, 1), None, "op", NOW
    )
    assert missing_from(CatalogState(costs=(kept,)), read).meters == ()
    assert missing_from(CatalogState(), read).meters == read.meters


@pytest.mark.parametrize(
    ("said", "other", "field"),
    [
        ("code: llm_tokens", "code: dns_zones", "document.meters[0].code"),
        ("code: llm_tokens", "code: bandwidth_gb", "document.meters[0].code"),
        ("    costs", "    name: Tokens\n    costs", "document.meters[0].code"),
        ("unit: 1k_tokens", "unit: 1m_tokens", "document.meters[0].costs[0].unit"),
    ],
)
def test_a_file_states_nothing_else_of_a_built_in_meter(said: str, other: str, field: str) -> None:
    with pytest.raises((InvalidArgument, AlreadyExists)) as found:
        read_document(LLM.replace(said, other, 1))
    assert found.value.metadata["field"] == field


def test_a_meter_that_is_retired_is_not_declared_again() -> None:
    [terms] = read_document(AI).declared_meters
    state = CatalogState(meters=(StoredMeter(terms, NOW, "op", NOW),))
    with pytest.raises(FailedPrecondition):
        plan_changes(state, read_document(AI.split("plans:")[0]))
    assert hash_of(state) == hash_of(CatalogState())


def test_a_cost_is_an_exact_decimal() -> None:
    [entry] = read_document(AI.replace('"250"', '"0.000123456789"')).meters
    assert entry.costs[0].unit_cost_cents == Decimal("0.000123456789")
    assert isinstance(meters_pb2.MeterCost().unit_cost_cents, str)
