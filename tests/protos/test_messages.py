"""Conventions of messages."""

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from tests.protos.api import FIELDS, METHODS, field_named

LISTS = [method for method in METHODS if method.lists]

PLURALS = {
    "/api/v1/inventory": "resources",
    "/api/v1/drift": "drifts",
    "/api/v1/billing/cost-lines": "cost_lines",
    "/api/v1/catalog/plans": "plans",
    "/api/v1/catalog/addons": "addons",
    "/api/v1/deployments": "deployments",
    "/api/v1/invoices": "invoices",
}

FRACTIONAL_PRICES = (
    "unit_price_cents", "overage_price_cents", "value_cents",
    "fixed_cents", "floor_cents", "step_cents", "unit_cost_cents",
)  # fmt: skip  # a table
"""Prices and values that may have fractions of a cent: exact decimals as text."""

FLOATING = {FieldDescriptorProto.TYPE_FLOAT, FieldDescriptorProto.TYPE_DOUBLE}


def _answer(name: str) -> list[str]:
    method = next(method for method in METHODS if method.name.endswith(f"/{name}"))
    return [field.name for field in method.response.field]


def test_a_list_takes_a_page_size_and_a_token() -> None:
    paging = {
        "page_size": FieldDescriptorProto.TYPE_INT32,
        "page_token": FieldDescriptorProto.TYPE_STRING,
    }
    wrong = [
        method.name
        for method in LISTS
        for name, kind in paging.items()
        if (field := field_named(method.request, name)) is None or field.type != kind
    ]
    assert wrong == []


def test_a_list_answers_its_rows_first_and_the_next_token_second() -> None:
    wrong = []
    for method in LISTS:
        rows, token = sorted(method.response.field, key=lambda field: field.number)[:2]
        if (
            rows.label != FieldDescriptorProto.LABEL_REPEATED
            or token.name != "next_page_token"
            or token.type != FieldDescriptorProto.TYPE_STRING
        ):
            wrong.append(method.name)
    assert wrong == []


def test_a_response_with_a_next_token_belongs_to_a_paged_request() -> None:
    wrong = [
        method.name
        for method in METHODS
        if field_named(method.response, "next_page_token")
        and not (
            field_named(method.request, "page_token") and field_named(method.request, "page_size")
        )
    ]
    assert wrong == []


def test_the_specified_lists_answer_under_the_specified_plurals() -> None:
    declared = {
        route.template: method.response.field[0].name for method in LISTS for route in method.routes
    }
    assert {template: declared.get(template) for template in PLURALS} == PLURALS


def test_no_field_is_a_floating_point_number() -> None:
    assert [name for name, field in FIELDS if field.type in FLOATING] == []


def test_cents_are_whole_numbers_and_fractions_of_a_cent_are_text() -> None:
    wrong = [
        name
        for name, field in FIELDS
        if field.name.endswith("_cents")
        and field.type
        != (
            FieldDescriptorProto.TYPE_STRING
            if field.name in FRACTIONAL_PRICES
            else FieldDescriptorProto.TYPE_INT64
        )
    ]
    assert wrong == []


@pytest.mark.parametrize("ending", ["_usd", "_percent", "qty", "_on", "_day", "period"])
def test_exact_decimals_and_dates_are_text(ending: str) -> None:
    found = [(name, field) for name, field in FIELDS if field.name.endswith(ending)]
    assert found
    assert [name for name, field in found if field.type != FieldDescriptorProto.TYPE_STRING] == []


def test_instants_are_timestamps() -> None:
    wrong = [
        name
        for name, field in FIELDS
        if field.name.endswith("_at") and field.type_name != ".google.protobuf.Timestamp"
    ]
    assert wrong == []


def test_a_quote_has_its_lines_and_its_total_at_the_top() -> None:
    assert _answer("CreateQuote")[:5] == [
        "recurring",
        "first_invoice",
        "overage",
        "ad_hoc",
        "all_in_monthly_cents",
    ]


def test_a_projected_usage_takes_numbers_and_text() -> None:
    entry = next(
        field
        for name, field in FIELDS
        if name.endswith("CreateQuoteRequest.ProjectedUsageEntry.value")
    )
    assert entry.type_name == ".google.protobuf.Value"


@pytest.mark.parametrize("name", ["GetMargin", "GetAccrual"])
def test_a_margin_has_its_figures_and_its_parts_at_the_top(name: str) -> None:
    assert _answer(name)[:7] == [
        "revenue_cents",
        "cogs_cents",
        "margin_cents",
        "margin_percent",
        "by_tenant",
        "by_deployment",
        "by_kind",
    ]


@pytest.mark.parametrize(
    "figure", ["revenue_cents", "cogs_cents", "margin_cents", "margin_percent"]
)
def test_a_figure_of_the_margin_can_be_unknown(figure: str) -> None:
    found = [
        field.proto3_optional
        for name, field in FIELDS
        if field.name == figure and name.startswith("arcadia.analytics.")
    ]
    assert found
    assert all(found)
