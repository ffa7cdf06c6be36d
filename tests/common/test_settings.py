"""Configuration by environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.common.settings import (
    DEVELOPMENT_SECRETS,
    LARGEST_OFFSET,
    OFFSET_STEP,
    Port,
    Service,
    Settings,
)

SAFE = {
    "ARCADIA_ENV": "production",
    "ARCADIA_JWT_ISSUER": "arcadia_app",
    "ARCADIA_JWT_AUDIENCE": "arcadia_cloud",
    "ARCADIA_JWT_SECRET": "j" * 64,
    "ARCADIA_INTERNAL_SECRET": "i" * 64,
    "ARCADIA_AR_SECRET": "a" * 64,
    **{f"ARCADIA_{s.upper()}_DATABASE_URL": f"postgresql://{s}:safe@db/{s}" for s in Service},
}


def test_the_defaults_make_the_local_mode_run(clean_environment: pytest.MonkeyPatch) -> None:
    settings = Settings()
    assert settings.port(Port.GATEWAY) == 4005
    assert settings.temporal() == "127.0.0.1:7233"
    assert settings.address(Service.CATALOG) == "127.0.0.1:4053"
    assert settings.database_url(Service.BILLING).endswith("@127.0.0.1:5433/billing")
    assert settings.jwt_algorithm == "HS512"


def test_the_offset_is_added_to_every_port(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("ARCADIA_PORT_OFFSET", "700")
    settings = Settings()
    neighbours = {Port.POSTGRES: 5434, Port.TEMPORAL: 7235}
    for port in Port:
        assert settings.port(port) == neighbours.get(port, port) + 700
    assert settings.temporal() == "127.0.0.1:7935"
    assert ":6134/" in settings.database_url(Service.INVENTORY)
    assert settings.provider_url() == "http://127.0.0.1:8725"
    assert settings.temporal_ui() == "http://localhost:8933"


def test_no_two_copies_share_a_port_at_any_multiple_of_100_up_to_20000() -> None:
    offsets = range(0, LARGEST_OFFSET + 1, OFFSET_STEP)
    assert (OFFSET_STEP, LARGEST_OFFSET) == (100, 20_000)
    holders: dict[int, tuple[int, Port]] = {}
    for offset in offsets:
        settings = Settings(port_offset=offset)
        for port in Port:
            number = settings.port(port)
            assert number not in holders, f"{(offset, port)} meets {holders[number]}"
            holders[number] = (offset, port)
    assert len(holders) == len(offsets) * len(Port)


def test_no_port_is_one_that_the_system_gives_to_outgoing_connections() -> None:
    first_outgoing = 32_768
    assert max(port.at(LARGEST_OFFSET) for port in Port) < first_outgoing
    assert min(Port) > 1_023


def test_an_offset_beyond_the_largest_is_refused(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("ARCADIA_PORT_OFFSET", "20100")
    with pytest.raises(ValidationError, match="less than or equal to 20000"):
        Settings()


def test_the_documented_offset_lets_two_checkouts_run_side_by_side() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    offset = int(readme.partition("ARCADIA_PORT_OFFSET=")[2].partition("`")[0])
    first, second = (
        {settings.port(p) for p in Port} for settings in (Settings(), Settings(port_offset=offset))
    )
    assert first.isdisjoint(second)


@pytest.mark.parametrize("purpose", ["", "_PROVISIONING"])
def test_a_real_token_of_any_purpose_never_goes_to_the_simulator(
    purpose: str, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv(f"DO_API_TOKEN{purpose}", "dop_v1_real")
    assert not Settings().simulated
    assert Settings().provider_url() == "https://api.digitalocean.com"


def test_the_http_port_can_be_given_by_itself(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("ARCADIA_HTTP_PORT", "8080")
    assert Settings().port(Port.GATEWAY) == 8080


def test_production_accepts_secrets_of_its_own(clean_environment: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        clean_environment.setenv(name, value)
    assert Settings().env == "production"


@pytest.mark.parametrize("name", [name for name in SAFE if name != "ARCADIA_ENV"])
def test_production_refuses_every_default_secret_by_name(
    name: str, clean_environment: pytest.MonkeyPatch
) -> None:
    for variable, value in SAFE.items():
        clean_environment.setenv(variable, value)
    clean_environment.delenv(name)
    with pytest.raises(ValueError, match=name):
        [Settings().database_url(service) for service in Service]


def test_production_refuses_a_default_secret_that_was_copied(
    clean_environment: pytest.MonkeyPatch,
) -> None:
    for variable, value in SAFE.items():
        clean_environment.setenv(variable, value)
    clean_environment.setenv("ARCADIA_INTERNAL_SECRET", DEVELOPMENT_SECRETS["internal"])
    with pytest.raises(ValidationError, match="ARCADIA_INTERNAL_SECRET"):
        Settings()


def test_production_refuses_the_password_of_the_local_databases(
    clean_environment: pytest.MonkeyPatch,
) -> None:
    for variable, value in SAFE.items():
        clean_environment.setenv(variable, value)
    url = f"postgresql://billing:{DEVELOPMENT_SECRETS['database']}@db/billing"
    clean_environment.setenv("ARCADIA_BILLING_DATABASE_URL", url)
    with pytest.raises(ValidationError, match="ARCADIA_BILLING_DATABASE_URL"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ARCADIA_JWT_SECRET", DEVELOPMENT_SECRETS["jwt"] + " ", "ARCADIA_JWT_SECRET"),
        ("ARCADIA_AR_SECRET", "z", "at least 32 bytes"),
        ("ARCADIA_INTERNAL_SECRET", SAFE["ARCADIA_JWT_SECRET"], "must differ"),
        (
            "ARCADIA_BILLING_DATABASE_URL",
            "postgresql://billing:arcadia%2Ddevelopment@db/billing",
            "ARCADIA_BILLING_DATABASE_URL",
        ),
        (
            "ARCADIA_DATABASE_ADMIN_URL",
            "postgresql://postgres:arcadia-development@db/postgres",
            "ARCADIA_DATABASE_ADMIN_URL",
        ),
        ("ARCADIA_ENV", "", "ARCADIA_ENV is empty"),
        ("ARCADIA_JWT_ISSUER", "", "ARCADIA_JWT_ISSUER is required"),
        ("ARCADIA_JWT_AUDIENCE", "", "ARCADIA_JWT_AUDIENCE is required"),
        ("ARCADIA_JWT_SECRET_PREVIOUS", DEVELOPMENT_SECRETS["jwt"], "rejects the default secret"),
        (
            "ARCADIA_OIDC_ISSUERS",
            '[{"name": "x", "issuer": "http://id.test", "audience": "a"}]',
            "x must use https",
        ),
        (
            "ARCADIA_OIDC_ISSUERS",
            '[{"name": "x", "issuer": "https://a", "audience": "a", "jwks_uri": "HTTP://a/k"}]',
            "x must use https",
        ),
    ],
)
def test_production_refuses_weak_reused_and_disguised_secrets(
    name: str, value: str, said: str, clean_environment: pytest.MonkeyPatch
) -> None:
    for variable, safe in SAFE.items():
        clean_environment.setenv(variable, safe)
    clean_environment.setenv(name, value)
    with pytest.raises(ValidationError, match=said) as refused:
        Settings()
    assert "input_value" not in str(refused.value)


def test_production_has_no_simulator_and_no_default_administrator(
    clean_environment: pytest.MonkeyPatch,
) -> None:
    for variable, safe in SAFE.items():
        clean_environment.setenv(variable, safe)
    with pytest.raises(ValueError, match="DO_API_TOKEN"):
        Settings().provider_url()
    with pytest.raises(ValueError, match="ARCADIA_DATABASE_ADMIN_URL"):
        Settings().admin_url()


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = Settings(jwt_secret="s3cret" * 20)
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_the_simulator_is_used_unless_there_is_a_token(
    clean_environment: pytest.MonkeyPatch,
) -> None:
    assert Settings().provider_url() == "http://127.0.0.1:8025"
    clean_environment.setenv("DO_API_TOKEN", "dop_v1_x")
    assert Settings().provider_url() == "https://api.digitalocean.com"
    clean_environment.setenv("DO_API_URL", "http://127.0.0.1:1")
    assert Settings().provider_url() == "http://127.0.0.1:1"


def test_a_purpose_has_its_own_token_or_the_common_one(
    clean_environment: pytest.MonkeyPatch,
) -> None:
    clean_environment.setenv("DO_API_TOKEN", "common")
    clean_environment.setenv("DO_API_TOKEN_CLOUD_SYNC_FULL", "own")
    settings = Settings()
    assert settings.provider_token("cloud-sync-full") == "own"
    assert settings.provider_token("provisioning") == "common"
