"""What the programs read from the environment, each with a default for the local mode.

Every address and secret of the system is declared here and nowhere else. The
defaults make the local mode run; `production` refuses every default secret.
"""

import os
from enum import IntEnum, StrEnum
from typing import Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["DEVELOPMENT_SECRETS", "Port", "Service", "Settings"]

DEVELOPMENT_SECRETS = {
    "jwt": "arcadia-development-jwt-secret-not-for-production-0123456789abcdef",
    "internal": "arcadia-development-internal-secret-not-for-production-0123456789",
    "ar": "arcadia-development-ar-secret-not-for-production-0123456789abcdef",
    "database": "arcadia-development",
}
"""The secrets of the local mode, known to everybody who can read this file."""


class Service(StrEnum):
    """The four services, named as their databases and roles are."""

    INVENTORY = "inventory"
    BILLING = "billing"
    CATALOG = "catalog"
    ANALYTICS = "analytics"


class Port(IntEnum):
    """The ports of the local mode, before `ARCADIA_PORT_OFFSET` is added."""

    POSTGRES = 5433
    GATEWAY = 4005
    GATEWAY_ADMIN = 9901
    TEMPORAL = 7233
    TEMPORAL_UI = 8233
    INVENTORY = 50051
    BILLING = 50052
    CATALOG = 50053
    ANALYTICS = 50054
    SIMULATOR = 8025


def _variable(name: str) -> AliasChoices:
    return AliasChoices(name)


class Settings(BaseSettings):
    """The environment, read once where a process is wired and passed on from there."""

    model_config = SettingsConfigDict(
        env_prefix="ARCADIA_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    env: Literal["development", "production"] = "development"
    port_offset: int = Field(default=0, ge=0, le=10_000)
    data_dir: str = ".arcadia"
    http_port: int = Field(default=0, ge=0, le=65_535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    jwt_secret: SecretStr = SecretStr(DEVELOPMENT_SECRETS["jwt"])
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = "HS512"
    jwt_issuer: str = ""
    jwt_audience: str = ""
    internal_secret: SecretStr = SecretStr(DEVELOPMENT_SECRETS["internal"])
    cors_origins: str = ""

    inventory_address: str = ""
    billing_address: str = ""
    catalog_address: str = ""
    analytics_address: str = ""

    inventory_database_url: SecretStr = SecretStr("")
    billing_database_url: SecretStr = SecretStr("")
    catalog_database_url: SecretStr = SecretStr("")
    analytics_database_url: SecretStr = SecretStr("")
    database_admin_url: SecretStr = SecretStr("")
    """A superuser's URL; `arcadia migrate` alone uses it, to make roles and databases."""

    temporal_address: str = Field(default="", validation_alias=_variable("TEMPORAL_ADDRESS"))
    temporal_namespace: str = Field(
        default="default", validation_alias=_variable("TEMPORAL_NAMESPACE")
    )

    do_api_url: str = Field(default="", validation_alias=_variable("DO_API_URL"))
    do_api_token: SecretStr = Field(
        default=SecretStr(""), validation_alias=_variable("DO_API_TOKEN")
    )
    internal_project: str = "skyai-internal"

    ar_url: str = ""
    ar_secret: SecretStr = SecretStr(DEVELOPMENT_SECRETS["ar"])

    otel_endpoint: str = Field(
        default="", validation_alias=_variable("OTEL_EXPORTER_OTLP_ENDPOINT")
    )

    @model_validator(mode="after")
    def _production_refuses_default_secrets(self) -> Self:
        if self.env != "production":
            return self
        known = set(DEVELOPMENT_SECRETS.values())
        for name in ("jwt_secret", "internal_secret", "ar_secret"):
            if getattr(self, name).get_secret_value() in known:
                raise ValueError(
                    f"ARCADIA_{name.upper()}: the development secret is refused in production"
                )
        for service in Service:
            url = getattr(self, f"{service}_database_url").get_secret_value()
            if url and DEVELOPMENT_SECRETS["database"] in url:
                raise ValueError(
                    f"ARCADIA_{service.upper()}_DATABASE_URL: "
                    "the development password is refused in production"
                )
        return self

    def port(self, port: Port) -> int:
        """The port of a part in the local mode, with the offset added."""
        if port is Port.GATEWAY and self.http_port:
            return self.http_port
        return port + self.port_offset

    def address(self, service: Service) -> str:
        """`host:port` where a service listens and where its callers find it."""
        configured: str = getattr(self, f"{service}_address")
        return configured or f"127.0.0.1:{self.port(Port[service.name])}"

    def database_url(self, service: Service) -> str:
        """The URL of a service's own database, for the role that owns no table.

        Raises ValueError in production when it is not configured.
        """
        configured: str = getattr(self, f"{service}_database_url").get_secret_value()
        if not configured and self.env == "production":
            raise ValueError(f"ARCADIA_{service.upper()}_DATABASE_URL is required in production")
        return configured or self._local_database_url(service, service)

    def admin_url(self) -> str:
        """The URL by which roles and databases are made and migrations run."""
        return self.database_admin_url.get_secret_value() or self._local_database_url(
            "postgres", "postgres"
        )

    def _local_database_url(self, role: str, database: str) -> str:
        password = DEVELOPMENT_SECRETS["database"]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port(Port.POSTGRES)}/{database}"

    def temporal(self) -> str:
        """`host:port` of the Temporal frontend."""
        return self.temporal_address or f"127.0.0.1:{self.port(Port.TEMPORAL)}"

    def provider_url(self) -> str:
        """The DigitalOcean API: the real one when there is a token, else the simulator."""
        if self.do_api_url:
            return self.do_api_url
        if self.provider_token("default"):
            return "https://api.digitalocean.com"
        return f"http://127.0.0.1:{self.port(Port.SIMULATOR)}"

    def provider_token(self, purpose: str) -> str:
        """The token for a purpose: `DO_API_TOKEN_<PURPOSE>`, else `DO_API_TOKEN`, else empty."""
        variable = f"DO_API_TOKEN_{purpose.upper().replace('-', '_')}"
        return os.environ.get(variable, "") or self.do_api_token.get_secret_value()
