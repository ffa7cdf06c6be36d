"""Renders the gateway's configuration from the settings and the protos."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import certifi
import jinja2

from gateway.bodies import lua_tables
from gateway.documents import CONTENT_SECURITY_POLICY, documents
from gateway.limits import Limits
from gateway.origins import origin_patterns
from gateway.replies import REPLIES
from gateway.routes import ANY_SERVICE, DESCRIPTORS, read_rpcs, transcoded_services
from gateway.tenants import kind_expression, tenant_expression
from services.common.errors import HTTP_STATUS_KEY
from services.common.identity.api_keys import KEY_PATTERN
from services.common.identity.claims import LEEWAY_SECONDS
from services.common.identity.gateway_proof import gateway_proof
from services.common.identity.issuer_keys import keys_address
from services.common.identity.issuers import OidcIssuer
from services.common.rpc.message_limits import MAX_BODY_BYTES
from services.common.rpc.requests import ADDRESS_KEY, GATEWAY_KEY
from services.common.settings import Port, Service, Settings

__all__ = ["CONFIGURATION", "KEYS", "write_configuration"]

TEMPLATE: Final = Path(__file__).with_name("envoy.yaml.j2")
BODIES: Final = Path(__file__).with_name("bodies.lua")
CONFIGURATION: Final = "envoy.yaml"
KEYS: Final = "jwks.json"
PROOF: Final = "proof.json"
"""The file with the proof by which services recognize the gateway."""
AUTHORITIES: Final = "authorities.pem"
"""The certificate authorities for the key URLs of OIDC issuers: Mozilla's list."""

API_KEY_ID: Final = f"^(?:[Bb]earer {KEY_PATTERN.replace('[0-9a-f]{32}', '([0-9a-f]{32})')}|.*)$"
"""Captures the id of an API key; empty for any other header."""

NATIVE_GRPC: Final = (
    "request.headers['content-type'].matches('^application/grpc($|[+])')"
    " && !('x-envoy-original-path' in request.headers)"
)
"""True for a gRPC caller, by Envoy's definition (`application/grpc;x=1` is not gRPC); after the
transcoder every request looks like gRPC."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a service."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OIDC issuer whose keys the gateway fetches."""

    cluster: str
    issuer: str
    audience: str
    keys: str
    """The URL of its keys."""
    host: str
    port: int
    tls: bool


def write_configuration(
    settings: Settings,
    directory: Path,
    *,
    host: str = "127.0.0.1",
    limits: Limits | None = None,
    descriptors: Path = DESCRIPTORS,
    temporal_ui: str | None = None,
) -> Path:
    """Writes Envoy's configuration files to `directory`; returns the path of the main one.

    `host` is the listening address, `0.0.0.0` in a container; the admin interface is always on
    loopback. `temporal_ui` is the address of Temporal's UI in local mode: the gateway serves it on
    the same port of 127.0.0.1, by its own names only. The files refer to each other by absolute
    paths. Secrets are only in the files of keys and of the proof, readable by their owner only.
    Raises ValueError for invalid settings: an address without a port, an invalid origin, an OIDC
    issuer without a key URL.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    rpcs = read_rpcs(descriptors)
    served = documents()
    endpoints = {service: _endpoint(settings, service) for service in Service}
    text = _template().render(
        listen=Endpoint(host, settings.port(Port.GATEWAY)),
        admin=Endpoint("127.0.0.1", settings.port(Port.GATEWAY_ADMIN)),
        temporal_ui=Endpoint(temporal_ui, settings.port(Port.TEMPORAL_UI)) if temporal_ui else None,
        settings=settings,
        limits=limits or Limits(),
        default_body_bytes=MAX_BODY_BYTES,
        leeway_seconds=LEEWAY_SECONDS,
        status_header=HTTP_STATUS_KEY,
        address_header=ADDRESS_KEY,
        proof_header=GATEWAY_KEY,
        proof=str(directory / PROOF),
        api_key=f"[Bb]earer {KEY_PATTERN}",
        api_key_id=API_KEY_ID,
        tenant=tenant_expression(settings.oidc_issuers),
        kind=kind_expression(settings.oidc_issuers),
        origins=origin_patterns(settings),
        replies=REPLIES,
        documents=served,
        folder=str(directory),
        security_policy=CONTENT_SECURITY_POLICY,
        native_grpc=NATIVE_GRPC,
        rpcs=[rpc for rpc in rpcs if rpc.shown],
        services=transcoded_services(rpcs),
        clusters={str(service): [endpoint] for service, endpoint in endpoints.items()}
        | {ANY_SERVICE: list(endpoints.values())},
        any_service=ANY_SERVICE,
        bodies=lua_tables([rpc for rpc in rpcs if rpc.shown], descriptors) + BODIES.read_text(),
        descriptors=str(directory / descriptors.name),
        keys=str(directory / KEYS),
        issuers=[_issuer(each) for each in settings.oidc_issuers],
        authorities=str(directory / AUTHORITIES),
    )
    if settings.oidc_issuers:
        _replace(directory / AUTHORITIES, Path(certifi.where()).read_bytes(), mode=0o644)
    _replace(directory / descriptors.name, descriptors.read_bytes(), mode=0o644)
    for document in served:
        _replace(directory / document.file_name, document.content, mode=0o644)
        _replace(directory / f"{document.file_name}.gz", document.compressed, mode=0o644)
    _replace(directory / KEYS, _key_set(settings), mode=0o600)
    _replace(directory / PROOF, _proof(settings), mode=0o600)
    configuration = directory / CONFIGURATION
    _replace(configuration, text.encode(), mode=0o644)
    return configuration


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE.parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  (YAML, not HTML: values are written as JSON)
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # JSON is YAML: an encoded value cannot change the structure or its type.
    environment.filters["json"] = json.dumps
    return environment.get_template(TEMPLATE.name)


def _endpoint(settings: Settings, service: Service) -> Endpoint:
    address = settings.address(service)
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"ARCADIA_{service.upper()}_ADDRESS: {address!r} is not host:port")
    return Endpoint(host.strip("[]"), int(port))


def _issuer(issuer: OidcIssuer) -> Issuer:
    address = keys_address(issuer)
    parts = urlsplit(address)
    tls = parts.scheme == "https"
    return Issuer(
        cluster=f"oidc_{issuer.name}",
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=address,
        host=parts.hostname or "",
        port=parts.port or (443 if tls else 80),
        tls=tls,
    )


def _key_set(settings: Settings) -> bytes:
    """The secret, and the previous one if any, as a JSON Web Key Set.

    The key is the raw bytes of the secret's text, as in the services. `alg` is pinned; otherwise a
    token with another HMAC algorithm and the same secret would pass.
    """
    keys = [
        base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
        for each in (settings.jwt_secret, settings.jwt_secret_previous)
        if (secret := each.get_secret_value())
    ]
    algorithm = settings.jwt_algorithm
    jwks = [{"kty": "oct", "alg": algorithm, "k": key} for key in keys]
    return json.dumps({"keys": jwks}).encode()


def _proof(settings: Settings) -> bytes:
    """The proof as a secret in Envoy's file format."""
    secret = {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
        "name": "gateway_proof",
        "generic_secret": {"secret": {"inline_string": gateway_proof(settings.internal_secret)}},
    }
    return json.dumps({"resources": [secret]}).encode()


def _replace(path: Path, content: bytes, *, mode: int) -> None:
    """Replaces a file atomically; it is never readable by others."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
