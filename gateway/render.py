"""Writes the gateway's configuration: everything in it comes from the settings and the protos."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jinja2

from gateway.bodies import lua_tables
from gateway.limits import Limits
from gateway.origins import origin_patterns
from gateway.replies import REPLIES
from gateway.routes import ANY_SERVICE, DESCRIPTORS, read_rpcs, transcoded_services
from services.common.errors import HTTP_STATUS_KEY
from services.common.rpc.access import LEEWAY_SECONDS
from services.common.rpc.message_limits import MAX_BODY_BYTES
from services.common.settings import Port, Service, Settings

__all__ = ["CONFIGURATION", "KEYS", "write_configuration"]

TEMPLATE: Final = Path(__file__).with_name("envoy.yaml.j2")
BODIES: Final = Path(__file__).with_name("bodies.lua")
CONFIGURATION: Final = "envoy.yaml"
KEYS: Final = "jwks.json"

NATIVE_GRPC: Final = (
    "request.headers['content-type'].matches('^application/grpc($|[+;])')"
    " && !('x-envoy-original-path' in request.headers)"
)
"""Holds for a caller who speaks gRPC; the transcoder makes every request look like one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service listens."""

    host: str
    port: int


def write_configuration(
    settings: Settings,
    directory: Path,
    *,
    host: str = "127.0.0.1",
    limits: Limits | None = None,
    descriptors: Path = DESCRIPTORS,
) -> Path:
    """Writes all that Envoy needs into `directory`, and returns the path of its configuration.

    `host` is the address that the gateway listens on, `0.0.0.0` in a container; the admin
    interface always stays on the loopback. The files name each other by absolute paths.
    The secret is only in the key file, which its owner alone may read. Raises ValueError
    for settings that cannot be meant: an address without a port, an origin that is none.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    rpcs = read_rpcs(descriptors)
    endpoints = {service: _endpoint(settings, service) for service in Service}
    text = _template().render(
        listen=Endpoint(host, settings.port(Port.GATEWAY)),
        admin=Endpoint("127.0.0.1", settings.port(Port.GATEWAY_ADMIN)),
        settings=settings,
        limits=limits or Limits(),
        default_body_bytes=MAX_BODY_BYTES,
        leeway_seconds=LEEWAY_SECONDS,
        status_header=HTTP_STATUS_KEY,
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
    )
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


def _key_set(settings: Settings) -> bytes:
    """The secret as a JSON Web Key Set.

    The key is the raw bytes of the secret's text, as the services use it. `alg` is pinned,
    else a token of another HMAC algorithm with the same secret would pass.
    """
    secret = settings.jwt_secret.get_secret_value().encode()
    key = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    return json.dumps({"keys": [{"kty": "oct", "alg": settings.jwt_algorithm, "k": key}]}).encode()


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
