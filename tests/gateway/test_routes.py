"""The routes of the API, compared with a golden file: a changed route affects every caller.

buf's check for breaking changes does not check HTTP paths.
"""

import re
from pathlib import Path

import pytest
from arcadia.common.v1 import access_pb2
from google.protobuf import descriptor_pb2
from hypothesis import given
from hypothesis import strategies as st

from gateway.routes import (
    DESCRIPTORS,
    Binding,
    read_rpcs,
    route_table,
    transcoded_services,
)

GOLDEN = Path(__file__).with_name("routes.golden")
RPCS = read_rpcs()

OPERATOR, TENANT, ANYBODY, PUBLIC = "operator", "tenant", "authenticated", "public"

SPECIFIED = [
    ("GET", "/api/health", PUBLIC),
    ("GET", "/api/v1/inventory", TENANT),
    ("GET", "/api/v1/inventory/{id}", TENANT),
    ("GET", "/api/v1/billing/balance", OPERATOR),
    ("GET", "/api/v1/billing/cost-lines", OPERATOR),
    ("GET", "/api/v1/drift", OPERATOR),
    ("POST", "/api/v1/drift/{id}/accept", OPERATOR),
    ("POST", "/api/v1/drift/{id}/revert", OPERATOR),
    ("GET", "/api/v1/catalog/plans", ANYBODY),
    ("GET", "/api/v1/catalog/addons", ANYBODY),
    ("POST", "/api/v1/quote", ANYBODY),
    ("GET", "/api/v1/deployments", TENANT),
    ("POST", "/api/v1/deployments", TENANT),
    ("GET", "/api/v1/deployments/{id}", TENANT),
    ("POST", "/api/v1/deployments/{id}/transition", TENANT),
    ("POST", "/api/v1/deployments/{id}/subscribe", TENANT),
    ("GET", "/api/v1/invoices", TENANT),
    ("GET", "/api/v1/invoices/{id}", TENANT),
    ("GET", "/api/v1/dashboard/margin", OPERATOR),
    ("GET", "/api/v1/dashboard/accrual", OPERATOR),
]
"""The HTTP surface of the specification, section 9."""


def bound() -> dict[tuple[str, str], str]:
    """The access of every HTTP route."""
    return {
        (binding.http_method, binding.template): access_pb2.Access.Name(rpc.rule.access)
        for rpc in RPCS
        for binding in rpc.bindings
    }


def test_the_routes_are_those_of_the_golden_file() -> None:
    assert route_table(RPCS) == GOLDEN.read_text(), (
        "the routes have changed; if every caller may live with that: "
        "python -m gateway.routes > tests/gateway/routes.golden"
    )


@pytest.mark.parametrize(("method", "template", "access"), SPECIFIED)
def test_the_specified_routes_are_there_for_whom_they_are_meant(
    method: str, template: str, access: str
) -> None:
    assert bound()[method, template] == f"ACCESS_{access.upper()}"


def test_every_rpc_declares_its_access() -> None:
    assert not [rpc.path for rpc in RPCS if not rpc.rule.access]


def test_health_alone_is_public() -> None:
    public = [rpc.path for rpc in RPCS if rpc.public]
    assert public == ["/arcadia.common.v1.HealthService/GetHealth"]


def test_no_internal_rpc_has_an_http_route() -> None:
    assert not [rpc.path for rpc in RPCS if not rpc.shown and rpc.bindings]


def test_no_stream_has_an_http_route() -> None:
    """An error in mid-stream would look like success there."""
    assert not [rpc.path for rpc in RPCS if rpc.streaming and rpc.bindings]


def test_no_rpc_that_is_shown_takes_a_stream() -> None:
    """The gateway holds a request until it is whole, to bound its size."""
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file
    taking = {
        f"/{file.package}.{service.name}/{method.name}"
        for file in files
        for service in file.service
        for method in service.method
        if method.client_streaming
    }
    assert not taking & {rpc.path for rpc in RPCS if rpc.shown}


def test_no_two_rpcs_share_a_route() -> None:
    shapes = [(binding.http_method, binding.path_regex) for rpc in RPCS for binding in rpc.bindings]
    assert len(shapes) == len(set(shapes))


def test_every_route_is_under_api() -> None:
    assert not [path for _, path in bound() if not re.match(r"/api/(health$|v1/)", path)]


def test_a_service_with_only_internal_rpcs_is_not_transcoded() -> None:
    services = transcoded_services(RPCS)
    assert "arcadia.inventory.v1.InventoryService" in services
    assert "arcadia.inventory.v1.SyncService" not in services


def test_a_package_without_an_owner_is_refused(tmp_path: Path) -> None:
    files = descriptor_pb2.FileDescriptorSet()
    stray = files.file.add(name="stray.proto", package="arcadia.payroll.v1")
    stray.service.add(name="PayrollService").method.add(name="Pay")
    path = tmp_path / "stray.binpb"
    path.write_bytes(files.SerializeToString())
    with pytest.raises(ValueError, match=r"arcadia\.payroll\.v1"):
        read_rpcs(path)


@given(segment=st.from_regex(r"[^/]+", fullmatch=True))
def test_a_variable_in_a_path_stands_for_one_segment(segment: str) -> None:
    regex = Binding("GET", "/a.b/{id}/c", "").path_regex
    assert re.fullmatch(regex, f"/a.b/{segment}/c")
    assert not re.fullmatch(regex, f"/a.b/{segment}/d/c")
    assert not re.fullmatch(regex, f"/aXb/{segment}/c")
