"""docker-compose.yml sets exactly the variables that our programs read and need."""

import os
import re
from collections.abc import Callable

import grimp
import pytest
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from gateway.limits import Limits
from services.common.settings import Service, Settings
from tests.deploy.compose import FOLDER, OURS, compose

SECRETS = compose()["secrets"]

FOR_ALL = {"ARCADIA_JWT_SECRET", "ARCADIA_INTERNAL_SECRET", "ARCADIA_AR_SECRET"}
"""No program of ours starts in production without a secret of its own for these."""

Production = Callable[[str], Settings]

every_one_of_ours = pytest.mark.parametrize("name", OURS)


def _names(settings: type[BaseSettings]) -> dict[str, str]:
    """The variables of a settings class, by its fields."""
    prefix = settings.model_config["env_prefix"]
    return {
        name: str(field.validation_alias.choices[0])
        if isinstance(field.validation_alias, AliasChoices)
        else f"{prefix}{name}".upper()
        for name, field in settings.model_fields.items()
    }


def _variables(settings: type[BaseSettings]) -> dict[str, FieldInfo]:
    """What a settings class reads, by the name of the variable."""
    names = _names(settings)
    return {names[name]: field for name, field in settings.model_fields.items()}


READ = _variables(Settings) | _variables(Limits)
SECRET = {variable for variable, field in READ.items() if field.annotation is SecretStr}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Production:
    """Makes the environment that a container gives to its program."""

    def enter(name: str) -> Settings:
        for variable in [known for known in os.environ if known in READ]:
            monkeypatch.delenv(variable)
        for variable, value in OURS[name]["environment"].items():
            monkeypatch.setenv(variable, value)
        for secret in OURS[name]["secrets"]:
            monkeypatch.setenv(secret, f"postgresql://role:{secret}@postgres:5432/database")
        return Settings()

    return enter


@every_one_of_ours
def test_every_variable_that_is_given_is_one_that_is_read(name: str) -> None:
    given = {*OURS[name]["environment"], *OURS[name]["secrets"]}
    assert given <= READ.keys()


PROGRAMS = {
    **{str(service): f"services.{service}.__main__" for service in Service},
    "migrate": "services.common.db.migrations",
    "worker": "workflows.worker",
    "gateway-config": "gateway.render",
}
"""The module that a container runs, or that its command runs for it."""


def _read_by(program: str, graph: grimp.ImportGraph) -> set[str]:
    """The variables that are read by name somewhere in a program."""
    modules = {PROGRAMS[program], *graph.find_upstream_modules(PROGRAMS[program])}
    files = (FOLDER / f"{module.replace('.', '/')}.py" for module in modules)
    text = "".join(file.read_text() for file in files if file.is_file())
    fields = set(re.findall(r"\bsettings\.([a-z_]+)\b(?!\()", text))
    return {variable for field, variable in _names(Settings).items() if field in fields}


def test_who_reads_what_is_configured_for_another_is_given_it_too() -> None:
    graph = grimp.build_graph("contracts", "kinds", "services", "providers", "workflows", "gateway")
    configured = {variable for ours in OURS.values() for variable in ours["environment"]}
    for name in OURS:
        read = _read_by(name, graph) & configured
        assert read <= OURS[name]["environment"].keys(), name


@every_one_of_ours
def test_secrets_are_given_as_secrets_and_nothing_else_is(name: str) -> None:
    assert SECRET.isdisjoint(OURS[name]["environment"])
    assert set(OURS[name]["secrets"]) <= SECRET


@every_one_of_ours
def test_a_program_starts_in_production_with_what_it_is_given(
    name: str, production: Production
) -> None:
    settings = production(name)
    assert settings.env == "production"


@pytest.mark.parametrize("service", Service)
def test_a_service_knows_its_own_database_and_no_other(
    service: Service, production: Production
) -> None:
    assert set(OURS[service]["secrets"]) == FOR_ALL | {f"ARCADIA_{service.upper()}_DATABASE_URL"}
    assert production(service).database_url(service)


def test_only_the_migration_is_the_superuser_of_the_databases(production: Production) -> None:
    knowing = {name for name in OURS if "ARCADIA_DATABASE_ADMIN_URL" in OURS[name]["secrets"]}
    assert knowing == {"migrate"}
    settings = production("migrate")
    assert settings.admin_url()
    assert all(settings.database_url(service) for service in Service)


def test_only_the_worker_knows_the_providers_token_and_it_uses_the_real_api(
    production: Production,
) -> None:
    knowing = {name for name in OURS if "DO_API_TOKEN" in OURS[name]["secrets"]}
    assert knowing == {"worker"}
    settings = production("worker")
    assert settings.provider_token("cloud-sync-full")
    assert settings.provider_url() == "https://api.digitalocean.com"
    assert settings.temporal() == "temporal:7233"


@every_one_of_ours
def test_a_service_is_called_by_its_name_and_listens_on_every_network(
    name: str, production: Production
) -> None:
    settings = production(name)
    for service in Service:
        host, _, port = settings.address(service).partition(":")
        assert host == ("0.0.0.0" if name == service else service)
        assert port.isdecimal()


@pytest.mark.parametrize("service", Service)
def test_the_health_of_a_service_is_checked_at_its_address(
    service: Service, production: Production
) -> None:
    asked = OURS[service]["healthcheck"]["test"][-1]
    assert asked.partition(":")[2] == production(service).address(service).partition(":")[2]


def test_a_secret_is_a_file_outside_of_version_control() -> None:
    for name, secret in SECRETS.items():
        assert secret == {"file": f"deploy/secrets/{name}"}
    ignoring = (FOLDER / "deploy" / "secrets" / ".gitignore").read_text().split()
    assert ignoring == ["*", "!.gitignore"]
