"""Tables of prices: in the catalog file and as CSV."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import typer
import yaml
from arcadia.catalog.v1 import catalog_pb2
from hypothesis import given
from hypothesis import strategies as st

from cli.catalog.price_csv import UnreadableCsv, document_of, write_csv
from cli.catalog.prices import match_text
from cli.options import text_of
from services.catalog.plans.document import read_document, write_document
from services.catalog.plans.rules.changes import CatalogState
from services.catalog.plans.rules.diff import missing_from, plan_changes
from services.catalog.plans.rules.matches import find_tie, match_of
from services.catalog.plans.rules.plans import (
    Plan,
    PlanItem,
    PlanVersion,
    ResourcePrice,
    UnitPrice,
    VersionTerms,
)
from services.catalog.vocabulary import VersionStatus
from services.common.errors import FailedPrecondition, InvalidArgument
from services.common.rpc.messages import message_of

NOBODY = UUID(int=0)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOURS = "droplet_hours"

TABLE = """
plans:
  - code: studio
    name: Studio
    price_cents: 5000
    currency: AUD
    items:
      - resource_kind: droplet_hours
        overage_unit: hour
        match: {region: [syd1]}
        by: size
        prices: {s-2vcpu-4gb: 8.2, gpu-*: 900}
      - {resource_kind: droplet_hours, included_qty: 9, overage_unit: hour, overage_price_cents: 1}
resource_prices:
  - resource_kind: droplet_hours
    unit: hour
    currency: AUD
    effective_from: 2026-05-01
    by: size
    prices:
      s-2vcpu-4gb: 8.2
      s-4vcpu-8gb: 16.4
"""


def test_a_table_is_a_row_for_each_value_of_its_dimension() -> None:
    document = read_document(TABLE)
    [plan] = document.plans
    assert plan.terms is not None
    assert [(one.match, one.overage_price_cents) for one in plan.terms.items] == [
        (match_of({"region": ["syd1"], "size": ["s-2vcpu-4gb"]}), Decimal("8.2")),
        (match_of({"region": ["syd1"], "size": ["gpu-*"]}), Decimal(900)),
        ((), Decimal(1)),
    ]
    assert [(one.match, one.unit_price_cents) for one in document.prices] == [
        (match_of({"size": ["s-2vcpu-4gb"]}), Decimal("8.2")),
        (match_of({"size": ["s-4vcpu-8gb"]}), Decimal("16.4")),
    ]


def state_of(*prices: UnitPrice, items: tuple[PlanItem, ...] = ()) -> CatalogState:
    terms = VersionTerms(5000, "AUD", items)
    version = PlanVersion(
        NOBODY, "studio", "Studio", 1, VersionStatus.ACTIVE, terms, NOW, NOW, None
    )
    return CatalogState(
        plans=(Plan(NOBODY, "studio", "Studio", NOW, version),),
        prices=tuple(ResourcePrice(UUID(int=n), one) for n, one in enumerate(prices)),
        newest_versions={"studio": 1},
    )


def test_an_export_writes_rows_that_make_a_table_as_one_entry() -> None:
    document = read_document(TABLE)
    [plan] = document.plans
    assert plan.terms is not None
    written = yaml.safe_load(write_document(state_of(*document.prices, items=plan.terms.items)))
    assert written["plans"][0]["items"][0] == {
        "resource_kind": HOURS, "included_qty": "0", "overage_unit": "hour",
        "match": {"region": ["syd1"]}, "by": "size",
        "prices": {"s-2vcpu-4gb": "8.2", "gpu-*": "900"},
    }  # fmt: skip  # a table
    assert written["resource_prices"] == [
        {
            "resource_kind": HOURS, "unit": "hour", "currency": "AUD",
            "effective_from": "2026-05-01", "by": "size",
            "prices": {"s-2vcpu-4gb": "8.2", "s-4vcpu-8gb": "16.4"},
        }
    ]  # fmt: skip  # a table


@pytest.mark.parametrize(
    ("said", "other", "field"),
    [
        ("gpu-*: 900", "gpu-*: dear", "plans[0].items[0].prices.gpu-*.overage_price_cents"),
        ("by: size\n        prices: {", "by: sise\n        prices: {",
         "plans[0].items[0].prices.s-2vcpu-4gb.match.sise"),
        ("overage_price_cents: 1}", "overage_price_cents: x}",
         "plans[0].items[1].overage_price_cents"),
        ("prices: {s-2vcpu-4gb: 8.2, gpu-*: 900}", "prices: 3", "plans[0].items[0].prices"),
        ("        by: size\n", "", "plans[0].items[0].by"),
        ("match: {region: [syd1]}", "match: {size: [a]}", "plans[0].items[0].match"),
        ("match: {region: [syd1]}", "overage_price_cents: 3",
         "plans[0].items[0].overage_price_cents"),
        ("      s-4vcpu-8gb: 16.4", "      s-4vcpu-8gb: -1",
         "resource_prices[0].prices.s-4vcpu-8gb.unit_price_cents"),
        ("match: {region: [syd1]}", "match: [region]", "plans[0].items[0].match"),
    ],
)  # fmt: skip  # a table
def test_an_error_in_a_table_is_named_by_its_path_in_the_file(
    said: str, other: str, field: str
) -> None:
    assert said in TABLE
    with pytest.raises(InvalidArgument) as refused:
        read_document(TABLE.replace(said, other, 1), "document")
    assert refused.value.violations[0].field == f"document.{field}"


def test_a_file_whose_rows_tie_is_refused_before_anything_is_shown() -> None:
    text = TABLE.replace("match: {region: [syd1]}\n        by: size\n", "by: size\n")
    text = text.replace(
        "      - {resource_kind: droplet_hours, included",
        "      - {resource_kind: droplet_hours, overage_unit: hour, match: {region: [syd1]}}\n"
        "      - {resource_kind: droplet_hours, included",
    )
    with pytest.raises(FailedPrecondition, match=r"document: plan studio: items\[2\].match"):
        plan_changes(CatalogState(), read_document(text))


sizes = st.sampled_from(["s-1", "s-2", "s-3", "gpu-*"])
matches = st.one_of(
    st.just(()),
    sizes.map(lambda size: match_of({"size": [size]})),
    st.tuples(sizes, st.sampled_from(["a", "b"])).map(
        lambda one: match_of({"size": [one[0]], "region": [one[1]]})
    ),
    st.sets(sizes, min_size=2).map(lambda some: match_of({"size": some})),
)
cents = st.decimals(0, 10**6, places=4)


@st.composite
def price_lists(draw: st.DrawFn) -> list[UnitPrice]:
    """Resource prices with matches, none of which tie; some of a line follow one another."""
    found: list[UnitPrice] = []
    chosen = draw(st.lists(matches, unique=True, max_size=6))
    if find_tie(chosen) is not None:
        chosen = chosen[:1]
    for match in chosen:
        first = UnitPrice(HOURS, "hour", draw(cents), "AUD", date(2026, 1, 1), None, match)
        if draw(st.booleans()):
            found.append(replace(first, effective_to=date(2026, 3, 1)))
            first = replace(first, effective_from=date(2026, 3, 1), unit_price_cents=draw(cents))
        found.append(first)
    return found


def ordered(prices: list[UnitPrice] | tuple[UnitPrice, ...]) -> list[UnitPrice]:
    return sorted(prices, key=lambda one: (one.match, one.effective_from))


@given(price_lists(), st.lists(matches, unique=True, max_size=6), st.data())
def test_an_export_with_matches_changes_nothing_and_makes_the_same_catalog_elsewhere(
    prices: list[UnitPrice], chosen: list[object], data: st.DataObject
) -> None:
    if find_tie(chosen) is not None:  # type: ignore[arg-type]
        chosen = chosen[:1]
    items = tuple(
        PlanItem(HOURS, data.draw(cents), "hour", data.draw(cents), match=match)  # type: ignore[arg-type]
        for match in chosen
    )
    state = state_of(*prices, items=items)
    document = read_document(write_document(state))
    assert plan_changes(state, document) == []
    assert ordered(document.prices) == ordered(prices)
    assert document.plans[0].terms is not None
    assert document.plans[0].terms.items == items
    assert missing_from(state, document).prices == ()


@given(price_lists())
def test_prices_are_the_same_after_a_round_trip_by_csv(prices: list[UnitPrice]) -> None:
    kept = [ResourcePrice(NOBODY, one) for one in prices]
    text = write_csv(message_of(catalog_pb2.ResourcePrice, one) for one in kept)
    assert ordered(read_document(document_of(text)).prices) == ordered(prices)
    assert write_csv(message_of(catalog_pb2.ResourcePrice, one) for one in kept) == text


def test_a_csv_has_a_column_for_each_dimension_and_a_line_for_each_price() -> None:
    prices = [
        UnitPrice(HOURS, "hour", Decimal("8.2"), "AUD", date(2026, 5, 1), None,
                  match_of({"size": ["b", "a"], "region": ["syd1"]})),
        UnitPrice(HOURS, "hour", Decimal("1.5"), "AUD", date(2026, 5, 1), date(2026, 6, 1)),
    ]  # fmt: skip  # a table
    messages = [message_of(catalog_pb2.ResourcePrice, ResourcePrice(NOBODY, one)) for one in prices]
    assert write_csv(messages).splitlines() == [
        "meter,region,size,unit,price,currency,effective_from,effective_to",
        "droplet_hours,syd1,a|b,hour,8.2,AUD,2026-05-01,",
        "droplet_hours,,,hour,1.5,AUD,2026-05-01,2026-06-01",
    ]
    assert [match_text(one.match) for one in messages] == ["region syd1; size a, b", "all"]


HEADER = "meter,size,unit,price,currency,effective_from\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("meter,size,price\n", "line 1: there is no column unit, currency, effective_from"),
        (HEADER + "droplet_hours,a,hour,1,AUD\n", "line 2: has not as many cells as line 1"),
        (HEADER + "droplet_hours,a,hour,1,AUD,2026-01-01,x\n", "line 2: has not as many"),
        (HEADER + "droplet_hours,a,hour,1,AUD,2026-01-01\ntea,a,hour,1,AUD,2026-01-01\n",
         "line 3: meter"),
        (HEADER + "droplet_hours,a,hour,one,AUD,2026-01-01\n", "line 2: price"),
        (HEADER + "droplet_hours,a b,hour,1,AUD,2026-01-01\n", "line 2: match.size"),
        (HEADER + "dns_zones,a,zone,1,AUD,2026-01-01\n", "line 2: match.size 'size' is not a dim"),
        (HEADER + 2 * "droplet_hours,a,hour,1,AUD,2026-01-01\n", "line 3:  is there already"),
        ("", "line 1: there is no column meter"),
    ],
)  # fmt: skip  # a table
def test_an_error_in_a_csv_is_named_by_its_line_and_column(text: str, message: str) -> None:
    with pytest.raises(UnreadableCsv) as refused:
        document_of(text)
    assert message in str(refused.value)


def test_a_file_is_read_without_its_byte_order_mark_and_refused_if_not_utf_8(
    tmp_path: Path,
) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(b"\xef\xbb\xbfmeter,price\n")
    assert text_of(file) == "meter,price\n"
    file.write_bytes(b"caf\xe9")
    with pytest.raises(typer.BadParameter, match=r"prices\.csv is not a text in UTF-8"):
        text_of(file)
