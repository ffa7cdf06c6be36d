"""The configuration of an OIDC issuer, and the mapping of its claims."""

from collections.abc import Mapping
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.common.identity.api_keys import KEY_SUBJECT

__all__ = ["OidcIssuer"]


class OidcIssuer(BaseModel):
    """An issuer of `ARCADIA_OIDC_ISSUERS`, with the mapping of its claims."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    """Prefix of each subject, `<name>:<sub>`, which keeps the subjects of two issuers apart."""
    issuer: str
    """The `iss` of its tokens, and the base URL of its discovery document."""
    audience: str = Field(min_length=1)
    """The required `aud` of its tokens."""
    algorithm: Literal["RS256", "ES256", "EdDSA"] = "RS256"
    """The one algorithm of its signatures."""
    jwks_uri: str = ""
    """The URL of its keys; if empty, found by discovery."""
    subject_claim: str = "sub"
    tenant_claim: str = "tenant_id"
    roles_claim: str = "roles"
    """A claim by its name, or by a dotted path such as `realm_access.roles`."""
    tenant_id: str = ""
    """The tenant of every token of this issuer; the tenant claim is then ignored."""
    roles: Mapping[str, str] = Field(default_factory=dict)
    """Maps values of the roles claim to roles. Other values give none."""

    @model_validator(mode="after")
    def _name_is_not_reserved(self) -> Self:
        if self.name == KEY_SUBJECT:
            raise ValueError(f"{KEY_SUBJECT} is reserved for the subjects of API keys")
        return self

    @model_validator(mode="after")
    def _addresses_are_urls(self) -> Self:
        for field in ("issuer", "jwks_uri"):
            address = getattr(self, field)
            parts = urlsplit(address)
            if (address or field == "issuer") and (
                parts.scheme not in {"https", "http"} or not parts.hostname
            ):
                raise ValueError(f"{field} of {self.name} is not an http(s) address")
        return self

    def caller_claims(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """`sub`, `tenant_id` and `roles` in the form of our own tokens."""
        named = _claim(claims, self.roles_claim)
        values = [named] if isinstance(named, str) else named
        known = values if isinstance(values, list) else []
        subject = _claim(claims, self.subject_claim)
        return {
            "sub": f"{self.name}:{subject}" if isinstance(subject, str) and subject else None,
            "tenant_id": self.tenant_id or _claim(claims, self.tenant_claim),
            "roles": [
                self.roles[value]
                for value in known
                if isinstance(value, str) and value in self.roles
            ],
        }


def _claim(claims: Mapping[str, Any], path: str) -> object:
    """A claim by its literal name, otherwise by a dotted path."""
    if path in claims:
        return claims[path]
    found: object = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
