"""The settings from the environment, with defaults for the local system.

All addresses and secrets are declared here. The defaults are for the local system; `production`
rejects every default secret.
"""

import os
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.identity.issuers import OidcIssuer

__all__ = ["DEVELOPMENT_SECRETS", "LARGEST_OFFSET", "OFFSET_STEP", "Port", "Service", "Settings"]

DEVELOPMENT_SECRETS = {
    "jwt": "arcadia-development-jwt-secret-not-for-production-0123456789abcdef",
    "internal": "arcadia-development-internal-secret-not-for-production-0123456789",
    "ar": "arcadia-development-ar-secret-not-for-production-0123456789abcdef",
    "database": "arcadia-development",
}
"""The secrets of the local system, which are public."""

SHORTEST_SECRET: Final = 32
"""Minimum bytes of a secret in production; longer hashes require more."""


class Service(StrEnum):
    """The four services, whose databases and roles have the same names."""

    INVENTORY = "inventory"
    BILLING = "billing"
    CATALOG = "catalog"
    ANALYTICS = "analytics"


class Port(IntEnum):
    """The ports of the local system without an offset, all below 32768.

    From 32768 on, Linux assigns ports to outgoing connections, which could collide.
    """

    POSTGRES = 5433
    GATEWAY = 4005
    GATEWAY_ADMIN = 9901
    TEMPORAL = 7233
    TEMPORAL_UI = 8233
    INVENTORY = 4051
    BILLING = 4052
    CATALOG = 4053
    ANALYTICS = 4054
    SIMULATOR = 8025

    def at(self, offset: int) -> int:
        """The port with an `ARCADIA_PORT_OFFSET`.

        Two copies never share a port at different multiples of 100 up to `LARGEST_OFFSET`. 5433,
        7233 and 8233 differ by multiples of 100, so PostgreSQL and Temporal use 5434 and 7235 plus
        the offset.
        """
        return self + offset + (_NEIGHBOUR.get(self, 0) if offset else 0)


_NEIGHBOUR: Final = {Port.POSTGRES: 1, Port.TEMPORAL: 2}
"""Added to the offset, so that all ports differ in their last two digits."""

OFFSET_STEP: Final = 100
LARGEST_OFFSET: Final = 20_000
"""With it, the highest port, 9901, is still below those of outgoing connections."""


def _variable(name: str) -> AliasChoices:
    return AliasChoices(name)


class Settings(BaseSettings):
    """The settings, read once at the start of a process and passed on."""

    model_config = SettingsConfigDict(
        env_prefix="ARCADIA_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        # Otherwise an error would show the whole input, including secrets.
        hide_input_in_errors=True,
    )

    env: Literal["development", "production"] = "development"
    port_offset: int = Field(default=0, ge=0, le=LARGEST_OFFSET)
    data_dir: str = ".arcadia"
    http_port: int = Field(default=0, ge=0, le=65_535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    jwt_secret: SecretStr = SecretStr(DEVELOPMENT_SECRETS["jwt"])
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = "HS512"
    jwt_secret_previous: SecretStr = SecretStr("")
    """Also accepted during a rotation; never used for signing."""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    """Both are required in production."""
    jwt_max_days: int = Field(default=31, ge=1, le=366)
    """Maximum days until a token expires."""
    oidc_issuers: tuple[OidcIssuer, ...] = ()
    """Issuers whose tokens are accepted besides those of the shared secret: a JSON list."""
    internal_secret: SecretStr = SecretStr(DEVELOPMENT_SECRETS["internal"])
    internal_secret_previous: SecretStr = SecretStr("")
    """Also accepted during a rotation; never used for signing."""
    usage_reporter_secret: SecretStr = SecretStr("")
    """Signs the service tokens of a program that reports usage; empty for none."""
    tenant_roles: Literal["", "enforce"] = ""
    """`enforce`: a tenant's writes need the role `admin`.

    Otherwise every tenant token may write.
    """
    token: SecretStr = SecretStr("")
    """The command line's API key or token; if empty, it mints one in development."""
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
    """A superuser's URL, used only by `arcadia migrate` to create roles and databases."""

    temporal_address: str = Field(default="", validation_alias=_variable("TEMPORAL_ADDRESS"))
    temporal_namespace: str = Field(
        default="default", validation_alias=_variable("TEMPORAL_NAMESPACE")
    )

    release: str = ""
    """The release name in Temporal; if empty, the distribution's version."""
    worker_versioning: bool = False
    """Whether runs stay with the workers of their release; operators then switch releases."""

    temporal_ui_url: str = ""
    """The URL of the Temporal UI, for links in responses."""

    do_api_url: str = Field(default="", validation_alias=_variable("DO_API_URL"))
    do_api_token: SecretStr = Field(
        default=SecretStr(""), validation_alias=_variable("DO_API_TOKEN")
    )
    internal_project: str = "skyai-internal"

    spaces_access_key_id: str = Field(
        default="", validation_alias=_variable("SPACES_ACCESS_KEY_ID")
    )
    """Without it, only buckets listed in projects are known."""
    spaces_secret_access_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=_variable("SPACES_SECRET_ACCESS_KEY")
    )
    spaces_endpoint: str = Field(
        default="https://{region}.digitaloceanspaces.com",
        validation_alias=_variable("SPACES_ENDPOINT"),
    )
    spaces_regions: str = Field(
        default="ams3 atl1 blr1 fra1 lon1 nyc3 ric1 sfo2 sfo3 sgp1 syd1 tor1",
        validation_alias=_variable("SPACES_REGIONS"),
    )
    """Regions to search for buckets, separated by spaces."""

    margin_floor_percent: Decimal = Field(default=Decimal(30), ge=0, lt=100, decimal_places=4)
    """Margin in percent under which a quote is reported as below the floor."""

    trial_days: int = Field(default=30, ge=1, le=365)
    """Maximum days of a trial that a tenant starts; operators are not limited."""

    migration_notice_days: int = Field(default=30, ge=0, le=365)
    """Minimum days from the notice of a migration of subscriptions to its effective day."""

    notice_url: str = ""
    """URL for tenants' notices, signed like invoices; empty for none."""
    ar_url: str = ""
    ar_secret: SecretStr = SecretStr(DEVELOPMENT_SECRETS["ar"])

    issuer_name: str = ""
    """Issuer on every invoice; without a name, production issues none."""
    issuer_abn: str = ""
    issuer_address: str = ""
    """Its lines, separated by `|`."""
    issuer_email: str = ""
    payment_instructions: str = ""
    """Payment instructions printed on invoices; lines are separated by `|`."""
    payment_days: int = Field(default=14, ge=0, le=365)
    """Days from issue until an invoice is due."""
    suspend_after_days: int = Field(default=14, ge=0, le=365)
    """Days from past due until a deployment is suspended."""
    past_due_notice_days: int = Field(default=3, ge=0, le=60)
    """Days before an invoice is past due when its tenant is notified; 0 for no notice."""
    suspend_notice_days: int = Field(default=3, ge=0, le=365)
    """Days before a suspension when its tenant is notified; at most the days until suspension."""
    cap_notice_minutes: int = Field(default=60, ge=0, le=7 * 24 * 60)
    """Minutes before a reached cap pauses deployments when the tenant is notified."""
    tax_region: str = "AU"
    """The tax region of tenants without a billing profile."""
    document_processes: int = Field(default=2, ge=1, le=64)
    """Maximum concurrent renderings of documents per process, for all tenants."""
    document_seconds: int = Field(default=30, ge=1, le=600)
    """Timeout of rendering a document."""
    invoice_approval: bool = False
    """Whether an operator must approve a roll-up before it issues anything."""

    otel_endpoint: str = Field(
        default="", validation_alias=_variable("OTEL_EXPORTER_OTLP_ENDPOINT")
    )

    @model_validator(mode="after")
    def _refuse_an_unclear_environment(self) -> Self:
        # Empty means unset elsewhere; here it would silently mean development.
        if os.environ.get("ARCADIA_ENV") == "":
            raise ValueError("ARCADIA_ENV is empty: set it to development or production")
        return self

    @model_validator(mode="after")
    def _production_refuses_weak_secrets(self) -> Self:
        if self.env != "production":
            return self
        secrets = {
            name: getattr(self, name).get_secret_value().strip()
            for name in ("jwt_secret", "internal_secret", "ar_secret")
        }
        for name in ("jwt_secret_previous", "internal_secret_previous", "usage_reporter_secret"):
            if secret := getattr(self, name).get_secret_value().strip():
                secrets[name] = secret
        for name, secret in secrets.items():
            if secret in DEVELOPMENT_SECRETS.values():
                raise ValueError(f"ARCADIA_{name.upper()}: production rejects the default secret")
            if len(secret.encode()) < SHORTEST_SECRET:
                raise ValueError(
                    f"ARCADIA_{name.upper()}: production needs at least {SHORTEST_SECRET} bytes"
                )
        if len(set(secrets.values())) < len(secrets):
            names = ", ".join(f"ARCADIA_{name.upper()}" for name in secrets)
            raise ValueError(f"{names} must differ")
        for name in (*(f"{service}_database_url" for service in Service), "database_admin_url"):
            url = urlsplit(getattr(self, name).get_secret_value())
            if unquote(url.password or "") == DEVELOPMENT_SECRETS["database"]:
                raise ValueError(f"ARCADIA_{name.upper()}: production rejects the default password")
        return self

    @model_validator(mode="after")
    def _issuers_are_clear(self) -> Self:
        named = [issuer.issuer for issuer in self.oidc_issuers] + [self.jwt_issuer]
        names = [issuer.name for issuer in self.oidc_issuers]
        if len(set(named)) < len(named) or len(set(names)) < len(names):
            raise ValueError("ARCADIA_OIDC_ISSUERS: issuers and names must be unique")
        if self.env == "production":
            for name in ("jwt_issuer", "jwt_audience"):
                if not getattr(self, name):
                    raise ValueError(f"ARCADIA_{name.upper()} is required in production")
            for issuer in self.oidc_issuers:
                addresses = (issuer.issuer, issuer.jwks_uri or issuer.issuer)
                if any(urlsplit(address).scheme != "https" for address in addresses):
                    raise ValueError(f"ARCADIA_OIDC_ISSUERS: {issuer.name} must use https")
        return self

    def port(self, port: Port) -> int:
        """The port of a part in the local system, including the offset."""
        if port is Port.GATEWAY and self.http_port:
            return self.http_port
        return port.at(self.port_offset)

    def address(self, service: Service) -> str:
        """`host:port` of a service."""
        configured: str = getattr(self, f"{service}_address")
        return configured or f"127.0.0.1:{self.port(Port[service.name])}"

    def database_url(self, service: Service) -> str:
        """The URL of a service's database, for the role that owns no table.

        Raises ValueError in production when it is not configured.
        """
        configured: str = getattr(self, f"{service}_database_url").get_secret_value()
        if not configured and self.env == "production":
            raise ValueError(f"ARCADIA_{service.upper()}_DATABASE_URL is required in production")
        return configured or self._local_database_url(service, service)

    def admin_url(self) -> str:
        """The URL for creating roles and databases and for migrations.

        Raises ValueError in production when it is not configured.
        """
        configured = self.database_admin_url.get_secret_value()
        if not configured and self.env == "production":
            raise ValueError("ARCADIA_DATABASE_ADMIN_URL is required in production")
        return configured or self._local_database_url("postgres", "postgres")

    def _local_database_url(self, role: str, database: str) -> str:
        password = DEVELOPMENT_SECRETS["database"]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port(Port.POSTGRES)}/{database}"

    def temporal(self) -> str:
        """`host:port` of the Temporal frontend."""
        return self.temporal_address or f"127.0.0.1:{self.port(Port.TEMPORAL)}"

    def temporal_ui(self) -> str:
        """The URL of the Temporal UI without a trailing slash; empty without a UI."""
        if not self.temporal_ui_url and self.env != "production":
            return f"http://localhost:{self.port(Port.TEMPORAL_UI)}"
        return self.temporal_ui_url.rstrip("/")

    def provider_url(self) -> str:
        """The URL of the DigitalOcean API if there is a token, otherwise of the simulator.

        Raises ValueError in production, where there is no simulator.
        """
        if self.do_api_url:
            return self.do_api_url
        if not self.simulated:
            return "https://api.digitalocean.com"
        if self.env == "production":
            raise ValueError("DO_API_TOKEN is required in production")
        return f"http://127.0.0.1:{self.port(Port.SIMULATOR)}"

    @property
    def simulated(self) -> bool:
        """Whether the provider is the simulator: neither a URL nor any token is set."""
        tokens = (value for name, value in os.environ.items() if name.startswith("DO_API_TOKEN"))
        return not (self.do_api_url or self.do_api_token.get_secret_value() or any(tokens))

    def provider_token(self, purpose: str) -> str:
        """The token for a purpose: `DO_API_TOKEN_<PURPOSE>`, else `DO_API_TOKEN`, else empty."""
        variable = f"DO_API_TOKEN_{purpose.upper().replace('-', '_')}"
        return os.environ.get(variable, "") or self.do_api_token.get_secret_value()
