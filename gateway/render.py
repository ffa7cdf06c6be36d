"""Writes the gateway's configuration: everything in it comes from the settings and the protos."""

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
from gateway.limits import Limits
from gateway.origins import origin_patterns
from gateway.replies import REPLIES
from gateway.routes import ANY_SERVICE, DESCRIPTORS, read_rpcs, transcoded_services
from gateway.tenants import kind_expression, tenant_expression
from services.common.errors import HTTP_STATUS_KEY
from services.common.identity.api_keys import KEY_PATTERN
from services.common.identity.issuer_keys import keys_address
from services.common.identity.issuers import OidcIssuer
from services.common.identity.tokens import LEEWAY_SECONDS
from services.common.rpc.message_limits import MAX_BODY_BYTES
from services.common.rpc.requests import ADDRESS_KEY
from services.common.settings import Port, Service, Settings

__all__ = ["CONFIGURATION", "KEYS", "write_configuration"]

TEMPLATE: Final = Path(__file__).with_name("envoy.yaml.j2")
BODIES: Final = Path(__file__).with_name("bodies.lua")
CONFIGURATION: Final = "envoy.yaml"
KEYS: Final = "jwks.json"
AUTHORITIES: Final = "authorities.pem"
"""Who may certify the addresses of OIDC issuers' keys: Mozilla's list."""

API_KEY_ID: Final = f"^(?:[Bb]earer {KEY_PATTERN.replace('[0-9a-f]{32}', '([0-9a-f]{32})')}|.*)$"
"""Captures the id of an API key; of any other header nothing."""

NATIVE_GRPC: Final = (
    "request.headers['content-type'].matches('^application/grpc($|[+])')"
    " && !('x-envoy-original-path' in request.headers)"
)
"""Holds for a caller who speaks gRPC, as Envoy compares it (`application/grpc;x=1` is no gRPC); the
transcoder makes every request look like one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OIDC issuer as the gateway asks for its keys."""

    cluster: str
    issuer: str
    audience: str
    keys: str
    """The address of its keys."""
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
    """Writes all that Envoy needs into `directory`, and returns the path of its configuration.

    `host` is the address that the gateway listens on, `0.0.0.0` in a container; the admin
    interface always stays on the loopback. `temporal_ui` is the address of Temporal's UI in the
    local mode: the gateway shows it on the same port of 127.0.0.1, by its own name only. The
    files name each other by absolute paths. The secret is only in the key file, which its owner
    alone may read. Raises ValueError for settings that cannot be meant: an address without a
    port, an origin that is none, an OIDC issuer that does not tell where its keys are.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    rpcs = read_rpcs(descriptors)
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
        api_key=f"[Bb]earer {KEY_PATTERN}",
        api_key_id=API_KEY_ID,
        tenant=tenant_expression(settings.oidc_issuers),
        kind=kind_expression(settings.oidc_issuers),
        origins=origin_patterns(settings),
        replies=REPLIES,
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
    _replace(directory / KEYS, _key_set(settings), mode=0o600)
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
    # JSON is YAML: a value written so can neither break out of its place nor change its type.
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
    """The secret, and the previous one if there is one, as a JSON Web Key Set.

    The key is the raw bytes of the secret's text, as the services use it. `alg` is pinned,
    else a token of another HMAC algorithm with the same secret would pass.
    """
    keys = [
        base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
        for each in (settings.jwt_secret, settings.jwt_secret_previous)
        if (secret := each.get_secret_value())
    ]
    algorithm = settings.jwt_algorithm
    jwks = [{"kty": "oct", "alg": algorithm, "k": key} for key in keys]
    return json.dumps({"keys": jwks}).encode()


def _replace(path: Path, content: bytes, *, mode: int) -> None:
    """Writes a file so that a reader sees the old or the new one, and never a readable secret."""
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
