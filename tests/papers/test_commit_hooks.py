"""The commit hooks run the steps of `make lint`, from this checkout only."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[2]
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / ".pre-commit-config.yaml").read_text())


def _steps_of_lint() -> list[str]:
    """The commands of `make lint`, without those that would install something first."""
    asked = ["make", "--no-print-directory", "--dry-run", "lint"]
    told = subprocess.run(asked, cwd=FOLDER, check=True, capture_output=True, text=True).stdout
    lines = [line.strip() for line in told.splitlines()]
    return lines[lines.index(next(line for line in lines if "ruff format" in line)) :]


def test_the_hooks_run_what_make_lint_runs() -> None:
    hooks = [hook for repo in CONFIG["repos"] for hook in repo["hooks"]]

    assert [hook["entry"] for hook in hooks] == _steps_of_lint()


def test_no_hook_is_fetched_from_anywhere() -> None:
    assert [repo["repo"] for repo in CONFIG["repos"]] == ["local"]
    for hook in CONFIG["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert "additional_dependencies" not in hook


def test_a_hook_looks_at_the_whole_tree_as_lint_does() -> None:
    assert {hook["pass_filenames"] for hook in CONFIG["repos"][0]["hooks"]} == {False}
