"""Public linters accept the OpenAPI document, and public generators make clients from it."""

import compileall
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.documents import OPENAPI
from tests.openapi.tools import CONFIGURATION, ENVIRONMENT, node_program, python_program, run


def redocly(document: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return run(
        node_program("redocly"), "lint", "--config", CONFIGURATION / "redocly.yaml", document,
        folder=folder,
    )  # fmt: skip  # a table


def spectral(document: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return run(
        node_program("spectral"), "lint", "--ruleset", CONFIGURATION / ".spectral.yaml",
        "--fail-severity", "hint", document,
        folder=folder,
    )  # fmt: skip  # a table


@pytest.mark.parametrize("lint", [redocly, spectral])
def test_the_linters_have_nothing_to_say(lint: object, tmp_path: Path) -> None:
    assert callable(lint)
    found = lint(OPENAPI, tmp_path)
    assert found.returncode == 0, found.stdout
    assert "warning" not in found.stdout.lower()


@pytest.mark.parametrize("lint", [redocly, spectral])
def test_the_linters_find_what_is_wrong(lint: object, tmp_path: Path) -> None:
    assert callable(lint)
    document = json.loads(OPENAPI.read_text())
    del document["paths"]["/api/health"]["get"]["operationId"]
    broken = tmp_path / "openapi.json"
    broken.write_text(json.dumps(document))
    found = lint(broken, tmp_path)
    assert found.returncode != 0
    assert "operationId" in found.stdout


def test_no_rule_of_the_linters_is_turned_off() -> None:
    settings = {
        name: (CONFIGURATION / name).read_text() for name in ("redocly.yaml", ".spectral.yaml")
    }
    assert settings == {
        "redocly.yaml": "extends: [recommended-strict]\ntelemetry: off\n",
        ".spectral.yaml": "extends: [spectral:oas]\n",
    }


def test_the_lock_of_the_linters_has_hashes_and_no_addresses() -> None:
    lock = json.loads((CONFIGURATION / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, one in packages.items() if "integrity" not in one] == []
    assert [name for name, one in packages.items() if "resolved" in one] == []


def test_a_python_client_is_generated_without_a_warning(tmp_path: Path) -> None:
    made = run(
        python_program("openapi-python-client"), "generate", "--path", OPENAPI,
        "--output-path", tmp_path / "client", "--meta", "none",
        folder=tmp_path,
    )  # fmt: skip  # a table
    assert made.returncode == 0, made.stdout
    assert "warning" not in made.stdout.lower(), made.stdout
    assert (tmp_path / "client" / "api" / "deployment" / "create_deployment.py").exists()
    assert compileall.compile_dir(tmp_path / "client", quiet=1)


def test_a_typescript_client_is_generated_and_its_types_are_right(tmp_path: Path) -> None:
    made = run(
        node_program("openapi-typescript"), OPENAPI, "--output", tmp_path / "schema.d.ts",
        folder=tmp_path,
    )  # fmt: skip  # a table
    assert made.returncode == 0, made.stdout
    assert "warn" not in made.stdout.lower(), made.stdout
    shutil.copy(CONFIGURATION / "tour.ts", tmp_path)
    (tmp_path / "node_modules").symlink_to(ENVIRONMENT / "node_modules")
    checked = run(
        node_program("tsc"), "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022",
        "--skipLibCheck", "tour.ts",
        folder=tmp_path,
    )  # fmt: skip  # a table
    assert checked.returncode == 0, checked.stdout
