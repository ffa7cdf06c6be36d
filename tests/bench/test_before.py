"""`make bench` compares with an earlier release: errors without one."""

import subprocess
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import before


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits, as the tree that is measured."""
    tree = tmp_path / "tree"
    git(tmp_path, "init", "--quiet", str(tree))
    for number in (1, 2):
        (tree / "file").write_text(f"release {number}")
        git(tree, "add", "file")
        git(tree, "commit", "--quiet", "-m", f"Release {number}")
    monkeypatch.setattr(before, "TREE", tree)
    return tree


def git(folder: Path, *arguments: str) -> str:
    author = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    asked = ["git", "-C", str(folder), *author, *arguments]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout


def test_the_earlier_release_is_taken_from_the_history_and_removed(repository: Path) -> None:
    with before.release("HEAD~1") as tree:
        assert (tree / "file").read_text() == "release 1"
    assert not tree.exists()
    assert (repository / "file").read_text() == "release 2"


def test_a_commit_that_does_not_exist_is_named(repository: Path) -> None:
    with (
        pytest.raises(before.NoSuchRelease, match="has no commit 149d988"),
        before.release("149d988"),
    ):
        pass


def test_a_shallow_repository_says_how_to_get_the_history(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = git(repository, "rev-parse", "HEAD~1").strip()
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", str(shallow))
    monkeypatch.setattr(before, "TREE", shallow)
    with pytest.raises(before.NoSuchRelease, match="git fetch --unshallow"), before.release(first):
        pass


def test_without_a_repository_there_is_nothing_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before, "TREE", tmp_path)
    with pytest.raises(before.NoSuchRelease, match="not a git repository"), before.release("HEAD"):
        pass


def test_a_missed_comparison_fails_the_run(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["before", "--before", "v0"]) == 1
    assert "has no commit v0" in capsys.readouterr().out


def test_a_bench_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["rollup"])
    assert "unknown benchmark rollup" in capsys.readouterr().err
