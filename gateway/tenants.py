"""CEL expressions for the gateway: the tenant of a token, and whether it is an operator's.

The services read the same claims (services/common/identity/issuers.py). An expression fails if its
claim is missing; the limit that uses it then does not apply.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from arcadia.common.v1 import access_pb2

from services.common.identity.callers import OPERATOR_ROLE
from services.common.identity.issuers import OidcIssuer
from services.common.identity.policy import PLATFORM

__all__ = ["kind_expression", "tenant_expression"]

CLAIMS: Final = "metadata.filter_metadata['envoy.filters.http.jwt_authn']['jwt']"

OPERATORS: Final = sorted(
    {
        OPERATOR_ROLE,
        *(
            slug
            for name, _ in access_pb2.Role.items()
            if (slug := name.removeprefix("ROLE_").lower().replace("_", "-")).startswith(PLATFORM)
        ),
    }
)


def tenant_expression(issuers: Sequence[OidcIssuer]) -> str:
    """The tenant of a token, depending on its issuer."""
    return _by_issuer(
        (
            (one, _text(one.tenant_id) if one.tenant_id else _claim(one.tenant_claim))
            for one in issuers
        ),
        _claim("tenant_id"),
    )


def kind_expression(issuers: Sequence[OidcIssuer]) -> str:
    """`operator` for a token with an operator's role, else `tenant`."""
    return _by_issuer(
        (
            (
                one,
                _kind(
                    one.roles_claim,
                    [value for value, role in one.roles.items() if role in OPERATORS],
                ),
            )
            for one in issuers
        ),
        _kind("roles", OPERATORS),
    )


def _by_issuer(cases: Iterable[tuple[OidcIssuer, str]], otherwise: str) -> str:
    expression = otherwise
    for issuer, found in cases:
        is_of_it = f"('iss' in {CLAIMS} && {CLAIMS}['iss'] == {_text(issuer.issuer)})"
        expression = f"({is_of_it} ? {found} : {expression})"
    return expression


def _kind(claim: str, operators: Sequence[str]) -> str:
    if not operators:
        return "'tenant'"
    roles = _claim(claim)
    is_operator = " || ".join(
        f"{roles} == {_text(value)} || {_text(value)} in {roles}" for value in operators
    )
    first = claim.split(".")[0]
    is_there = f"({_text(claim)} in {CLAIMS} || {_text(first)} in {CLAIMS})"
    return f"({is_there} && ({is_operator}) ? 'operator' : 'tenant')"


def _claim(path: str) -> str:
    """A claim by its name, which may contain dots, or else by a dotted path."""
    if "." not in path:
        return f"{CLAIMS}[{_text(path)}]"
    nested = CLAIMS + "".join(f"[{_text(name)}]" for name in path.split("."))
    return f"({_text(path)} in {CLAIMS} ? {CLAIMS}[{_text(path)}] : {nested})"


def _text(value: str) -> str:
    return json.dumps(value)
