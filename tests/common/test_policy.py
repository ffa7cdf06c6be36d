"""The RPCs that a role may call."""

import pytest
from arcadia.common.v1 import access_pb2

from services.common.errors import PermissionDenied
from services.common.identity.callers import ALL, Caller, Scope
from services.common.identity.policy import AccessRule, authorise

READ = AccessRule(
    access_pb2.ACCESS_TENANT, platform_roles=frozenset({"platform-billing", "platform-viewer"})
)
WRITE = AccessRule(
    access_pb2.ACCESS_TENANT,
    platform_roles=frozenset({"platform-billing"}),
    tenant_roles=frozenset({"admin"}),
)
OPERATED = AccessRule(access_pb2.ACCESS_OPERATOR, platform_roles=frozenset({"platform-billing"}))


def staff(*roles: str, tenant_id: str | None = None) -> Caller:
    return Caller("somebody", tenant_id, frozenset(roles))


def refusal(caller: Caller, rule: AccessRule, *, enforced: bool = False) -> tuple[str, str]:
    with pytest.raises(PermissionDenied) as refused:
        authorise(caller, rule, tenant_roles_enforced=enforced)
    return refused.value.reason, refused.value.message


def test_a_platform_role_that_is_named_acts_as_an_operator_in_that_call() -> None:
    caller = staff("platform-billing")
    acting = authorise(caller, OPERATED)
    assert (acting.is_operator, acting.scope) == (True, ALL)
    assert not caller.is_operator


def test_platform_admin_acts_as_an_operator_everywhere() -> None:
    for rule in (READ, WRITE, OPERATED, AccessRule(access_pb2.ACCESS_OPERATOR)):
        assert authorise(staff("platform-admin"), rule, tenant_roles_enforced=True).is_operator


def test_a_write_by_a_viewer_is_refused_with_the_required_role() -> None:
    assert refusal(staff("platform-viewer"), OPERATED) == (
        "ROLE_REQUIRED",
        "this needs the role platform-billing",
    )
    assert authorise(staff("platform-viewer"), READ).scope == ALL


def test_a_platform_role_that_is_not_named_sees_its_own_tenant_at_most() -> None:
    assert refusal(staff("platform-operations"), READ)[0] == "TENANT_REQUIRED"
    acting = authorise(staff("platform-operations", tenant_id="acme"), READ)
    assert (acting.is_operator, acting.scope) == (False, Scope("acme"))


@pytest.mark.parametrize("role", ["admin", "platform_billing", "Platform-Billing", "billing", ""])
def test_no_other_role_gives_power_over_what_is_an_operators(role: str) -> None:
    assert refusal(staff(role, tenant_id="acme"), OPERATED)[0] == "OPERATOR_ONLY"


@pytest.mark.parametrize("roles", [(), ("billing",), ("member",)])
def test_a_tenants_write_needs_admin_where_roles_are_enforced(roles: tuple[str, ...]) -> None:
    caller = staff(*roles, tenant_id="acme")
    assert refusal(caller, WRITE, enforced=True) == (
        "ROLE_REQUIRED",
        "this needs the role admin",
    )
    assert authorise(caller, WRITE) == caller  # as before, where they are not
    assert authorise(caller, READ, tenant_roles_enforced=True) == caller


def test_a_tenants_admin_writes() -> None:
    caller = staff("admin", tenant_id="acme")
    assert authorise(caller, WRITE, tenant_roles_enforced=True).scope == Scope("acme")


@pytest.mark.parametrize("role", ["platform-viewer", "platform-operations"])
def test_an_operators_role_that_is_not_named_writes_nothing_for_the_tokens_tenant(
    role: str,
) -> None:
    assert refusal(staff(role, tenant_id="acme"), WRITE) == (
        "ROLE_REQUIRED",
        "this needs the role admin or platform-billing",
    )
    both = staff(role, "admin", tenant_id="acme")
    assert authorise(both, WRITE).scope == Scope("acme")


def test_a_service_token_opens_what_its_program_needs() -> None:
    rule = AccessRule(access_pb2.ACCESS_INTERNAL, programs=frozenset({"analytics"}))
    caller = Caller("analytics", None, frozenset(), is_service=True)
    assert authorise(caller, rule).scope == ALL
    stranger = Caller("worker", None, frozenset(), is_service=True)
    assert refusal(stranger, rule)[0] == "PROGRAM_NOT_ALLOWED"
