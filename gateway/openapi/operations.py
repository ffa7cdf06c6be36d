"""The operations: one for each HTTP route of an RPC."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from arcadia.common.v1 import access_pb2

from gateway.openapi.declared import Declared, DeclaredField
from gateway.openapi.problems import own_problems
from gateway.openapi.reasons import Reason
from gateway.openapi.schemas import Schemas
from gateway.openapi.texts import vocabulary
from gateway.routes import Binding, Rpc
from services.common.identity.callers import OPERATOR_ROLE

__all__ = ["KEY_PARAMETER", "SECURITY_SCHEMES", "Operations", "tag_of"]

JSON: Final = "application/json"
HTTP_BODY: Final = ".google.api.HttpBody"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "html": "text/html",
    "focus": "text/csv",
}
"""The media type of each `format` in which a document can be requested."""

SECURITY_SCHEMES: Final[dict[str, dict[str, Any]]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JWT of arcadia-app, or of a configured OIDC issuer.",
    },
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "arc_…",
        "description": "An API key, sent as a bearer token; see `createApiKey`.",
    },
}
KEY_PARAMETER: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "The idempotency key: for 30 days, a request with the same key and the same content is"
        " carried out once and returns the first response."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
VARIABLE: Final = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True)
class Operations:
    """Makes the operations of RPCs."""

    declared: Declared
    schemas: Schemas
    reasons: Mapping[str, Iterable[Reason]]
    """By servicer and method."""
    examples: Mapping[str, Any]
    """Recorded requests and responses by operation."""

    def of(self, rpc: Rpc, binding: Binding) -> dict[str, Any]:
        """The operation of an RPC at a route."""
        service = self.declared.services[rpc.service]
        method = service.methods[rpc.name]
        comment = service.comments[rpc.name]
        operation_id = rpc.name[0].lower() + rpc.name[1:]
        recorded = self.examples.get(operation_id, {})
        in_path = VARIABLE.findall(binding.template)
        fields = {one.name: one for one in self.declared.messages[rpc.request].fields}
        operation: dict[str, Any] = {
            "operationId": operation_id,
            "tags": [tag_of(rpc.service)],
            "summary": re.split(r"[.:;] ", comment.replace("\n", " "))[0].rstrip("."),
            "description": f"{comment}\n\n{_who(rpc)}",
        }
        if method.options.deprecated:
            operation["deprecated"] = True
        parameters = [self._parameter(fields[name], "path") for name in in_path]
        if not binding.body:
            parameters += [
                self._parameter(one, "query") for one in fields.values() if one.name not in in_path
            ]
        if rpc.keyed:
            parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
        if parameters:
            operation["parameters"] = parameters
        if binding.body:
            operation["requestBody"] = self._body(rpc, frozenset(in_path), recorded)
        operation["security"] = [] if rpc.public else [{name: []} for name in SECURITY_SCHEMES]
        operation["responses"] = {
            "200": self._success(method.output_type, fields, recorded),
            **own_problems(
                self.reasons.get(_handler(rpc), ()),
                has_body=bool(binding.body),
                shared=_shared_statuses(rpc),
            ),
        }
        return operation

    def _parameter(self, declared: DeclaredField, where: str) -> dict[str, Any]:
        required = where == "path" or declared.required
        return {
            "name": declared.name,
            "in": where,
            **({"required": True} if required else {}),
            "description": declared.comment,
            "schema": self.schemas.parameter(declared),
        }

    def _body(
        self, rpc: Rpc, in_path: frozenset[str], recorded: Mapping[str, Any]
    ) -> dict[str, Any]:
        content = {"schema": self.schemas.body(rpc.request, in_path)}
        if "request" in recorded:
            content["example"] = recorded["request"]
        return {"required": True, "content": {JSON: content}}

    def _success(
        self, message: str, fields: Mapping[str, DeclaredField], recorded: Mapping[str, Any]
    ) -> dict[str, Any]:
        if message == HTTP_BODY:
            formats = vocabulary(fields["format"].comment) if "format" in fields else ("pdf",)
            content: dict[str, Any] = {MEDIA_TYPES[one]: {} for one in formats}
            comment = "The document."
        else:
            content = {JSON: {"schema": self.schemas.returned(message)}}
            if "response" in recorded:
                content[JSON]["example"] = recorded["response"]
            comment = self.declared.messages[message].comment
        return {
            "description": comment,
            "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"}},
            "content": content,
        }


def tag_of(service: str) -> str:
    """The noun of a service: `arcadia.catalog.v1.ApiKeyService` is `API key`."""
    words = re.findall("[A-Z][a-z]*", service.rpartition(".")[2].removesuffix("Service"))
    return " ".join(words).capitalize().replace("Api ", "API ")


def _handler(rpc: Rpc) -> str:
    return f"{rpc.service.rpartition('.')[2].removesuffix('Service')}Servicer/{rpc.name}"


def _shared_statuses(rpc: Rpc) -> list[int]:
    if rpc.public:
        return [429, 500, 503, 504]
    forbidden = [] if rpc.rule.access == access_pb2.ACCESS_AUTHENTICATED else [403]
    return [401, *forbidden, 429, 500, 503, 504]


def _who(rpc: Rpc) -> str:
    """Who may call an RPC, in words."""
    rule = rpc.rule
    operators = ", ".join(f"`{role}`" for role in sorted({OPERATOR_ROLE, *rule.platform_roles}))
    match rule.access:
        case access_pb2.ACCESS_PUBLIC:
            return "Anyone may call this, without a token."
        case access_pb2.ACCESS_AUTHENTICATED:
            return "Any valid token may call this."
        case access_pb2.ACCESS_OPERATOR:
            return f"Only operators may call this, with one of the roles {operators}."
    roles = ", ".join(f"`{role}`" for role in sorted(rule.tenant_roles))
    with_role = f" with the role {roles}" if roles else ""
    return (
        f"A tenant's token{with_role} may call this for the tenant's own rows; operators with one"
        f" of the roles {operators} for all."
    )
