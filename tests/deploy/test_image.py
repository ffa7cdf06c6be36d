"""The image has everything that a program needs."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from services.common.settings import Service
from tests.deploy.compose import FOLDER, OURS
from tests.deploy.image import Image

DOCKERFILE = (FOLDER / "deploy" / "Dockerfile").read_text()
IGNORED = (FOLDER / ".dockerignore").read_text()

PACKAGES = ("cli", "contracts", "gateway", "kinds", "providers", "services", "stack", "workflows")
INVOICE = "services/analytics/invoicing/invoices/document"
DATA = {
    "gateway/bodies.lua",
    "gateway/envoy.yaml.j2",
    "gateway/openapi/examples.json",
    "gateway/openapi/page/LICENSE.rapidoc",
    "gateway/openapi/page/index.html",
    "gateway/openapi/page/rapidoc-9.3.8.js.gz",
    "protos/gen/arcadia.binpb",
    "protos/gen/openapi.json",
    "providers/digitalocean/simulator/world/products.yaml",
    "services/catalog/list_prices/declared.yaml",
    "services/catalog/plans/seed.yaml",
    f"{INVOICE}/invoice.html.j2",
    f"{INVOICE}/invoice.typ",
    f"{INVOICE}/fonts/DejaVuSans.ttf",
    f"{INVOICE}/fonts/DejaVuSans-Bold.ttf",
    f"{INVOICE}/fonts/LICENSE",
}
PROCESSES = (*(f"services.{service}.__main__" for service in Service), "workflows.worker")


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    words = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in words]


INSTRUCTIONS = _instructions()
FINAL = INSTRUCTIONS[max(i for i, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM") :]


def _given(name: str) -> list[str]:
    return [rest for found, rest in INSTRUCTIONS if found == name]


def test_the_image_runs_as_the_user_that_the_compose_file_names() -> None:
    (user,) = [rest for name, rest in FINAL if name == "USER"]
    assert {service["user"] for service in OURS.values()} == {user}
    assert user != "0:0"


def test_nothing_is_fetched_but_by_the_package_installer() -> None:
    assert not _given("ADD")
    for line in _given("RUN"):
        assert not re.search(r"\b(curl|wget|git|apt-get)\b", line)


def test_every_package_is_checked_by_its_hash() -> None:
    installs = [
        command
        for line in _given("RUN")
        for command in line.split(" && ")
        if re.search(r"\bpip\b.* install", command)
    ]
    assert len(installs) == 3
    for command in installs:
        ours = "--no-deps --no-index dist/*.whl" in command
        assert ours or "--require-hashes --only-binary :all: -r " in command


def test_both_stages_stand_on_the_same_pinned_python() -> None:
    (base,) = {line.partition(" ")[0] for line in _given("FROM")}
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", base)


def test_the_last_stage_has_only_what_runs() -> None:
    copied = [rest for name, rest in FINAL if name == "COPY"]
    assert [line.split()[-2:] for line in copied] == [
        ["/opt/arcadia", "/opt/arcadia"],
        ["deploy/with-secrets", "/usr/local/bin/with-secrets"],
    ]


def test_only_what_is_copied_is_sent_to_the_build() -> None:
    sources = {
        source
        for line in _given("COPY")
        if not line.startswith("--from")
        for source in [word for word in line.split() if not word.startswith("--")][:-1]
    }
    assert all((FOLDER / source).exists() for source in sources)
    lines = [line for line in IGNORED.splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == sources


def test_no_secret_stands_in_the_image() -> None:
    assert not re.search(r"SECRET|TOKEN|PASSWORD|_URL", DOCKERFILE)


def test_the_build_uses_what_the_project_names_and_the_lock_pins() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())
    build = (FOLDER / "deploy" / "requirements-build.txt").read_text()
    pinned = build[build.index("hatchling==") :]
    (system,) = project["build-system"]["requires"]
    assert pinned.startswith(f"{system} \\\n")
    lock = (FOLDER / "requirements-dev.txt").read_text()
    for block in re.split(r"\n(?=\S)", pinned.strip()):
        assert block in lock


def test_the_wheel_has_every_module_with_the_generated_ones_and_the_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}
    ours = {str(path.relative_to(FOLDER)) for name in PACKAGES for path in _modules(FOLDER / name)}
    generated = FOLDER / "protos" / "gen"
    made = {str(path.relative_to(generated)) for path in _modules(generated / "arcadia")}
    stubs = {name for name in packed if name.startswith("arcadia/") and name.endswith(".pyi")}
    assert packed - stubs == ours | made | DATA


def _modules(folder: Path) -> list[Path]:
    return list(folder.rglob("*.py"))


@pytest.mark.parametrize("module", PROCESSES)
def test_a_process_finds_all_that_it_imports(module: str, image: Image) -> None:
    result = image.run(["python", "-c", f"import {module}; print({module}.__file__)"])
    assert result.returncode == 0, result.stderr
    assert str(image.folder) in result.stdout


@pytest.mark.parametrize("command", ["migrate", "gateway render", "sync", "healthcheck"])
def test_the_commands_of_production_are_there(command: str, image: Image) -> None:
    result = image.run(["arcadia", *command.split(), "--help"])
    assert result.returncode == 0, result.stderr
