"""The callers and routes of RPCs."""

from itertools import combinations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from tests.protos.api import METHODS, Method, field_named

EXPOSED = [(method, route) for method in METHODS for route in method.routes]
WITH_BODY = {"POST", "PUT", "PATCH"}

SPECIFIED = {
    "GET /api/health": "public",
    "GET /api/v1/inventory": "tenant",
    "GET /api/v1/inventory/{id}": "tenant",
    "GET /api/v1/billing/balance": "operator",
    "GET /api/v1/billing/cost-lines": "operator",
    "GET /api/v1/drift": "operator",
    "POST /api/v1/drift/{id}/accept": "operator",
    "POST /api/v1/drift/{id}/revert": "operator",
    "GET /api/v1/catalog/plans": "authenticated",
    "GET /api/v1/catalog/addons": "authenticated",
    "POST /api/v1/quote": "authenticated",
    "GET /api/v1/deployments": "tenant",
    "POST /api/v1/deployments": "tenant",
    "GET /api/v1/deployments/{id}": "tenant",
    "POST /api/v1/deployments/{id}/transition": "tenant",
    "POST /api/v1/deployments/{id}/subscribe": "tenant",
    "POST /api/v1/deployments/{id}/provision": "operator",
    "GET /api/v1/invoices": "tenant",
    "GET /api/v1/invoices/{id}": "tenant",
    "GET /api/v1/dashboard/margin": "operator",
    "GET /api/v1/dashboard/accrual": "operator",
}


def test_every_method_declares_its_access() -> None:
    assert METHODS
    assert [method.name for method in METHODS if method.access == "unspecified"] == []


OF_USERS = [method for method in METHODS if method.access in {"operator", "tenant"}]


def writes(method: Method) -> bool:
    """Over HTTP, all but a GET; what has no route for HTTP only streams what it reads."""
    return any(route.verb != "GET" for route in method.routes)


OF_THE_HIGHEST = {
    "arcadia.catalog.v1.ApiKeyService/CreateApiKey",
    "arcadia.catalog.v1.ApiKeyService/RevokeApiKey",
    "arcadia.catalog.v1.ApiKeyService/RotateApiKey",
    "arcadia.catalog.v1.TokenRevocationService/RevokeTokens",
}
"""Who decides who may call is above all whose calls it decides about."""


def test_every_operators_and_tenants_method_names_an_operators_role_below_the_highest() -> None:
    areas = {"platform_billing", "platform_operations"}
    highest = {method.name for method in OF_USERS if not method.roles & areas}
    assert highest == OF_THE_HIGHEST


def test_a_viewer_reads_everything_and_writes_nothing() -> None:
    wrong = [
        method.name for method in OF_USERS if ("platform_viewer" in method.roles) == writes(method)
    ]
    assert wrong == []


def test_a_tenants_writes_name_the_role_admin_and_its_reads_no_role() -> None:
    wrong = [
        method.name
        for method in METHODS
        if ("admin" in method.roles) != (method.access == "tenant" and writes(method))
    ]
    assert wrong == []


def test_internal_rpcs_have_no_route() -> None:
    assert [method.name for method in METHODS if method.internal and method.routes] == []


def test_every_other_unary_method_has_one_route_and_a_stream_has_none() -> None:
    wrong = [
        method.name
        for method in METHODS
        if not method.internal and len(method.routes) != (0 if method.streams else 1)
    ]
    assert wrong == []


def test_every_route_is_below_api() -> None:
    templates = [route.template for _, route in EXPOSED]
    wrong = [template for template in templates if not template.startswith("/api/v1/")]
    assert wrong == ["/api/health"]


def test_no_request_fits_two_routes() -> None:
    routes = [route for _, route in EXPOSED]
    assert [(a, b) for a, b in combinations(routes, 2) if a.meets(b)] == []


def test_a_path_binds_fields_of_its_request() -> None:
    bound = [
        (route.template, field_named(method.request, variable))
        for method, route in EXPOSED
        for variable in route.variables
    ]
    wrong = [
        template
        for template, field in bound
        if field is None or field.type == FieldDescriptorProto.TYPE_MESSAGE
    ]
    assert wrong == []


READS_WITH_A_BODY = {"arcadia.analytics.v1.SimulationService/SimulateCatalog"}
"""What is asked is too long for a query."""


def test_writes_have_a_body_and_reads_and_deletes_have_none() -> None:
    wrong = [
        route for _, route in EXPOSED if route.body != ("*" if route.verb in WITH_BODY else "")
    ]
    assert wrong == []


def test_a_query_is_made_of_single_values() -> None:
    wrong = [
        (method.name, field.name)
        for method, route in EXPOSED
        if not route.body
        for field in method.request.field
        if field.type == FieldDescriptorProto.TYPE_MESSAGE
        or field.label == FieldDescriptorProto.LABEL_REPEATED
    ]
    assert wrong == []


def test_every_write_takes_a_request_id() -> None:
    without = {
        method.name
        for method, route in EXPOSED
        if route.verb != "GET" and field_named(method.request, "request_id") is None
    }
    assert without == READS_WITH_A_BODY


def test_the_specified_routes_are_there_for_those_they_are_for() -> None:
    declared = {f"{route.verb} {route.template}": method.access for method, route in EXPOSED}
    assert {route: declared.get(route) for route in SPECIFIED} == SPECIFIED
