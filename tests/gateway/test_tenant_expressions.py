"""The gateway reads the tenant of a token as the services do, whoever issued it."""

from gateway.tenants import OPERATORS, kind_expression, tenant_expression
from services.catalog.keys.rules import PLATFORM_ROLES
from services.common.identity.issuers import OidcIssuer


def issuer(**more: object) -> OidcIssuer:
    return OidcIssuer.model_validate(
        {"name": "sso", "issuer": "https://sso.example.com", "audience": "arcadia", **more}
    )


def test_operators_are_known_by_every_platform_role() -> None:
    assert set(OPERATORS) == PLATFORM_ROLES
    assert all(f'"{role}"' in kind_expression([]) for role in OPERATORS)


def test_the_claim_of_an_issuer_is_read_for_its_tokens_only() -> None:
    expression = tenant_expression([issuer(tenant_claim="org.id")])
    assert '["org"]["id"]' in expression
    assert "https://sso.example.com" in expression
    assert expression.rstrip(")").endswith('["tenant_id"]')


def test_an_issuers_one_tenant_is_the_tenant_of_all_its_tokens() -> None:
    assert '? "acme" :' in tenant_expression([issuer(tenant_id="acme")])


def test_an_issuers_values_make_operators_where_they_are_mapped_to_such_a_role() -> None:
    mapped = issuer(roles={"ops": "platform-operations", "boss": "admin"})
    expression = kind_expression([mapped])
    assert '"ops"' in expression
    assert '"boss"' not in expression


def test_a_quote_in_a_claim_stays_in_its_text() -> None:
    assert r"\"" in tenant_expression([issuer(tenant_claim='a"] || true')])
