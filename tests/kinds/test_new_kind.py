"""`make new-kind` lays out a kind whose test lists the remaining steps."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.new_kind import InvalidName, lay_out

FOLDER = Path(__file__).resolve().parents[2]
COPIED = ("kinds", "contracts", "providers", "services", "tests/support", "tests/kinds", "protos")
NAME = "cloud_desktop"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The part of this checkout that a kind is made of."""
    for name in COPIED:
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(FOLDER / name, tmp_path / name, ignore=without)
    shutil.copy(FOLDER / "pyproject.toml", tmp_path)
    (tmp_path / "docs").mkdir()
    shutil.copy(FOLDER / "docs/kinds.md", tmp_path / "docs")
    return tmp_path


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(root), str(root / "protos/gen")])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def own_test(root: Path) -> subprocess.CompletedProcess[str]:
    test = f"tests/kinds/test_{NAME}.py"
    return run(root, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", test)


def say(path: Path, after: str, more: str) -> None:
    text = path.read_text()
    assert text.count(after) == 1, f"{after} is not once in {path}"
    path.write_text(text.replace(after, after + more))


def test_the_new_kinds_own_test_fails_with_what_is_left_and_then_passes(copy: Path) -> None:
    lay_out(NAME, copy)

    laid_out = own_test(copy)
    assert "kinds/__init__.py: import the declaration" in laid_out.stdout
    assert laid_out.returncode == 1

    say(
        copy / "kinds/__init__.py",
        "from kinds.app import APP\n",
        "from kinds.cloud_desktop import CLOUD_DESKTOP\n",
    )
    say(copy / "kinds/__init__.py", "            ALERT_POLICY,\n", "            CLOUD_DESKTOP,\n")
    declared = own_test(copy)
    for place in (
        "providers/digitalocean/simulator/kinds.py",
        "docs/kinds.md",
    ):
        assert place in declared.stdout
    assert declared.returncode == 1

    simulator = copy / "providers/digitalocean/simulator"
    say(
        simulator / "kinds.py",
        "\nKINDS = (\n",
        '    Kind("cloud_desktop"),\n',
    )
    assert run(copy, "-m", "kinds.document").returncode == 0

    known = own_test(copy)
    assert known.returncode == 0, known.stdout

    (copy / f"tests/kinds/test_{NAME}.py").unlink()
    without = run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest",
        f"tests/kinds/test_known_everywhere.py::test_a_kind_is_known_everywhere[{NAME}]",
    )  # fmt: skip
    assert without.returncode == 1
    assert f"tests/kinds/test_{NAME}.py: test which fields of a row are kept" in without.stdout


@pytest.mark.parametrize("name", ["", "BareMetal", "bare-metal", "../bare", "bare__metal"])
def test_an_invalid_name_writes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidName, match="lower-case words"):
        lay_out(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_an_existing_kind_is_not_changed(copy: Path) -> None:
    before = (copy / "kinds/volume.py").read_text()

    with pytest.raises(InvalidName, match=r"kinds/volume\.py exists already"):
        lay_out("volume", copy)

    assert (copy / "kinds/volume.py").read_text() == before
