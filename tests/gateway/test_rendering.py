"""The rendered configuration, for the local mode and for production."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from typer.testing import CliRunner

from cli.system.gateway import commands
from gateway.documents import documents
from gateway.limits import Limits
from gateway.origins import origin_patterns
from gateway.render import write_configuration
from gateway.replies import REPLIES
from services.common.settings import Settings
from stack.engines.envoy import validate

PRODUCTION: dict[str, Any] = {
    "env": "production",
    "jwt_secret": "a-secret-of-the-deployment-which-is-long-enough-for-hs512-0123456789",
    "internal_secret": "another-secret-of-the-deployment-0123456789",
    "ar_secret": "a-third-secret-of-the-deployment-0123456789",
    "jwt_issuer": "arcadia_app",
    "jwt_audience": "arcadia_cloud",
    "inventory_address": "inventory:4051",
    "billing_address": "billing:4052",
    "catalog_address": "catalog:4053",
    "analytics_address": "analytics:4054",
}


def rendered(directory: Path, **arguments: Any) -> Any:
    host = arguments.pop("host", "127.0.0.1")
    limits = arguments.pop("limits", None)
    path = write_configuration(
        Settings.model_validate(arguments), directory, host=host, limits=limits
    )
    return yaml.safe_load(path.read_text())


def endpoints(configuration: Any, cluster: str) -> list[tuple[str, int]]:
    found = next(c for c in configuration["static_resources"]["clusters"] if c["name"] == cluster)
    listed = found["load_assignment"]["endpoints"][0]["lb_endpoints"]
    addresses = [entry["endpoint"]["address"]["socket_address"] for entry in listed]
    return [(address["address"], address["port_value"]) for address in addresses]


@pytest.mark.parametrize("settings", [{}, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_envoy_finds_the_configuration_valid(
    tmp_path: Path, settings: dict[str, Any], algorithm: str
) -> None:
    configured = Settings.model_validate({**settings, "jwt_algorithm": algorithm})
    path = write_configuration(configured, tmp_path)
    assert validate(path) == ""


def test_every_service_and_the_listener_follow_the_settings(tmp_path: Path) -> None:
    configuration = rendered(tmp_path, host="0.0.0.0", **PRODUCTION)
    assert endpoints(configuration, "inventory") == [("inventory", 4051)]
    assert endpoints(configuration, "any_service") == [
        ("inventory", 4051),
        ("billing", 4052),
        ("catalog", 4053),
        ("analytics", 4054),
    ]
    listener = configuration["static_resources"]["listeners"][0]["address"]["socket_address"]
    assert listener == {"address": "0.0.0.0", "port_value": 4005}


def test_the_ports_of_the_local_mode_move_with_the_offset(tmp_path: Path) -> None:
    configuration = rendered(tmp_path, port_offset=400)
    assert endpoints(configuration, "catalog") == [("127.0.0.1", 4453)]
    assert admin_listener(configuration) == {"address": "127.0.0.1", "port_value": 10301}


def test_the_admin_interface_stays_on_the_machine(tmp_path: Path) -> None:
    configuration = rendered(tmp_path, host="0.0.0.0", **PRODUCTION)
    assert configuration["admin"]["address"] == {"pipe": {"path": "@arcadia-gateway-admin-9901"}}
    assert admin_listener(configuration) == {"address": "127.0.0.1", "port_value": 9901}


def admin_listener(configuration: Any) -> Any:
    listeners = configuration["static_resources"]["listeners"]
    [found] = [listener for listener in listeners if listener["name"] == "admin"]
    return found["address"]["socket_address"]


def test_the_key_is_the_raw_secret_with_its_algorithm_pinned_and_for_its_owner_only(
    tmp_path: Path,
) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text("left over")
    keys.chmod(0o644)
    settings = Settings(jwt_secret=SecretStr("ü" * 40), jwt_algorithm="HS384")
    write_configuration(settings, tmp_path)
    key = json.loads(keys.read_text())["keys"][0]
    assert key["alg"] == "HS384"
    assert base64.urlsafe_b64decode(key["k"] + "==") == ("ü" * 40).encode()
    assert keys.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "proof.json").stat().st_mode & 0o777 == 0o600


def test_writing_again_leaves_the_same_files(tmp_path: Path) -> None:
    contents = []
    for _ in range(2):
        write_configuration(Settings(), tmp_path)
        contents.append({path.name: path.read_bytes() for path in tmp_path.iterdir()})
    assert contents[0] == contents[1]
    served = {each.file_name for each in documents()}
    assert set(contents[0]) == {"envoy.yaml", "jwks.json", "proof.json", "arcadia.binpb"} | {
        f"{name}{ending}" for name in served for ending in ("", ".gz")
    }


def test_an_address_without_a_port_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ARCADIA_BILLING_ADDRESS"):
        write_configuration(Settings(billing_address="billing"), tmp_path)


def test_a_value_cannot_break_out_of_its_place(tmp_path: Path) -> None:
    odd = 'x", forward: false} # \n- {{ 7 }} %REQ(authorization)%'
    configuration = rendered(tmp_path, jwt_issuer=odd, jwt_audience=odd)
    manager = configuration["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
    filters = {one["name"]: one for one in manager["typed_config"]["http_filters"]}
    authn = filters["envoy.filters.http.jwt_authn"]["typed_config"]
    assert authn["providers"]["users"]["issuer"] == odd
    assert authn["providers"]["users"]["audiences"] == [odd]


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCADIA_GATEWAY_CALLER_BURST", "7")
    assert Limits().caller_burst == 7


def test_every_limit_and_reason_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    named = [f"ARCADIA_GATEWAY_{name.upper()}" for name in Limits.model_fields]
    reasons = {reply.reason for reply in REPLIES}
    assert not [name for name in [*named, *reasons] if f"`{name}`" not in page]


def test_listed_origins_take_the_place_of_the_defaults() -> None:
    settings = Settings(cors_origins="https://app.example.com, https://*.example.org:8443")
    assert origin_patterns(settings) == (
        r"https://app\.example\.com",
        r"https://([a-z0-9-]+\.)+example\.org:8443",
    )


@pytest.mark.parametrize(
    "origin", ["*", "https://*", "app.example.com", "https://app.example.com/", "https://a.*.b"]
)
def test_an_invalid_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="ARCADIA_CORS_ORIGINS"):
        origin_patterns(Settings(cors_origins=origin))


def test_the_command_renders_and_validates(tmp_path: Path) -> None:
    run = CliRunner()
    written = run.invoke(commands, ["render", str(tmp_path), "--listen", "192.0.2.1"])
    assert written.stdout.strip() == str(tmp_path / "envoy.yaml")
    checked = run.invoke(commands, ["validate"])
    assert (checked.exit_code, checked.stdout.strip()) == (0, "the configuration is valid")


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCADIA_CORS_ORIGINS", "*")
    refused = CliRunner().invoke(commands, ["render", str(tmp_path)])
    assert refused.exit_code == 1
    assert "ARCADIA_CORS_ORIGINS" in refused.stderr
