"""Secrets are files: created once, kept, and passed to programs as variables."""

import subprocess
from pathlib import Path

from tests.deploy.compose import FOLDER, SERVICES
from tests.deploy.image import Image


def test_existing_secrets_are_kept_and_those_of_other_systems_are_requested(tmp_path: Path) -> None:
    make = str(FOLDER / "deploy" / "make-secrets")
    folder = tmp_path / "secrets"
    first = subprocess.run([make, str(folder)], capture_output=True, text=True, check=False)
    assert first.returncode == 1
    assert "ARCADIA_JWT_SECRET" in first.stderr
    assert "DO_API_TOKEN" in first.stderr
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "ARCADIA_JWT_SECRET").write_text("of arcadia-app")
    (folder / "DO_API_TOKEN").write_text("dop_v1_x")
    second = subprocess.run([make, str(folder)], capture_output=True, text=True, check=False)
    assert (second.returncode, second.stdout) == (0, "")
    after = {path.name: path.read_text() for path in folder.iterdir()}
    assert after.items() >= before.items()
    assert set(after) == {path.name for path in folder.iterdir()} == set(_declared_secrets())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}


def _declared_secrets() -> set[str]:
    return {secret for service in SERVICES.values() for secret in service.get("secrets", ())}


def test_a_program_gets_its_secrets_as_variables(image: Image) -> None:
    secrets = {"DO_API_TOKEN": "a 'b' $c \"d\"", "ARCADIA_JWT_SECRET": "e"}
    result = image.run(["sh", "-c", 'echo "$DO_API_TOKEN|$ARCADIA_JWT_SECRET"'], {}, secrets)
    assert result.stdout == "a 'b' $c \"d\"|e\n"


def test_a_program_does_not_start_with_an_empty_secret(image: Image) -> None:
    result = image.run(["echo", "started"], {}, {"DO_API_TOKEN": ""})
    assert (result.returncode, result.stdout) == (78, "")
    assert "DO_API_TOKEN is empty" in result.stderr


def test_a_program_may_have_no_secrets(image: Image) -> None:
    assert image.run(["echo", "started"]).stdout == "started\n"
